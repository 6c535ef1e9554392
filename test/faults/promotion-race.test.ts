import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createLearnerActivities } from '../../src/activities/learner-activities.js';
import type { LearningActivities } from '../../src/activities/learning-activities.js';
import type { Messenger } from '../../src/activities/messenger.js';
import { createRolloutActivities } from '../../src/activities/rollout-activities.js';
import type { Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { candidateId } from '../../src/contracts/ids.js';
import { RatchetError } from '../../src/domain/errors.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, Scope } from '../../src/domain/ids.js';
import { verifyAudit } from '../../src/store/audit.js';
import { createStore } from '../../src/store/store.js';
import { deskAgent } from '../support/desk.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  openCandidate,
  passGate,
} from '../support/store-builders.js';

const RACERS = 50;
const OWNER = { id: 'olga', role: 'owner' } as const;
/** Nobody listens here: what is raced is the store. */
const silent: Messenger = {
  wake: () => Promise.resolve(true),
  grant: () => Promise.resolve(true),
  startCandidate: () => Promise.resolve(),
  wakeLearner: () => Promise.resolve(),
  reserve: () => Promise.resolve({ alpha: 0.005, epoch: 1, isUnderpowered: false }),
  settle: () => Promise.resolve({ isArmed: true }),
  reflectOnDrift: () => Promise.resolve([]),
};

let database: FreshDatabase;
let store: Store;
let activities: Pick<
  LearningActivities,
  'startCanary' | 'widenCanary' | 'promote' | 'rollBack' | 'override'
>;

beforeAll(async () => {
  database = await freshDatabase({ max: 20 });
  store = createStore(database.pool);
  const shared = {
    store,
    agents: createAgentRegistry([deskAgent({ id: 'sql-analyst' })]),
    strategies: new StrategyCache(store),
    messenger: silent,
  };
  activities = { ...createRolloutActivities(shared), ...createLearnerActivities(shared) };
});

afterAll(() => database.drop());

/** A candidate that passed its gate on what serves. */
async function aPassedCandidate(scope: Scope, name: string): Promise<CandidateId> {
  const id = await openCandidate(store, scope, candidateIdOf(scope, name), [aDraft(name)]);
  await closeOnActive(store, scope, id);
  await passGate(store, scope, id);
  return id;
}

function candidateIdOf({ tenant, agent }: Scope, name: string): CandidateId {
  return candidateId(`${tenant}.${agent}.${name}`);
}

const canary = (scope: Scope, candidate: CandidateId) =>
  activities.startCanary({
    ...scope,
    candidate,
    share: 0.05,
    seed: 7,
    actor: SYSTEM,
    reason: 'canary at 5 %',
    detail: {},
  });
const promote = (scope: Scope, candidate: CandidateId) =>
  activities.promote({ ...scope, candidate, actor: SYSTEM, reason: 'no alarm', detail: {} });
const override = (scope: Scope, action: 'freeze' | 'unfreeze' | 'pin', version: string | null) =>
  activities.override({
    ...scope,
    action,
    actor: OWNER,
    reason: 'race',
    version,
    expectedVersion: null,
    updateId: '',
  });

/** What became of each racer: an answer, or an error that says what happened by its name. */
async function race(racers: readonly (() => Promise<unknown>)[]): Promise<readonly unknown[]> {
  const settled = await Promise.allSettled(racers.map((run) => run()));
  return settled.map((one) => {
    if (one.status === 'fulfilled') return one.value;
    if (one.reason instanceof RatchetError) return one.reason.name;
    throw one.reason;
  });
}

async function changesOf({ tenant, agent }: Scope) {
  const { rows } = await database.pool.query<{ number: number; action: string; audit: number }>(
    `select c.number, a.action, a.sequence as audit from pointer_changes c
     join audit a on a.tenant = c.tenant and a.sequence = c.audit_sequence
     where c.tenant = $1 and c.agent = $2 order by c.number`,
    [tenant, agent],
  );
  return rows;
}

/** I5 and I8: numbers without gap or fork, an audit entry of its own for each, an unbroken chain. */
async function expectWhole(scope: Scope, changes: number): Promise<void> {
  const rows = await changesOf(scope);
  expect(rows.map(({ number }) => number)).toEqual(rows.map((_, index) => index + 1));
  expect(rows).toHaveLength(changes);
  expect(new Set(rows.map(({ audit }) => audit)).size).toBe(changes);
  expect((await store.pointer(scope))?.number).toBe(changes);
  expect(await verifyAudit(database.pool, scope.tenant)).toMatchObject({ intact: true });
}

test('of fifty changes decided on one reading of the pointer one wins and the others are told', async () => {
  const scope = aScope('cas');
  const { number } = await deploy(store, scope);

  const answers = await race(
    Array.from({ length: RACERS }, (_, index) => () => {
      const audit = {
        actor: OWNER,
        action: 'freeze',
        reason: `racer ${String(index)}`,
        detail: {},
      };
      return store.changePointer(scope, number, { frozen: true }, audit);
    }),
  );

  expect(answers.filter((answer) => answer === 'ConflictError')).toHaveLength(RACERS - 1);
  await expectWhole(scope, 2);
});

