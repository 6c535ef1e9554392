import { afterAll, beforeAll, expect, test } from 'vitest';

import type { PairRow, Store } from '../../src/activities/store.js';
import { episodeId, taskId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import { decideAgain } from '../../src/domain/gate/committed-pair.js';
import { gatePolicy } from '../../src/domain/gate/gate-policy.js';
import { countPool, planSlices } from '../../src/domain/gate/slices.js';
import type { CandidateId, Scope } from '../../src/domain/ids.js';
import type { JsonObject } from '../../src/domain/json.js';
import { mulberry32 } from '../../src/domain/random.js';
import { createApp } from '../../src/server/app.js';
import { createQueries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  activeVersion,
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  openCandidate,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

/** A candidate judged on seeded pairs by the gate itself, its record written as the workflow writes it. */
async function judged(scope: Scope, pairs: number, wins: number): Promise<CandidateId> {
  await deploy(store, scope);
  const id = await openCandidate(store, scope, `${scope.tenant}.c1`, [
    aDraft('orders', { body: { form: 'text', text: 'orders(id, customer, paid_at)' } }),
  ]);
  const version = await closeOnActive(store, scope, id);
  const random = mulberry32(11);
  const rows = Array.from({ length: pairs }, (_, index): PairRow => {
    const arm = (name: string, score: number) => ({
      episode: episodeId(`${scope.tenant}-${name}-${String(index)}`),
      score,
      category: score === 1 ? 'ok' : random() < 0.3 ? 'timeout' : 'wrong-rows',
      missing: null,
    });
    return {
      index,
      task: taskId(`task-${String(index)}`),
      slices: { level: ['easy', 'medium', 'hard'][index % 3] ?? 'easy' },
      topUpFor: null,
      baseline: arm('b', random() < 0.45 ? 1 : 0),
      candidate: arm('c', random() < 0.45 + wins ? 1 : 0),
    };
  });
  const policy = gatePolicy({ alpha: 0.005, criticalCategories: ['timeout'] });
  const plan = planSlices(countPool(rows.map(({ slices }) => slices)), policy);
  const summary = decideAgain({ policy, plan }, rows);
  const by = { candidate: id, actor: SYSTEM, detail: {} };
  await store.transition(scope, { ...by, from: ['open'], to: 'evaluating', reason: 'a slot' });
  await store.putPairs(scope.tenant, id, 'gate', rows);
  const plain: JsonObject = JSON.parse(
    JSON.stringify({ ...summary, basis: { policy, plan, diagnosis: null } }),
  );
  await store.putGateRecord(scope, {
    candidate: id,
    purpose: 'gate',
    baseline: await activeVersion(store, scope),
    version,
    verdict: summary.verdict,
    reason: summary.reason,
    alpha: 0.005,
    seed: 4711,
    summary: plain,
  });
  return id;
}

async function pageOf(scope: Scope, id: CandidateId): Promise<string> {
  const app = createApp({
    house: {
      store,
      pool: database.pool,
      client: {
        decide: async () => undefined,
        rollback: async () => ({ to: 'v', isChanged: true, ended: [] }),
        giveFeedback: async () => ({ existing: false, label: null }),
        override: () => Promise.reject(new Error('nobody overrides here')),
      },
      temporalUi: null,
      config: { tenant: scope.tenant, dashboard: null, temporal: { namespace: 'default' } },
      health: () => Promise.resolve({ postgres: 'ok', temporal: 'ok' }),
    },
    queries: createQueries(database.pool),
    actor: { id: 'ann', role: 'owner' },
    agents: [],
    apiToken: null,
    isOpen: false,
    onFault: () => undefined,
    roleOf: () => 'user',
    demo: () => null,
    model: 'real',
  });
  const response = await app.request(`/candidates/${id}?tenant=${scope.tenant}`);
  return response.text();
}

test('shows what a person needs to check a verdict, with nothing but HTML and SVG', async () => {
  const scope = aScope('page-evidence');
  const id = await judged(scope, 120, 0.3);

  const page = await pageOf(scope, id);

  expect(page).not.toContain('<script');
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
  expect(page.match(/<svg class="plot"/g)).toHaveLength(2);
  for (const fact of [
    'superiority',
    'futility',
    'non-inferiority',
    'level=hard',
    'failure category',
    'Seed of the order',
    '4711',
    'Candidate version',
    'Judge margin m0',
  ]) {
    expect(page, fact).toContain(fact);
  }
  const { version, baseline } = (await store.candidate(scope.tenant, id)) ?? {};
  expect(page).toContain(`<code>${String(version)}</code>`);
  expect(page).toContain(`<code>${String(baseline)}</code>`);
});

test('every table can be scrolled where the page is narrow', async () => {
  const scope = aScope('page-narrow');
  const id = await judged(scope, 60, 0.3);

  const page = await pageOf(scope, id);

  const tables = page.match(/<table/g) ?? [];
  expect(tables.length).toBeGreaterThan(3);
  expect(page.match(/<div class="scroll">\s*<table/g)).toHaveLength(tables.length);
});

test('every line of a chart lies inside of it', async () => {
  const scope = aScope('page-inside');
  const id = await judged(scope, 60, -0.2);

  const page = await pageOf(scope, id);

  const paths = [...page.matchAll(/<path class="(?:path|band)[^"]*" d="([^"]+)"/g)];
  expect(paths).toHaveLength(4);
  for (const [, path = ''] of paths) {
    for (const [, x, y] of path.matchAll(/([\d.]+) ([\d.]+)/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x)).toBeLessThanOrEqual(520);
      expect(Number(y)).toBeGreaterThanOrEqual(0);
      expect(Number(y)).toBeLessThanOrEqual(200);
    }
  }
});

test('a record of another time, which does not say what it was decided by, is shown without charts', async () => {
  const scope = aScope('page-plain');
  await deploy(store, scope);
  const id = await openCandidate(store, scope, `${scope.tenant}.c1`, [aDraft('a')]);
  const version = await closeOnActive(store, scope, id);
  await store.putGateRecord(scope, {
    candidate: id,
    purpose: 'gate',
    baseline: await activeVersion(store, scope),
    version,
    verdict: 'hold',
    reason: 'underpowered',
    alpha: 0.005,
    seed: 7,
    summary: {},
  });

  const page = await pageOf(scope, id);

  expect(page).toContain('underpowered');
  expect(page).not.toContain('class="plot"');
});
