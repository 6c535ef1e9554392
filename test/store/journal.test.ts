import { afterAll, beforeAll, expect, test } from 'vitest';

import { createLearnerActivities } from '../../src/activities/learner-activities.js';
import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { Store } from '../../src/activities/store.js';
import { candidateId } from '../../src/contracts/ids.js';
import { booksOf, type JournalEntry } from '../../src/domain/learner-journal.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy } from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});

afterAll(() => database.drop());

const reserved = (id: string): JournalEntry => ({
  kind: 'reserved',
  candidate: candidateId(id),
  atMs: 7,
});

/** What a learner asks of the store when it starts and when it decides. */
function activities() {
  const never = () => Promise.reject(new Error('nobody is told'));
  return createLearnerActivities({
    store,
    agents: createAgentRegistry([]),
    messenger: {
      wake: never,
      grant: never,
      startCandidate: never,
      wakeLearner: never,
      reserve: never,
      settle: never,
      reflectOnDrift: never,
    },
  });
}

test('a learner that starts anew has spent what the one before it spent, and is as disarmed', async () => {
  const scope = aScope('anew');
  await deploy(store, scope);
  const { openJournal, writeJournal } = activities();
  const first = await openJournal({ ...scope, nowMs: 5 });
  const entries: readonly JournalEntry[] = [
    reserved('c1'),
    ...['c1', 'c2', 'c3'].map((id): JournalEntry => ({
      kind: 'taken-back',
      candidate: candidateId(id),
    })),
  ];
  await writeJournal({ ...scope, after: first.number, entries });

  const second = await openJournal({ ...scope, nowMs: 9_999 });

  expect(first).toMatchObject({ number: 1, frozen: false, books: { ledger: { spent: 0 } } });
  expect(second.number).toBe(5);
  expect(second.books).toEqual(booksOf([{ kind: 'opened', atMs: 5 }, ...entries]));
  expect(second.books).toMatchObject({
    ledger: { openedAtMs: 5, spent: expect.closeTo(0.005, 9) },
    arming: { isArmed: false, rollbacks: 3 },
  });
});

test('the same entries twice are there once, and others in their place are refused', async () => {
  const scope = aScope('twice');
  await store.addToJournal(scope, 0, [reserved('c1'), reserved('c2')]);
  await store.addToJournal(scope, 0, [reserved('c1'), reserved('c2')]);

  const other = store.addToJournal(scope, 1, [reserved('c3')]);

  await expect(other).rejects.toMatchObject({ name: 'ConflictError' });
  expect(await store.journal(scope)).toEqual([reserved('c1'), reserved('c2')]);
});

test('entries are never changed or taken away, and no tenant reads those of another', async () => {
  const scope = aScope('kept');
  await store.addToJournal(scope, 0, [reserved('c1')]);

  expect(await store.journal(aScope('another'))).toEqual([]);
  for (const statement of [
    'delete from learner_journal',
    'update learner_journal set number = 9',
  ]) {
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      await client.query('set local role ratchet_app');
      await expect(client.query(statement)).rejects.toThrow('permission denied');
    } finally {
      await client.query('rollback');
      client.release();
    }
  }
});