test('of fifty candidates that want the canary at once one gets it and the others are told why', async () => {
  const scope = aScope('canaries');
  await deploy(store, scope);
  const candidates: CandidateId[] = [];
  for (let index = 0; index < RACERS; index += 1) {
    candidates.push(await aPassedCandidate(scope, `c${String(index)}`));
  }

  const answers = await race(candidates.map((id) => () => canary(scope, id)));

  const started = answers.filter((answer) => JSON.stringify(answer).includes('"started":true'));
  expect(started).toHaveLength(1);
  const rows = await store.candidates(scope);
  expect(rows.filter(({ state }) => state === 'canary').map(({ id }) => id)).toEqual([
    (await store.pointer(scope))?.canary?.candidate,
  ]);
  expect(rows.filter(({ state }) => state === 'passed')).toHaveLength(RACERS - 1);
  await expectWhole(scope, 2);
});

test('one promotion asked for fifty times takes place once', async () => {
  const scope = aScope('repeated');
  await deploy(store, scope);
  const id = await aPassedCandidate(scope, 'c1');
  await canary(scope, id);

  const answers = await race(Array.from({ length: RACERS }, () => () => promote(scope, id)));

  expect(answers.filter((answer) => typeof answer === 'string')).toEqual([]);
  expect((await store.candidate(scope.tenant, id))?.state).toBe('probation');
  await expectWhole(scope, 3);
});

test('a promotion among freezes waits for the last of them to be lifted, and nothing is lost', async () => {
  const scope = aScope('mixed');
  await deploy(store, scope);
  const id = await aPassedCandidate(scope, 'c1');
  await canary(scope, id);
  const others = Array.from(
    { length: RACERS - 1 },
    (_, index) => () => override(scope, index % 2 === 0 ? 'freeze' : 'unfreeze', null),
  );

  const answers = await race([...others, () => promote(scope, id)]);
  await override(scope, 'unfreeze', null);
  const { state } = await promote(scope, id);

  expect(answers.filter((answer) => answer !== undefined && answer !== 'ConflictError')).toEqual([
    expect.objectContaining({ cursor: 0 }),
  ]);
  expect(state).toBe('probation');
  const changes = await changesOf(scope);
  const frozen = changes.filter(({ action }) => action === 'freeze' || action === 'unfreeze');
  expect(frozen.map(({ action }) => action)).toEqual(
    frozen.map((_, index) => (index % 2 === 0 ? 'freeze' : 'unfreeze')),
  );
  await expectWhole(scope, 3 + frozen.length);
});

test('a promotion that races a rollback never leaves a version serving that was taken back', async () => {
  const ends = new Set<string>();
  for (let round = 0; round < 10; round += 1) {
    const scope = aScope(`rollback-${String(round)}`);
    const { active } = await deploy(store, scope);
    const id = await aPassedCandidate(scope, 'c1');
    await canary(scope, id);
    const rollBack = () =>
      activities.rollBack({ ...scope, candidate: id, actor: OWNER, reason: 'no', detail: {} });

    await race(
      round % 2 === 0 ? [rollBack, () => promote(scope, id)] : [() => promote(scope, id), rollBack],
    );

    const row = await store.candidate(scope.tenant, id);
    const pointer = await store.pointer(scope);
    expect(row?.state).toBe('rolled-back');
    expect(pointer).toMatchObject({ active, canary: null });
    ends.add((await changesOf(scope)).map(({ action }) => action).join(' '));
    const changes = await changesOf(scope);
    await expectWhole(scope, changes.length);
  }
  expect([...ends].every((end) => end.endsWith('rolled-back'))).toBe(true);
});

test('a promotion that races a pin ends aborted or serves nobody before the pin', async () => {
  for (let round = 0; round < 10; round += 1) {
    const scope = aScope(`pin-${String(round)}`);
    const { active } = await deploy(store, scope);
    const id = await aPassedCandidate(scope, 'c1');
    await canary(scope, id);

    const [, pinned] = await race([() => promote(scope, id), () => override(scope, 'pin', active)]);

    const row = await store.candidate(scope.tenant, id);
    const pointer = await store.pointer(scope);
    expect(pinned).toBeUndefined();
    expect(pointer).toMatchObject({ pinned: active, canary: null });
    expect(['aborted', 'probation']).toContain(row?.state);
    await expectWhole(scope, (await changesOf(scope)).length);
  }
});

test('an approval that races a veto leaves one decision and one audit entry', async () => {
  for (let round = 0; round < 10; round += 1) {
    const scope = aScope(`veto-${String(round)}`);
    await deploy(store, scope);
    const id = await aPassedCandidate(scope, 'c1');
    const decide = (to: 'canary' | 'rejected', actor: string) => () =>
      store.transition(scope, {
        candidate: id,
        from: ['passed'],
        to,
        actor: { id: actor, role: 'owner' },
        reason: to,
        detail: {},
      });

    const answers = await race([decide('canary', 'ann'), decide('rejected', 'bob')]);

    expect(answers.filter((answer) => answer === 'ConflictError')).toHaveLength(1);
    const entries = await store.auditOf(scope.tenant, { kind: 'candidate', id }, 100);
    const row = await store.candidate(scope.tenant, id);
    expect(entries.slice(2).map(({ action }) => action)).toEqual([row?.state]);
    expect(await verifyAudit(database.pool, scope.tenant)).toMatchObject({ intact: true });
  }
});
