import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { runImport } from '../../src/cli/import/run-import.js';
import { recordedAction } from '../../src/contracts/import/intercode.js';
import { sha256 } from '../../src/contracts/digest.js';
import { agentId, tenantId } from '../../src/contracts/ids.js';
import type { Step } from '../../src/domain/episode.js';
import { type ImportFormat, USER_TURN } from '../../src/domain/imported-run.js';
import { lessonText } from '../../src/domain/lesson.js';
import { createImports } from '../../src/store/imports.js';
import { createQueries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import { readOptions } from '../support/import-lines.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';

const DATA = resolve(import.meta.dirname, '../../../shared/data');
const isThere = existsSync(DATA);
const tenant = tenantId('recorded');

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

async function* rowsOf(path: string): AsyncGenerator {
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
    if (line !== '') yield JSON.parse(line);
  }
}

/** Imports a file of the recorded data and answers what the import said. */
function importFile(format: ImportFormat, name: string) {
  const source = {
    size: null,
    position: () => 0,
    open: () => createReadStream(resolve(DATA, name)),
  };
  const store = createStore(database.pool);
  const target = { tenant, imports: createImports(database.pool), proposals: store };
  const io = { progress: () => ({ update: () => undefined, end: () => undefined }) };
  return runImport(source, { ...readOptions(format), isStrict: false }, target, io);
}

async function stored(runId: string) {
  const queries = createQueries(database.pool);
  const id = await queries.episodeOfRun(tenant, runId);
  if (id === null) throw new Error(`run ${runId} was not imported`);
  const facts = await queries.recordedFacts(tenant, id);
  const episode = await createStore(database.pool).episode(tenant, id);
  if (facts === null || episode === null) throw new Error(`run ${runId} is not whole`);
  return { ...episode, recorded: facts.recorded };
}

const toolSteps = (steps: readonly Step[]) =>
  steps.flatMap((step) => (step.kind === 'tool' && step.tool !== USER_TURN ? [step] : []));

const InterCode = z.object({
  run_id: z.string(),
  task_id: z.string(),
  config: z.string(),
  slices: z.record(z.string(), z.string()),
  success: z.number(),
  reward: z.number(),
  turns: z.number(),
  steps: z.array(z.object({ action: z.string(), observation: z.string() })),
});

const Tau = z.object({
  run_id: z.string(),
  task_id: z.string(),
  success: z.number(),
  reward: z.number(),
  messages: z.array(
    z.object({ role: z.string(), name: z.string().optional(), content: z.string().nullable() }),
  ),
});

const Memory = z.object({
  dataset: z.string(),
  model: z.string(),
  method: z.string(),
  order: z.number(),
  memory_version: z.string(),
  memory_text: z.string().nullable(),
});

if (!isThere) {
  test('reports that the recorded data was not there', () => {
    process.stderr.write('imports: ../shared/data was not there, nothing was compared with it\n');

    expect(isThere).toBe(false);
  });
} else {
  test('every recorded InterCode run of a configuration is stored as it was recorded', async () => {
    const name = 'intercode-sql/runs/gpt-3.5-react.jsonl';

    const first = await importFile('intercode', name);
    const second = await importFile('intercode', name);

    expect(first).toMatchObject({ added: first.read, skipped: 0, errors: [] });
    expect(second).toMatchObject({ added: 0, skipped: first.read, errors: [] });
    let number = 0;
    for await (const row of rowsOf(resolve(DATA, name))) {
      const run = InterCode.parse(row);
      const found = await stored(run.run_id);
      number += 1;
      expect({
        agent: found.scope.agent,
        number: found.number,
        slices: found.slices,
        taskId: found.recorded.taskId,
        success: found.recorded.success,
        reward: found.recorded.reward,
        turns: found.recorded.turns,
        steps: toolSteps(found.steps).map(({ arguments: action, result }) => ({
          action: recordedAction(action),
          observation: result.content,
        })),
      }).toEqual({
        agent: run.config,
        number,
        slices: run.slices,
        taskId: run.task_id,
        success: run.success === 1,
        reward: run.reward,
        turns: run.turns,
        steps: run.steps,
      });
    }
    expect(number).toBe(first.read);
  });

  test('every recorded tau-bench run is stored with its tool messages in their order', async () => {
    const name = 'tau-airline/runs.jsonl';

    const { added, errors } = await importFile('tau-bench', name);

    expect(errors).toEqual([]);
    let n = 0;
    for await (const row of rowsOf(resolve(DATA, name))) {
      const run = Tau.parse(row);
      const found = await stored(run.run_id);
      n += 1;
      expect({
        success: found.recorded.success,
        reward: found.recorded.reward,
        turns: found.recorded.turns,
        tools: toolSteps(found.steps).map(({ tool, result }) => [tool, result.content]),
      }).toEqual({
        success: run.success === 1,
        reward: run.reward,
        turns: run.messages.filter(({ role }) => role === 'assistant').length,
        tools: run.messages.flatMap((message) =>
          message.role === 'tool' ? [[message.name, message.content]] : [],
        ),
      });
    }
    expect(n).toBe(added);
  });

  test('which memory was active at each item of a stream is answered exactly', async () => {
    const name = 'cheatsheet-memory/versions.jsonl';
    const queries = createQueries(database.pool);
    const store = createStore(database.pool);

    const { added, errors } = await importFile('cheatsheet-memory', name);

    expect(errors).toEqual([]);
    const numbers = new Map<string, number>();
    let text = '';
    let n = 0;
    for await (const row of rowsOf(resolve(DATA, name))) {
      const item = Memory.parse(row);
      text = item.memory_text ?? text;
      const stream = `${item.dataset}/${item.model}/${item.method}`;
      const number = (numbers.get(stream) ?? 0) + 1;
      numbers.set(stream, number);
      n += 1;

      const { scope, recorded } = await stored(`${stream}/${String(item.order)}`);
      const version = await queries.versionAt({ tenant, agent: agentId(scope.agent) }, number);
      const serving = version === null ? [] : await store.lessonsServing(scope, version);

      expect(recorded.memoryVersion).toBe(item.memory_version);
      expect(serving.map(({ body }) => lessonText(body))).toEqual([text]);
      expect(sha256(text).slice(0, 12)).toBe(item.memory_version);
    }
    expect(n).toBe(added);
  });

  test('the versions of a memory descend from each other in the order of the stream', async () => {
    const agent = (await createQueries(database.pool).agents(tenant)).find(({ agent: name }) =>
      name.includes('DynamicCheatsheet'),
    )?.agent;
    if (agent === undefined) throw new Error('no memory was imported');

    const versions = await createQueries(database.pool).versions({ tenant, agent });

    expect(versions.length).toBeGreaterThan(20);
    expect(versions.map(({ parent }) => parent)).toEqual([
      null,
      ...versions.slice(0, -1).map(({ id }) => id),
    ]);
  });
}
