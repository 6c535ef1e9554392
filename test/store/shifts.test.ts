import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createEvaluationActivities } from '../../src/activities/evaluation-activities.js';
import type { Messenger } from '../../src/activities/messenger.js';
import type { Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { gatePolicy } from '../../src/domain/gate/gate-policy.js';
import { reportGate } from '../../src/domain/gate/gate-summary.js';
import { concludeGate, emptyGate } from '../../src/domain/gate/gate.js';
import { noSlices } from '../../src/domain/gate/slices.js';
import { createStore } from '../../src/store/store.js';
import { aPair, fold, observed } from '../domain/gate/pairs.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  activeVersion,
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  openCandidate,
} from '../support/store-builders.js';
import { anAgent } from '../support/tools.js';

let database: FreshDatabase;
let store: Store;
const scope = aScope('acme', 'clerk');
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  await deploy(store, scope);
});
afterAll(() => database.drop());

const messenger: Messenger = {
  wake: async () => true,
  grant: async () => true,
  startCandidate: async () => undefined,
  wakeLearner: async () => undefined,
  reserve: async () => ({ alpha: 0.05, epoch: 1, isUnderpowered: false }),
  settle: async () => ({ isArmed: true }),
  reflectOnDrift: async () => [],
};

/** Records the verdict of a gate over pairs whose arms fell into these categories. */
async function judged(name: string, categories: readonly (readonly [string, string])[]) {
  const candidate = await openCandidate(store, scope, `acme.${name}`, [aDraft(name)]);
  const version = await closeOnActive(store, scope, candidate);
  const pairs = categories.map(([baseline, own], index) =>
    aPair({
      index,
      outcome: observed((own === 'ok' ? 1 : 0) - (baseline === 'ok' ? 1 : 0)),
      baselineCategory: baseline,
      candidateCategory: own,
    }),
  );
  const policy = gatePolicy({ futilityLevel: 1e-9, alpha: 1e-4 });
  const gate = fold(emptyGate(policy), pairs);
  const summary = reportGate(gate, concludeGate(gate));
  const { recordVerdict } = createEvaluationActivities({
    store,
    agents: createAgentRegistry([anAgent({ id: scope.agent })]),
    strategies: new StrategyCache(store),
    messenger,
  });
  const record = {
    ...scope,
    candidate,
    purpose: 'gate' as const,
    baseline: await activeVersion(store, scope),
    version,
    alpha: 1e-4,
    seed: 1,
    summary,
    basis: { policy, plan: noSlices, diagnosis: null, replicates: 1 },
  };
  await recordVerdict(record);
  await recordVerdict(record);
  return { candidate, summary };
}

const times = (count: number, baseline: string, own: string) =>
  Array.from({ length: count }, () => [baseline, own] as const);

test('a candidate that improved while its failures moved is told to its owner, once', async () => {
  const mixed = times(60, 'timeout', 'ok').flatMap((pair, at) =>
    at % 4 === 0 ? [pair, ['ok', 'wrong-table'] as const] : [pair],
  );

  const { candidate, summary } = await judged('moved', mixed);

  const audit = await store.auditOf(scope.tenant, { kind: 'candidate', id: candidate }, 10);
  const told = audit.filter(({ action }) => action === 'improved-shifted');
  expect(summary).toMatchObject({ verdict: 'pass', label: 'improved-shifted' });
  expect(told).toHaveLength(1);
  expect(told[0]?.reason).toMatch(/timeout \d+ -> 0, wrong-table 0 -> \d+/);
});

test('a candidate that only moved its failures is told to whoever reflects next', async () => {
  const { summary } = await judged('only-moved', times(60, 'timeout', 'wrong-table'));
  await judged('no-change', times(60, 'ok', 'ok'));

  const shifts = await store.shiftsOf(scope, 3);

  expect(summary).toMatchObject({ verdict: 'reject', label: 'shifted-only' });
  expect(shifts).toMatchObject([
    {
      title: 'acme.only-moved',
      categories: [
        { name: 'timeout', baseline: 60, candidate: 0 },
        { name: 'wrong-table', baseline: 0, candidate: 60 },
      ],
    },
  ]);
});
