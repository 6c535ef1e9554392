import { afterAll, beforeAll, expect, test } from 'vitest';

import type { CallStart, Store } from '../../src/activities/store.js';
import { taskId } from '../../src/contracts/ids.js';
import type { ToolStep } from '../../src/domain/episode.js';
import { ConflictError, NotFoundError } from '../../src/domain/errors.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy, startTask } from '../support/store-builders.js';

const scope = aScope('acme');
const { tenant } = scope;

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  await deploy(store, scope);
});
afterAll(() => database.drop());

/** The first call of a task of this name, with an effect of the same name. */
async function aCall(name: string) {
  const { task, episode } = await startTask(store, scope, name);
  const effect = { key: `acme:${name}:1:0`, requestDigest: 'digest' };
  return { ...scope, task, episode, step: 1, effect };
}

function answered(content: string): ToolStep {
  return {
    index: 1,
    kind: 'tool',
    callId: 'c1',
    tool: 'add_row',
    arguments: '{}',
    result: { ok: true, content },
  };
}

function effectOf(start: CallStart) {
  return start.stored === null ? start.effect : 'answered already';
}

test('a call begins with the input of its task and its row in the ledger', async () => {
  const call = await aCall('begins');

  const start = await store.beginCall(call);

  expect(start).toEqual({
    stored: null,
    input: { question: 'begins' },
    effect: { state: 'new', result: null },
  });
});

test('an attempt finds what an earlier one began', async () => {
  const call = await aCall('again');
  await store.beginCall(call);

  const again = await store.beginCall(call);

  expect(effectOf(again)).toEqual({ state: 'started', result: null });
});

test('the end of an effect and the answer of its call are one', async () => {
  const call = await aCall('ends');
  await store.beginCall(call);

  const step = await store.finishCall(tenant, call.episode, answered('booked'), call.effect.key);

  expect(step).toEqual(answered('booked'));
  expect(await store.beginCall(call)).toEqual({ stored: answered('booked') });
  expect(effectOf(await store.beginCall({ ...call, step: 2 }))).toEqual({
    state: 'done',
    result: JSON.stringify({ ok: true, content: 'booked' }),
  });
});

test('the first answer of a call stays, in the trajectory and in the ledger', async () => {
  const call = await aCall('first');
  await store.beginCall(call);
  await store.finishCall(tenant, call.episode, answered('first'), call.effect.key);

  const second = await store.finishCall(tenant, call.episode, answered('second'), call.effect.key);

  expect(second).toEqual(answered('first'));
  expect(effectOf(await store.beginCall({ ...call, step: 2 }))).toMatchObject({
    result: JSON.stringify({ ok: true, content: 'first' }),
  });
});

test('a call that is answered touches the ledger no more', async () => {
  const call = await aCall('answered');
  await store.putStep(tenant, call.episode, answered('by a person'));

  const start = await store.beginCall(call);

  expect(start).toEqual({ stored: answered('by a person') });
  expect(effectOf(await store.beginCall({ ...call, step: 2 }))).toMatchObject({ state: 'new' });
});

test('a call without an effect leaves nothing in the ledger', async () => {
  const call = await aCall('reads');

  const start = await store.beginCall({ ...call, effect: null });

  expect(effectOf(start)).toBeNull();
  expect(effectOf(await store.beginCall(call))).toMatchObject({ state: 'new' });
});

test('one of many that begin the same effect finds it new', async () => {
  const call = await aCall('race');

  const starts = await Promise.all(Array.from({ length: 10 }, () => store.beginCall(call)));

  const states = starts.map((start) => (start.stored === null ? start.effect?.state : 'stored'));
  expect(states.filter((state) => state === 'new')).toHaveLength(1);
  expect(states.filter((state) => state === 'started')).toHaveLength(9);
});

test('one effect key does not stand for two requests', async () => {
  const call = await aCall('two');
  await store.beginCall(call);

  const other = store.beginCall({ ...call, effect: { ...call.effect, requestDigest: 'another' } });

  await expect(other).rejects.toThrow(ConflictError);
});

test('an effect that was not begun has no end, and its call no answer', async () => {
  const { episode } = await aCall('unbegun');

  const ended = store.finishCall(tenant, episode, answered('x'), 'acme:none:1:0');

  await expect(ended).rejects.toThrow(NotFoundError);
  expect((await store.conversation(tenant, episode)).steps).toEqual([]);
});

test('a task that was not accepted begins no call', async () => {
  const call = await aCall('accepted');

  const start = store.beginCall({ ...call, task: taskId('unheard-of') });

  await expect(start).rejects.toThrow(NotFoundError);
  expect(effectOf(await store.beginCall(call))).toMatchObject({ state: 'new' });
});
