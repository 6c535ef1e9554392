import { expect, test } from 'vitest';
import { answersAlike } from '../../../src/bench/intercode/answers-alike.js';
import { comparableSelect } from '../../../src/bench/intercode/comparable.js';
import { openSqlEngine } from '../../../src/bench/intercode/sql-engine.js';
import { libraryOf, needsTaskId } from '../../../src/model/recorded/cast.js';
import { readRecordedTasks, readRuns } from '../../../src/model/recorded/dataset.js';
import { runPipeline } from './offline-pipeline.js';
import { HAS_SHARED_DATA, SHARED_DATA } from './shared-data.js';

const base = {
  dataDir: SHARED_DATA,
  plain: 'gpt-3.5-1t',
  informed: 'gpt-3.5-1t-schema',
  explore: 'gpt-3.5-10t',
  k: 3,
  round: 20,
  seed: 1,
  gate: 'anew',
} as const;

test(`the recordings ${HAS_SHARED_DATA ? 'are there' : 'are NOT there: nothing of them is tested'}`, () => {
  expect(SHARED_DATA).toContain('intercode-sql');
});

test.runIf(HAS_SHARED_DATA)('no two tasks ask the same of the same database', async () => {
  const data = await readRecordedTasks(SHARED_DATA);
  const library = libraryOf(data, new Map());

  expect(data.tasks.filter((task) => needsTaskId(library, task))).toEqual([]);
});

test.runIf(HAS_SHARED_DATA)(
  'at least 92 % of the recorded SELECT steps are answered alike when really run',
  async () => {
    const data = await readRecordedTasks(SHARED_DATA);
    const engine = await openSqlEngine(data.databases);
    const databases = new Map(data.tasks.map(({ taskId, database }) => [taskId, database]));
    let selects = 0;
    let alike = 0;
    for (const config of data.configs) {
      for (const { taskId, steps } of (await readRuns(data, config)).values()) {
        for (const step of steps) {
          const { observation } = step;
          const sql = comparableSelect(step);
          if (sql === undefined) continue;
          const answer = engine.run(databases.get(taskId) ?? '', sql);
          selects += 1;
          alike += answersAlike(answer, observation) ? 1 : 0;
        }
      }
    }
    engine.close();

    expect(selects).toBeGreaterThan(19_000);
    expect(alike / selects).toBeGreaterThan(0.975);
  },
  60_000,
);

test.runIf(HAS_SHARED_DATA)(
  'the loop without workflows closes most of the gap and turns down misplaced schemas',
  async () => {
    const { gap, wrongSchema, firstPromotion } = await runPipeline(base);

    expect(gap.share).toBeGreaterThan(0.75);
    expect(gap.lower).toBeGreaterThan(0.6);
    expect(firstPromotion).toBeLessThan(200);
    expect(wrongSchema.verdict).toBe('reject');
  },
  60_000,
);

test.runIf(HAS_SHARED_DATA)(
  'an agent with ten turns learns from its own episodes without exploration',
  async () => {
    const { gap } = await runPipeline({ ...base, plain: 'gpt-3.5-10t', explore: null });

    expect(gap.lower).toBeGreaterThan(0);
  },
  60_000,
);
