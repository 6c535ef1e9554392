import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { taskId } from '../../src/contracts/ids.js';
import { ConflictError } from '../../src/domain/errors.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { acceptTask, aScope, deploy } from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase({ max: 20 });
  store = createStore(database.pool);
});
afterAll(() => database.drop());

const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

test('numbers tasks that are accepted at once without gap or double', async () => {
  const scope = aScope('race');
  await deploy(store, scope);

  const accepted = await Promise.all(
    upTo(50).map((index) => acceptTask(store, scope, `t-${String(index)}`)),
  );

  expect(accepted.map(({ number }) => number).sort((a, b) => a - b)).toEqual(upTo(50));
  expect(new Set(accepted.map(({ episode }) => episode)).size).toBe(50);
});

test('spends one number on a task that many accept at once', async () => {
  const scope = aScope('same');

  const accepted = await Promise.all(upTo(20).map(() => acceptTask(store, scope, 't-1')));
  const next = await acceptTask(store, scope, 't-2');

  expect(new Set(accepted.map(({ number }) => number))).toEqual(new Set([1]));
  expect(accepted.filter(({ existing }) => !existing)).toHaveLength(1);
  expect(next.number).toBe(2);
});

test('numbers the tasks of each agent on their own', async () => {
  await acceptTask(store, aScope('two', 'first'), 't-1');

  const other = await acceptTask(store, aScope('two', 'second'), 't-1');

  expect(other.number).toBe(1);
});

test('answers the first row when the same task comes again, whatever the order of its keys', async () => {
  const scope = aScope('again');
  const first = await acceptTask(store, scope, 't-1', { input: { question: 'q', database: 'd' } });

  const second = await acceptTask(store, scope, 't-1', { input: { database: 'd', question: 'q' } });

  expect(second).toEqual({ ...first, existing: true });
});

test('refuses a task whose id was accepted with another input', async () => {
  const scope = aScope('conflict');
  await acceptTask(store, scope, 't-1', { input: { question: 'one' } });

  const other = acceptTask(store, scope, 't-1', { input: { question: 'two' } });

  await expect(other).rejects.toThrow(ConflictError);
  expect((await store.taskInput(scope, taskId('t-1')))?.input).toEqual({ question: 'one' });
});

test('keeps the order of the keys of an input, which is the order of lines in a prompt', async () => {
  const scope = aScope('order');
  await acceptTask(store, scope, 't-1', { input: { zeta: 1, a: 2, middle: 3 } });

  const found = await store.taskInput(scope, taskId('t-1'));

  expect(Object.keys(found?.input ?? {})).toEqual(['zeta', 'a', 'middle']);
});

test('keeps characters that Postgres text cannot hold', async () => {
  const scope = aScope('nul');

  const accepted = await acceptTask(store, scope, 't-1', { input: { question: 'a\0b' } });

  expect(accepted.input).toEqual({ question: 'a\0b' });
  expect(await store.taskInput(scope, taskId('t-1'))).toMatchObject({ input: accepted.input });
});

test('accepts a task whose input and slices hold half of a surrogate pair, and knows it again', async () => {
  const scope = aScope('half');
  const options = { input: { question: 'a\uD800b' }, slices: { kind: 'x\uDC00\0' } };

  const accepted = await acceptTask(store, scope, 't-1', options);
  const again = await acceptTask(store, scope, 't-1', options);

  expect(accepted.input).toEqual(options.input);
  expect(accepted.slices).toEqual({ kind: 'x\uFFFD\uFFFD' });
  expect(again).toEqual({ ...accepted, existing: true });
});

test('answers a task and what serves its agent, each where it is there', async () => {
  const scope = aScope('both');
  const before = await store.taskAndPointer(scope, taskId('t-1'));
  await deploy(store, scope);
  await acceptTask(store, scope, 't-1');

  const after = await store.taskAndPointer(scope, taskId('t-1'));

  expect(before).toEqual({ task: null, pointer: null });
  expect(after).toEqual({
    task: await store.taskInput(scope, taskId('t-1')),
    pointer: await store.pointer(scope),
  });
  expect(after.task?.number).toBe(1);
  expect(after.pointer?.number).toBe(1);
});

test('knows no task of another agent or tenant', async () => {
  await acceptTask(store, aScope('mine'), 't-1');

  expect(await store.taskInput(aScope('mine', 'other'), taskId('t-1'))).toBeNull();
  expect(await store.taskInput(aScope('yours'), taskId('t-1'))).toBeNull();
});
