import { expect, test } from 'vitest';

import { EPISODE, TENANT, type FakeStore } from '../support/fake-store.js';
import { aToolBench, TOOL_REQUEST } from '../support/tool-bench.js';

/** What a worker leaves behind that died after the effect was begun. */
async function begunBefore(store: FakeStore, run: () => Promise<unknown>): Promise<void> {
  const finish = store.finishCall.bind(store);
  store.finishCall = () => Promise.reject(new Error('the worker died'));
  await expect(run()).rejects.toThrow('the worker died');
  store.finishCall = finish;
}

function never(): never {
  throw new Error('the ledger is empty');
}

test('an effect stands in the ledger before the tool runs and after', async () => {
  const states: unknown[] = [];
  const { store, run } = aToolBench({
    effect: 'keyed',
    run: async (_args, { effectKey }) => {
      states.push(store.effects.get(`${TENANT}/${effectKey}`)?.state);
      return 'booked';
    },
  });

  await run();

  states.push(store.effects.get(`${TENANT}/acme:t-1:1:c1`)?.state);
  expect(states).toEqual(['started', 'done']);
});

test('a reading tool leaves nothing in the ledger', async () => {
  const { store, run } = aToolBench();

  await run();

  expect(store.effects.size).toBe(0);
});

test.each(['keyed', 'queryable', 'unsafe'] as const)(
  'a %s effect that the ledger knows as done is answered from there and not run again',
  async (effect) => {
    const query = async () => ({ happened: false });
    const { store, counter, run, result } = aToolBench({ effect, query });
    await begunBefore(store, run);
    const [[key, row] = never()] = store.effects;
    const kept = JSON.stringify({ ok: false, code: 'E1', content: 'refused' });
    store.effects.set(key, { ...row, state: 'done', result: kept });

    const answer = await run({}, { attempt: 2 });

    expect(answer).toEqual({ kind: 'failed', code: 'E1', characters: 7 });
    expect(result()).toEqual({ ok: false, code: 'E1', content: 'refused' });
    expect(counter.effects).toHaveLength(1);
  },
);

test('an effect that failed is not run again', async () => {
  const { store, counter, run } = aToolBench({
    effect: 'unsafe',
    run: async () => {
      counter.effects.push({ args: null, effectKey: '' });
      throw Object.assign(new Error('refused'), { code: 'E1' });
    },
  });
  await run();

  const answer = await run({}, { attempt: 2 });

  expect(answer).toEqual({ kind: 'failed', code: 'E1', characters: 7 });
  expect([...store.effects.values()]).toMatchObject([{ state: 'done' }]);
  expect(counter.effects).toHaveLength(1);
});

test('a keyed effect that an earlier attempt began runs again under the same key', async () => {
  const { store, counter, run } = aToolBench({ effect: 'keyed' });
  await begunBefore(store, run);

  const answer = await run({}, { attempt: 2 });

  expect(answer.kind).toBe('done');
  expect(counter.effects.map(({ effectKey }) => effectKey)).toEqual([
    'acme:t-1:1:c1',
    'acme:t-1:1:c1',
  ]);
});

test('a queryable effect that happened is answered by what the query says', async () => {
  const { store, counter, run, result } = aToolBench({
    effect: 'queryable',
    query: async () => ({ happened: true, result: { row: 7 } }),
  });
  await begunBefore(store, run);

  await run({}, { attempt: 2 });

  expect(result()).toEqual({ ok: true, content: '{"row":7}' });
  expect(counter.effects).toHaveLength(1);
});

test('a queryable effect that did not happen runs', async () => {
  const asked: string[] = [];
  const { store, counter, run } = aToolBench({
    effect: 'queryable',
    query: async ({ effectKey }) => {
      asked.push(effectKey);
      return { happened: false };
    },
  });
  await begunBefore(store, run);

  const answer = await run({}, { attempt: 2 });

  expect(answer.kind).toBe('done');
  expect(asked).toEqual(['acme:t-1:1:c1']);
  expect(counter.effects).toHaveLength(2);
});

