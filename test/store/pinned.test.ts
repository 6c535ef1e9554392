import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { PairRow, Store } from '../../src/activities/store.js';
import { candidateId, episodeId, taskId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import { PINNED_CAP } from '../../src/domain/gate/pinned-set.js';
import type { CandidateId, Scope, VersionId } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  openCandidate,
  passGate,
  playTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
let scope: Scope;
let scopes = 0;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());
beforeEach(async () => {
  scopes += 1;
  scope = aScope(`tenant-${String(scopes)}`);
  await deploy(store, scope);
});

interface Arms {
  readonly baseline: number | null;
  readonly candidate: number | null;
  readonly missing?: 'infrastructure' | 'arm';
  readonly slices?: Readonly<Record<string, string>>;
}

async function aPair(index: number, task: string, arms: Arms): Promise<PairRow> {
  const { slices = { database: 'shop' }, missing = null } = arms;
  await playTask(store, scope, task, { slices });
  const arm = (name: 'baseline' | 'candidate') => ({
    episode: episodeId(`${task}-${name}`),
    score: arms[name],
    category: arms[name] === 1 ? 'ok' : 'wrong-rows',
    missing: arms[name] === null ? missing : null,
  });
  return {
    index,
    task: taskId(task),
    slices,
    topUpFor: null,
    baseline: arm('baseline'),
    candidate: arm('candidate'),
  };
}

/** A candidate with its evidence committed and its gate passed. */
async function passed(
  name: string,
  pairs: readonly PairRow[],
): Promise<{ readonly id: CandidateId; readonly version: VersionId }> {
  const id = await openCandidate(store, scope, `${scope.tenant}.${name}`, [aDraft(name)]);
  const version = await closeOnActive(store, scope, id);
  await store.putPairs(scope.tenant, id, 'gate', pairs);
  await passGate(store, scope, id);
  return { id, version };
}

async function move(
  { id, version }: { readonly id: CandidateId; readonly version: VersionId },
  to: 'canary' | 'probation' | 'rolled-back',
): Promise<void> {
  const pointer = await store.pointer(scope);
  if (pointer === null) throw new Error('deployed');
  const before = await store.candidate(scope.tenant, id);
  const change = {
    canary: { canary: { candidate: id, version, share: 0.5, seed: 1 } },
    probation: { active: version, canary: null },
    'rolled-back': { active: before?.baseline ?? version, canary: null },
  }[to];
  await store.transition(scope, {
    candidate: id,
    from: ['passed', 'canary', 'probation', 'promoted'],
    to,
    actor: SYSTEM,
    reason: 'test',
    detail: {},
    pointer: { expected: pointer.number, change },
  });
}

async function promote(candidate: { readonly id: CandidateId; readonly version: VersionId }) {
  await move(candidate, 'canary');
  await move(candidate, 'probation');
}

async function pinned(candidate = 'nobody'): Promise<readonly string[]> {
  const id = candidateId(`${scope.tenant}.${candidate}`);
  return (await store.pinnedTasks(scope, id)).map(({ task }) => task);
}

test('promotion keeps the pairs that only the candidate won, and no others', async () => {
  const pairs = [
    await aPair(0, 'won', { baseline: 0, candidate: 1 }),
    await aPair(1, 'lost', { baseline: 1, candidate: 0 }),
    await aPair(2, 'both', { baseline: 1, candidate: 1 }),
    await aPair(3, 'neither', { baseline: 0, candidate: 0 }),
    await aPair(4, 'void', { baseline: null, candidate: 1, missing: 'infrastructure' }),
    await aPair(5, 'crashed', { baseline: null, candidate: 1, missing: 'arm' }),
    await aPair(6, 'better-but-bad', { baseline: 0, candidate: 0.4 }),
  ];
  const candidate = await passed('first', pairs);
  await move(candidate, 'canary');
  expect(await pinned()).toEqual([]);

  await move(candidate, 'probation');

  expect(await pinned()).toEqual(['won', 'crashed']);
});

test('a rollback takes back what its own promotion pinned, and leaves the rest', async () => {
  const first = await passed('first', [await aPair(0, 'a', { baseline: 0, candidate: 1 })]);
  await promote(first);
  const second = await passed('second', [
    await aPair(0, 'b', { baseline: 0, candidate: 1 }),
    await aPair(1, 'c', { baseline: 0, candidate: 1 }),
  ]);
  await promote(second);
  expect(await pinned()).toEqual(['a', 'b', 'c']);

  await move(second, 'rolled-back');

  expect(await pinned()).toEqual(['a']);
});

test('a promotion that loses its race pins nothing', async () => {
  const candidate = await passed('first', [await aPair(0, 'a', { baseline: 0, candidate: 1 })]);
  await move(candidate, 'canary');
  const { id, version } = candidate;

  const late = store.transition(scope, {
    candidate: id,
    from: ['canary'],
    to: 'probation',
    actor: SYSTEM,
    reason: 'test',
    detail: {},
    pointer: { expected: 1, change: { active: version, canary: null } },
  });

  await expect(late).rejects.toThrow();
  expect(await pinned()).toEqual([]);
});

test('a stratum keeps its cap, the same cases whatever the order, and the others their own', async () => {
  const easy = { level: 'easy' };
  const pairs: PairRow[] = [];
  for (let index = 0; index < PINNED_CAP + 10; index += 1) {
    pairs.push(
      await aPair(index, `e-${String(index)}`, { baseline: 0, candidate: 1, slices: easy }),
    );
  }
  const hard = await aPair(pairs.length, 'h-1', {
    baseline: 0,
    candidate: 1,
    slices: { level: 'hard' },
  });
  await promote(await passed('first', [...pairs, hard]));
  const before = await pinned();

  await promote(
    await passed('second', [await aPair(0, 'e-new', { baseline: 0, candidate: 1, slices: easy })]),
  );

  expect(before).toHaveLength(PINNED_CAP + 1);
  expect(before).toContain('h-1');
  const after = await pinned();
  expect(after).toHaveLength(PINNED_CAP + 1);
  expect(after.filter((task) => !before.includes(task)).length).toBeLessThanOrEqual(1);
});

test('a case that a candidate was made from does not judge it', async () => {
  await promote(
    await passed('first', [
      await aPair(0, 'a', { baseline: 0, candidate: 1 }),
      await aPair(1, 'b', { baseline: 0, candidate: 1 }),
    ]),
  );
  const evidence = {
    episode: episodeId('e-of-a'),
    task: taskId('a'),
    steps: [0],
    role: 'failure' as const,
    outcome: 0,
    reliability: 1,
  };
  await openCandidate(store, scope, `${scope.tenant}.later`, [
    aDraft('later', { evidence: [evidence] }),
  ]);

  expect(await pinned('later')).toEqual(['b']);
  expect(await pinned()).toEqual(['a', 'b']);
});
