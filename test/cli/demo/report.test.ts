import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../../src/activities/store.js';
import { rollBack } from '../../../src/activities/rollback.js';
import { demoReport, phaseOf } from '../../../src/cli/demo/report.js';
import type { PlayedTask } from '../../../src/cli/demo/story-runner.js';
import { demoTable } from '../../../src/cli/demo/table.js';
import { RolloutSettings } from '../../../src/contracts/agent.js';
import { episodeId, taskId } from '../../../src/contracts/ids.js';
import { SYSTEM } from '../../../src/domain/feedback.js';
import type { CandidateId, Scope } from '../../../src/domain/ids.js';
import type { JsonObject } from '../../../src/domain/json.js';
import { createStore } from '../../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  openCandidate,
  passGate,
} from '../../support/store-builders.js';

const scope = aScope('garden');
let database: FreshDatabase;
let store: Store;

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  await deploy(store, scope);
  const kept = await toProbation('c1', 'schema', 40, 'execute_sql');
  const by = { candidate: kept, actor: SYSTEM, detail: {} };
  await store.transition(scope, { ...by, from: ['probation'], to: 'promoted', reason: 'over' });
  const object = { kind: 'candidate', id: kept } as const;
  const noted = { actor: SYSTEM, object, reason: 'columns were renamed', detail: {} };
  await store.note(scope, { ...noted, action: 'drift' });
  await rejectedByEvidence('c2', 'threshold');
  const forced = await toProbation('c3', 'stock', 90, 'operator');
  const given = { actor: SYSTEM, reason: 'alarm' };
  const detail = { automatic: true, stage: 'probation', outcomes: 11 };
  await rollBack(store, { ...scope, candidate: forced, ...given, detail });
});

afterAll(() => database.drop());

async function toProbation(
  name: string,
  key: string,
  at: number,
  principal: string,
): Promise<CandidateId> {
  const source = { channel: 'tool_output', principal, authority: 0.9 } as const;
  const draft = aDraft(key, { sources: [source] });
  const id = await openCandidate(store, scope, `garden.sql-analyst.${name}`, [draft]);
  const version = await closeOnActive(store, scope, id);
  await passGate(store, scope, id);
  await move(scope, id, 'canary', { canary: { candidate: id, version, share: 0.25, seed: 7 } });
  await move(scope, id, 'probation', { active: version, canary: null }, { at });
  return id;
}

async function move(
  { tenant }: Scope,
  candidate: CandidateId,
  to: 'canary' | 'probation',
  change: Parameters<Store['changePointer']>[2],
  detail: JsonObject = {},
): Promise<void> {
  const expected = (await store.pointer(scope))?.number ?? 0;
  await store.transition(
    { ...scope, tenant },
    {
      candidate,
      from: ['passed', 'canary'],
      to,
      actor: SYSTEM,
      reason: to,
      detail,
      pointer: { expected, change },
    },
  );
}

async function rejectedByEvidence(name: string, key: string): Promise<void> {
  const id = await openCandidate(store, scope, `garden.sql-analyst.${name}`, [aDraft(key)]);
  const version = await closeOnActive(store, scope, id);
  const baseline = (await store.pointer(scope))?.active ?? version;
  const by = { candidate: id, actor: SYSTEM, detail: {} };
  await store.transition(scope, { ...by, from: ['open'], to: 'evaluating', reason: 'slot' });
  await store.putGateRecord(scope, {
    candidate: id,
    purpose: 'gate',
    baseline,
    version,
    verdict: 'reject',
    reason: 'futile',
    alpha: 0.005,
    seed: 7,
    summary: { n: 20, logE: -1.45 },
  });
  await store.transition(scope, { ...by, from: ['evaluating'], to: 'rejected', reason: 'futile' });
}

function played(phase: string, learning: number, frozen: number, index: number): PlayedTask {
  const id = `${phase}-${String(index)}`;
  return { phase, area: 'sales', task: taskId(id), episode: episodeId(id), learning, frozen };
}

const PLAYED = [
  ...Array.from({ length: 10 }, (_, index) => played('before', index < 2 ? 1 : 0, 0, index)),
  ...Array.from({ length: 60 }, (_, index) => played('after', 1, index < 6 ? 1 : 0, index)),
];

function report(changes: Partial<Parameters<typeof demoReport>[0]> = {}) {
  return demoReport({
    house: { store, temporalUi: 'http://127.0.0.1:8233' },
    scope,
    seed: 7,
    model: 'simulated',
    rollout: RolloutSettings.parse({}),
    phases: [{ name: 'before' }, { name: 'after' }],
    played: PLAYED,
    poisoned: 9,
    poisoners: ['mallory'],
    dashboard: null,
    startedMs: Date.now() - 2_000,
    ...changes,
  });
}

test('verdicts, promotions, rollbacks and diagnoses are those of the store', async () => {
  const { verdicts, promotions, rollbacks, diagnoses } = await report();

  expect(verdicts).toEqual([
    { candidate: 'c1', verdict: 'pass', reason: 'superior', pairs: 40, logE: 0 },
    { candidate: 'c2', verdict: 'reject', reason: 'futile', pairs: 20, logE: -1.45 },
    { candidate: 'c3', verdict: 'pass', reason: 'superior', pairs: 40, logE: 0 },
  ]);
  expect(promotions).toEqual([
    { candidate: 'c1', at: 40, lessons: 1 },
    { candidate: 'c3', at: 90, lessons: 1 },
  ]);
  expect(rollbacks).toEqual([
    { candidate: 'c3', automatic: true, stage: 'probation', tasksToAlarm: 11 },
  ]);
  expect(diagnoses).toEqual([{ candidate: 'c1', conclusion: 'drift' }]);
});

test('both arms are counted by phase, and when learning was shown to help', async () => {
  const { phases, examplesToLearn, wallSeconds } = await report();

  expect(phases).toEqual([
    { name: 'before', frozen: { n: 10, success: 0 }, learning: { n: 10, success: 2 } },
    { name: 'after', frozen: { n: 60, success: 6 }, learning: { n: 60, success: 60 } },
  ]);
  expect(examplesToLearn).toBeGreaterThan(10);
  expect(examplesToLearn).toBeLessThan(70);
  expect(wallSeconds).toBeGreaterThanOrEqual(2);
});

test('poison is what was offered, and what of it serves', async () => {
  const none = await report();
  const some = await report({ poisoners: ['execute_sql'] });
  const taken = await report({ poisoners: ['operator'] });

  expect(none.poisoned).toEqual({ offered: 9, active: 0 });
  expect(some.poisoned).toEqual({ offered: 9, active: 1 });
  // The candidate of the operator was rolled back: its lesson serves no more.
  expect(taken.poisoned).toEqual({ offered: 9, active: 0 });
});

test('a phase that was not played counts nothing', () => {
  expect(phaseOf('never', PLAYED)).toEqual({
    name: 'never',
    frozen: { n: 0, success: 0 },
    learning: { n: 0, success: 0 },
  });
});

test('people read the same numbers in the table', async () => {
  const table = demoTable(await report());

  expect(table).toContain('after    6/60 10 %   60/60 100 %');
  expect(table).toContain('c1: promoted, 1 lesson\n');
  expect(table).toContain('c2: reject (futile) after 20 pairs, ln E -1.45');
  expect(table).toContain('c3: rolled back by itself in probation, 11 tasks after it began');
  expect(table).toContain('poisonous feedback: 9 offered, 0 active');
});