test('a queryable effect is not asked about before its first attempt', async () => {
  const { counter, run } = aToolBench({
    effect: 'queryable',
    query: () => Promise.reject(new Error('not to be asked')),
  });

  await run();

  expect(counter.effects).toHaveLength(1);
});

test('a query without an answer is asked again, and on the last attempt a person is', async () => {
  const { store, counter, run } = aToolBench({
    effect: 'queryable',
    query: () => Promise.reject(new Error('down')),
  });
  await begunBefore(store, run);

  await expect(run({}, { attempt: 2 })).rejects.toMatchObject({ name: 'UnknownEffectError' });
  const last = await run({}, { attempt: 5 });

  expect(last).toEqual({ kind: 'unknown-effect', code: null, characters: 0 });
  expect(counter.effects).toHaveLength(1);
  expect(store.stepsOf(EPISODE)).toEqual([]);
});

test('an unsafe effect that an earlier attempt began is left to a person', async () => {
  const { store, counter, run } = aToolBench({ effect: 'unsafe' });
  await begunBefore(store, run);

  const answer = await run({}, { attempt: 2 });

  expect(answer).toEqual({ kind: 'unknown-effect', code: null, characters: 0 });
  expect(counter.effects).toHaveLength(1);
  expect(store.stepsOf(EPISODE)).toEqual([]);
});

test('an unsafe effect that a person said did not happen runs once more, and no second time', async () => {
  const { store, counter, run } = aToolBench({ effect: 'unsafe' });
  await begunBefore(store, run);

  await begunBefore(store, () => run({ again: 1 }));
  const left = await run({ again: 1 }, { attempt: 2 });
  const again = await run({ again: 2 });

  expect(left.kind).toBe('unknown-effect');
  expect(again.kind).toBe('done');
  expect(counter.effects).toHaveLength(3);
});

test('a keyed effect that is made again keeps the key its receiver knows it by', async () => {
  const keys: string[] = [];
  const { run } = aToolBench({
    effect: 'keyed',
    run: async (_args, { effectKey }) => void keys.push(effectKey),
  });

  await run({ again: 1 });

  expect(keys).toEqual(['acme:t-1:1:c1']);
});

test('an unsafe effect out of time is left to a person at once', async () => {
  const { run } = aToolBench({
    effect: 'unsafe',
    run: () => new Promise(() => undefined),
    timeoutSeconds: 0.05,
  });

  expect(await run()).toMatchObject({ kind: 'unknown-effect' });
});

test('a keyed effect out of time is tried again under its key, and never shown as failed', async () => {
  const { store, run } = aToolBench({
    effect: 'keyed',
    run: () => new Promise(() => undefined),
    timeoutSeconds: 0.05,
  });

  await expect(run()).rejects.toMatchObject({ name: 'UnknownEffectError', retryable: true });
  const last = await run({}, { attempt: 5 });

  expect(last.kind).toBe('unknown-effect');
  expect(store.stepsOf(EPISODE)).toEqual([]);
});

test('a queryable effect that took place before its reply was lost happens once', async () => {
  const rows = new Set<string>();
  let applied = 0;
  const { run, result } = aToolBench({
    effect: 'queryable',
    timeoutSeconds: 0.05,
    run: (_args, { effectKey }) => {
      applied += 1;
      rows.add(effectKey);
      return new Promise(() => undefined);
    },
    query: async ({ effectKey }) => ({ happened: rows.has(effectKey), result: 'booked' }),
  });

  await expect(run()).rejects.toMatchObject({ name: 'UnknownEffectError' });
  await run({}, { attempt: 2 });

  expect(result()).toEqual({ ok: true, content: 'booked' });
  expect(applied).toBe(1);
});

test('one effect key stands for one request', async () => {
  const { counter, run } = aToolBench({ effect: 'keyed' });
  await run();

  const other = run({ step: 2, call: { ...TOOL_REQUEST.call, arguments: '{"name":"b"}' } });

  await expect(other).rejects.toMatchObject({ name: 'ConflictError' });
  expect(counter.effects).toHaveLength(1);
});
