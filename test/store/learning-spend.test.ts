import { afterAll, beforeAll, expect, test } from 'vitest';

import { payingClient } from '../../src/activities/learning-purse.js';
import type { Store } from '../../src/activities/store.js';
import { LearningBudgetError } from '../../src/domain/errors.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy } from '../support/store-builders.js';
import { anAgent } from '../support/tools.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

async function aTenant(tenant: string) {
  const scope = aScope(tenant, 'clerk');
  await deploy(store, scope);
  return scope;
}

/** Calls of 100 tokens; what is under way waits until it is let go. */
function aModel() {
  const waiting: (() => void)[] = [];
  return {
    calls: 0,
    letGo: () => {
      for (const go of waiting.splice(0)) go();
    },
    async complete(isHeld: boolean) {
      this.calls += 1;
      if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
      return { usage: { inputTokens: 60, outputTokens: 40 } };
    },
  };
}

const paid = (perDay: { tokensPerDay?: number; costMicroUsdPerDay?: number }) =>
  anAgent({
    id: 'clerk',
    model: { name: 'm', inputCost: 1_000_000, outputCost: 2_000_000 },
    learning: perDay,
  });

test('calls are paid while there is room, and the next is refused with what to do', async () => {
  const scope = await aTenant('tokens');
  const agent = paid({ tokensPerDay: 250 });
  const model = aModel();
  const client = payingClient(model, store, agent, scope);

  for (let call = 0; call < 3; call += 1) await client.complete(false);
  const refused = client.complete(false);

  await expect(refused).rejects.toThrow(LearningBudgetError);
  await expect(refused).rejects.toThrow(/nothing left today of 250 tokens.*learning\.tokensPerDay/);
  expect(model.calls).toBe(3);
  expect(await store.isLearningSpent(scope, { tokens: 250, microUsd: null })).toBe(true);
  expect(await store.isLearningSpent(scope, { tokens: 301, microUsd: null })).toBe(false);
});

test('money is counted by the prices of the model', async () => {
  const scope = await aTenant('money');
  const client = payingClient(aModel(), store, paid({ costMicroUsdPerDay: 141 }), scope);

  await client.complete(false);
  await client.complete(false);

  // A call is 60 + 2 * 40 = 140: the second passes the budget, by itself alone.
  await expect(client.complete(false)).rejects.toThrow('141 micro-dollars');
});

test('of calls side by side none begins whose like would pass the budget by more than one call', async () => {
  const scope = await aTenant('parallel');
  const model = aModel();
  const client = payingClient(model, store, paid({ tokensPerDay: 500 }), scope);
  await client.complete(false);

  const many = Array.from({ length: 20 }, () => client.complete(true));
  const settled = Promise.allSettled(many);
  const began = async (): Promise<number> => {
    const { rows } = await database.pool.query<{ readonly under_way: number }>(
      `select under_way from learning_spend where tenant = 'parallel'`,
    );
    return rows[0]?.under_way ?? 0;
  };
  await expect.poll(began).toBe(4);
  await expect.poll(() => model.calls).toBe(5);
  model.letGo();
  const ends = await settled;

  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
  const { rows } = await database.pool.query<{ readonly tokens: string }>(
    `select tokens, under_way from learning_spend where tenant = 'parallel'`,
  );
  expect(rows).toEqual([{ tokens: '500', under_way: 0 }]);
});

test('a call that failed is not paid, and no longer under way', async () => {
  const scope = await aTenant('failed');
  const failing = { complete: () => Promise.reject(new Error('no answer')) };
  const client = payingClient(failing, store, paid({ tokensPerDay: 10 }), scope);

  await expect(client.complete(false)).rejects.toThrow('no answer');

  expect(await store.isLearningSpent(scope, { tokens: 1, microUsd: null })).toBe(false);
});

test('an agent without a limit is not counted at all', async () => {
  const scope = await aTenant('unlimited');
  const model = aModel();

  expect(payingClient(model, store, paid({}), scope)).toBe(model);
  expect(await store.isLearningSpent(scope, { tokens: 0, microUsd: null })).toBe(true);
});
