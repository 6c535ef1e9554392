import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Messenger } from '../../src/activities/messenger.js';
import type { CandidateState } from '../../src/domain/candidate.js';
import type { Store } from '../../src/activities/store.js';
import { Governance } from '../../src/client/governance.js';
import { candidateId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  openCandidate,
  passGate,
} from '../support/store-builders.js';

const OLGA = { actor: 'olga', role: 'owner', reason: 'it harms' } as const;

let database: FreshDatabase;
let store: Store;
let governance: Governance;
const settled: CandidateId[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  const messenger: Messenger = {
    wake: () => Promise.resolve(false),
    wakeLearner: () => Promise.resolve(),
    grant: () => Promise.resolve(false),
    startCandidate: () => Promise.resolve(),
    reserve: () => Promise.reject(new Error('nothing is evaluated')),
    reflectOnDrift: () => Promise.resolve([]),
    settle: (_scope, { candidate }) => {
      settled.push(candidate);
      return Promise.resolve({ isArmed: true });
    },
  };
  // Never connected: what has ended is decided without a workflow.
  const temporal = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
  governance = new Governance({ temporal, store, messenger });
});

afterAll(() => database.drop());

async function passed(scope: Scope, key: string): Promise<CandidateId> {
  const name = candidateId(`${scope.tenant}.${key}`);
  const id = await openCandidate(store, scope, name, [aDraft(key)]);
  await closeOnActive(store, scope, id);
  await passGate(store, scope, id);
  return id;
}

async function move(
  scope: Scope,
  candidate: CandidateId,
  to: CandidateState,
  change?: Parameters<Store['changePointer']>[2],
): Promise<void> {
  const number = (await store.pointer(scope))?.number ?? 0;
  const from = ['passed', 'canary', 'probation'] as const;
  const pointer = change === undefined ? {} : { pointer: { expected: number, change } };
  await store.transition(scope, {
    ...{ candidate, from, to, actor: SYSTEM, reason: to, detail: {} },
    ...pointer,
  });
}

async function promoted(scope: Scope, key: string): Promise<CandidateId> {
  const id = await passed(scope, key);
  const version = (await store.candidate(scope.tenant, id))?.version;
  if (version == null) throw new Error('not closed');
  await move(scope, id, 'canary', { canary: { candidate: id, version, share: 0.25, seed: 7 } });
  await move(scope, id, 'probation', { active: version, canary: null });
  await move(scope, id, 'promoted');
  return id;
}

test.each(['approve', 'veto', 'force', 'abort'] as const)(
  '%s of a promoted candidate is refused with the command that takes it back',
  async (word) => {
    const scope = aScope(`promoted-${word}`);
    await deploy(store, scope);
    const id = await promoted(scope, 'note');

    const refused = governance.decide(scope.tenant, id, word, OLGA);

    await expect(refused).rejects.toMatchObject({ name: 'ConflictError' });
    await expect(refused).rejects.toThrow(`found candidate ${id} promoted, expected one that is`);
    await expect(refused).rejects.toThrow(`\`ratchet rollback ${id} --reason R\``);
  },
);

test('a candidate that was rejected is refused every word, and none is named that would help', async () => {
  const scope = aScope('rejected');
  await deploy(store, scope);
  const id = await passed(scope, 'note');
  await move(scope, id, 'rejected');

  for (const word of ['approve', 'rollback'] as const) {
    await expect(governance.decide(scope.tenant, id, word, OLGA)).rejects.toThrow(
      /rejected, expected one that is .*; it has ended and serves nobody/,
    );
  }
});

test('a promoted candidate is taken back by its id, with what was promoted on top of it', async () => {
  const scope = aScope('by-id');
  const { active: first } = await deploy(store, scope);
  const older = await promoted(scope, 'older');
  const newer = await promoted(scope, 'newer');

  const done = await governance.rollback(scope, { ...OLGA, candidate: older });

  expect(done).toMatchObject({ to: first, isChanged: true, ended: [older, newer] });
  expect((await store.pointer(scope))?.active).toBe(first);
  expect(settled).toEqual(expect.arrayContaining([older, newer]));
  await expect(governance.rollback(scope, { ...OLGA, candidate: older })).rejects.toThrow(
    /rolled-back, expected one that is/,
  );
});

test('a user may not take a promoted candidate back', async () => {
  const scope = aScope('denied');
  await deploy(store, scope);
  const id = await promoted(scope, 'note');

  const denied = governance.decide(scope.tenant, id, 'rollback', { ...OLGA, role: 'user' });

  await expect(denied).rejects.toMatchObject({ name: 'DeniedError' });
  expect((await store.candidate(scope.tenant, id))?.state).toBe('promoted');
});
