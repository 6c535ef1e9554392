import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Pointer, PointerChange, Store } from '../../src/activities/store.js';
import { candidateId } from '../../src/contracts/ids.js';
import { ConflictError, NotFoundError } from '../../src/domain/errors.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { Scope } from '../../src/domain/ids.js';
import { verifyAudit } from '../../src/store/audit.js';
import { createQueries, type Queries } from '../../src/store/queries.js';
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

let database: FreshDatabase;
let store: Store;
let queries: Queries;
beforeAll(async () => {
  database = await freshDatabase({ max: 20 });
  store = createStore(database.pool);
  queries = createQueries(database.pool);
});
afterAll(() => database.drop());

function change(
  scope: Scope,
  expected: number,
  what: PointerChange,
  reason: string,
): Promise<Pointer> {
  return store.changePointer(scope, expected, what, {
    actor: SYSTEM,
    action: 'test',
    reason,
    detail: {},
  });
}

/** Tries until the change lands, reading the pointer anew after each lost race; answers its number. */
async function insist(attempt: () => Promise<number>): Promise<{ number: number; lost: number }> {
  for (let lost = 0; ; lost += 1) {
    try {
      return { number: await attempt(), lost };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

async function numberNow(scope: Scope): Promise<number> {
  return (await store.pointer(scope))?.number ?? 0;
}

test('has no pointer before an agent is deployed', async () => {
  const scope = aScope('nothing');

  expect(await store.pointer(scope)).toBeNull();
  await expect(change(scope, 0, { frozen: true }, 'early')).rejects.toThrow(NotFoundError);
});

test('replaces what is given and keeps what is left out', async () => {
  const scope = aScope('keeps');
  const { active } = await deploy(store, scope);
  const canary = { candidate: candidateId('c-1'), version: active, share: 0.05, seed: 2 ** 32 - 1 };

  await change(scope, 1, { canary, exceptions: { 'database=shop': active } }, 'one');
  await change(scope, 2, { frozen: true }, 'two');

  expect(await store.pointer(scope)).toEqual({
    number: 3,
    active,
    canary,
    exceptions: { 'database=shop': active },
    pinned: null,
    frozen: true,
  });
});

test('refuses a stale change, saying what was found and expected, and writes nothing', async () => {
  const scope = aScope('stale');
  await deploy(store, scope);
  await change(scope, 1, { frozen: true }, 'first');

  const stale = change(scope, 1, { frozen: false }, 'second');

  await expect(stale).rejects.toThrow(/found change 2, expected 1/);
  expect(await store.auditOf(scope.tenant, null, 10)).toHaveLength(2);
});

test('answers a repeated change with the pointer it made, once', async () => {
  const scope = aScope('repeated');
  await deploy(store, scope);
  const first = await change(scope, 1, { frozen: true }, 'freeze');
  await change(scope, 2, { frozen: false }, 'unfreeze');

  const repeated = await change(scope, 1, { frozen: true }, 'freeze');

  expect(repeated).toEqual(first);
  expect(await numberNow(scope)).toBe(3);
});

test('lets one of fifty that expect the same number win, and tells the others', async () => {
  const scope = aScope('one-winner');
  await deploy(store, scope);

  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, (_, index) =>
      change(scope, 1, { frozen: true }, `attempt ${String(index)}`),
    ),
  );

  const lost = answers.flatMap((answer): unknown[] =>
    answer.status === 'rejected' ? [answer.reason] : [],
  );
  expect(lost).toHaveLength(49);
  expect(lost.every((reason) => reason instanceof ConflictError)).toBe(true);
  expect(await numberNow(scope)).toBe(2);
});

test('fifty promotions at once each win one number, with one audit entry and none lost', async () => {
  const scope = aScope('promotions');
  await deploy(store, scope);
  const prepare = async (index: number) => {
    const name = `race-${String(index)}`;
    const id = await openCandidate(store, scope, name, [aDraft(`table-${String(index)}`)]);
    const version = await closeOnActive(store, scope, id);
    await passGate(store, scope, id);
    await store.transition(scope, {
      candidate: id,
      from: ['passed'],
      to: 'canary',
      actor: SYSTEM,
      reason: 'its turn',
      detail: {},
    });
    return { id, version };
  };
  const candidates = await Promise.all(Array.from({ length: 50 }, (_, index) => prepare(index)));

  const won = await Promise.all(
    candidates.map(({ id, version }) =>
      insist(async () => {
        const expected = await numberNow(scope);
        const { pointer } = await store.transition(scope, {
          candidate: id,
          from: ['canary'],
          to: 'probation',
          actor: SYSTEM,
          reason: 'canary without alarm',
          detail: {},
          pointer: { expected, change: { active: version } },
        });
        return pointer?.number ?? 0;
      }),
    ),
  );

  const numbers = won.map(({ number }) => number).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => index + 2));
  expect(won.some(({ lost }) => lost > 0)).toBe(true);
  const history = await queries.pointerHistory(scope);
  expect(history.map(({ number }) => number)).toEqual(
    Array.from({ length: 51 }, (_, index) => index + 1),
  );
  const audit = await store.auditOf(scope.tenant, null, 1000);
  const promotions = audit.filter(({ action }) => action === 'probation');
  expect(new Set(promotions.map(({ object }) => object.id)).size).toBe(50);
  expect(promotions).toHaveLength(50);
  expect(await verifyAudit(database.pool, scope.tenant)).toMatchObject({ intact: true });
});

test('numbers the changes without gap or fork, whatever is interleaved', async () => {
  let run = 0;
  const step = fc.record({
    kind: fc.constantFrom('freeze', 'unfreeze', 'pin', 'unpin', 'exception', 'deploy'),
    // How far behind the caller's view of the pointer is: a stale one must be refused.
    behind: fc.integer({ min: 0, max: 2 }),
  });

  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
      run += 1;
      const scope = aScope(`interleaved-${String(run)}`);
      const { active } = await deploy(store, scope);

      const outcomes = await Promise.allSettled(
        steps.map(async ({ kind, behind }, index) => {
          const reason = `step ${String(index)}`;
          const expected = (await numberNow(scope)) - behind;
          if (kind === 'deploy') return deploy(store, scope, { policyDigest: reason });
          if (kind === 'freeze') return change(scope, expected, { frozen: true }, reason);
          if (kind === 'unfreeze') return change(scope, expected, { frozen: false }, reason);
          if (kind === 'pin') return change(scope, expected, { pinned: active }, reason);
          if (kind === 'unpin') return change(scope, expected, { pinned: null }, reason);
          return change(scope, expected, { exceptions: { [reason]: active } }, reason);
        }),
      );

      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ConflictError);
      }
      const landed = outcomes.flatMap((outcome) =>
        outcome.status === 'fulfilled' ? [outcome.value.number] : [],
      );
      const history = await queries.pointerHistory(scope);
      const audit = await store.auditOf(scope.tenant, null, 1000);
      expect(new Set(landed).size).toBe(landed.length);
      expect(history.map(({ number }) => number)).toEqual(
        Array.from({ length: landed.length + 1 }, (_, index) => index + 1),
      );
      expect(audit).toHaveLength(history.length);
      expect(await store.pointer(scope)).toMatchObject({ number: history.length });
      expect(await verifyAudit(database.pool, scope.tenant)).toMatchObject({ intact: true });
    }),
    { numRuns: 12, seed: 20_260_101 },
  );
});
