import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { Messenger } from '../../src/activities/messenger.js';
import { createRollbackDiagnosis } from '../../src/activities/rollback-diagnosis.js';
import { rollBack } from '../../src/activities/rollback.js';
import type { Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { SYSTEM, type Actor } from '../../src/domain/feedback.js';
import type { CandidateId } from '../../src/domain/ids.js';
import type { JsonObject } from '../../src/domain/json.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  activeVersion,
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  FAILED,
  lessonNamed,
  openCandidate,
  passGate,
  playTask,
} from '../support/store-builders.js';
import { anAgent } from '../support/tools.js';

let database: FreshDatabase;
let store: Store;
const scope = aScope('acme', 'clerk');
const reflected: string[] = [];
const messenger: Messenger = {
  wake: async () => true,
  grant: async () => true,
  startCandidate: async () => undefined,
  wakeLearner: async () => undefined,
  reserve: async () => ({ alpha: 0.05, epoch: 1, isUnderpowered: false }),
  settle: async () => ({ isArmed: true }),
  reflectOnDrift: async (_scope, episode) => {
    reflected.push(episode);
    return [];
  },
};

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  await deploy(store, scope);
});
afterAll(() => database.drop());

function activities() {
  return createRollbackDiagnosis({
    store,
    agents: createAgentRegistry([anAgent({ id: scope.agent })]),
    strategies: new StrategyCache(store),
    messenger,
  });
}

const ALARM = {
  stage: 'probation',
  slice: 'kind=hard',
  automatic: true,
  test: 'promotion monitor, all',
  n: 12,
};

/** A candidate that was promoted and taken back in its probation, for what the detail says. */
async function takenBack(name: string, detail: JsonObject = ALARM, actor = SYSTEM) {
  const before = await activeVersion(store, scope);
  const candidate = await openCandidate(store, scope, `acme.${name}`, [aDraft(name)]);
  const version = await closeOnActive(store, scope, candidate);
  await passGate(store, scope, candidate);
  const pointer = await store.pointer(scope);
  await store.transition(scope, {
    candidate,
    from: ['passed'],
    to: 'canary',
    actor: SYSTEM,
    reason: 'its turn',
    detail: {},
    pointer: {
      expected: pointer?.number ?? 0,
      change: { canary: { candidate, version, share: 0.5, seed: 1 } },
    },
  });
  const standing = await store.pointer(scope);
  await store.transition(scope, {
    candidate,
    from: ['canary'],
    to: 'probation',
    actor: SYSTEM,
    reason: 'no alarm',
    detail: {},
    pointer: { expected: standing?.number ?? 0, change: { active: version, canary: null } },
  });
  await rollBack(store, { ...scope, candidate, actor, reason: 'an alarm', detail });
  return { candidate, version, before, lesson: lessonNamed(name) };
}

async function statusOf(name: string): Promise<string | undefined> {
  return (await store.latestRevision(scope, lessonNamed(name)))?.status;
}

async function actionsOf(candidate: CandidateId): Promise<readonly string[]> {
  const audit = await store.auditOf(scope.tenant, { kind: 'candidate', id: candidate }, 100);
  const actions = audit.map(({ action }) => action);
  return actions.slice(actions.lastIndexOf('rolled-back') + 1);
}

test('what was taken back is set beside what serves since', async () => {
  const { candidate, version, before } = await takenBack('plain');

  const plan = await activities().planDiagnosis({ ...scope, candidate });

  expect(plan).toMatchObject({
    version,
    baseline: before,
    slice: 'kind=hard',
    rollback: { reason: 'an alarm', detail: { ...ALARM, from: version, to: before } },
  });
});

test.each<[string, JsonObject, Actor]>([
  ['a person', ALARM, { id: 'olga', role: 'owner' }],
  ['a critical category', { ...ALARM, category: 'data-loss' }, SYSTEM],
  ['outcomes that never came', { ...ALARM, missing: 30 }, SYSTEM],
  ['no monitor', { automatic: true }, SYSTEM],
])('what %s took back is not set beside anything', async (who, detail, actor) => {
  const { candidate } = await takenBack(`not-${who.replaceAll(' ', '-')}`, detail, actor);

  expect(await activities().planDiagnosis({ ...scope, candidate })).toBeNull();
});

test.each(['regression', 'unresolved'] as const)(
  '%s keeps it in quarantine, on record once',
  async (conclusion) => {
    const { candidate } = await takenBack(conclusion);
    const told = { ...scope, candidate, conclusion, episodes: [], detail: { pairs: 30 } };

    await activities().concludeRollback(told);
    await activities().concludeRollback(told);

    expect(await statusOf(conclusion)).toBe('quarantined');
    expect(await actionsOf(candidate)).toEqual([conclusion]);
    expect(await activities().planDiagnosis({ ...scope, candidate })).toBeNull();
  },
);

test('drift lets its lessons be told again, and has failures learned from; nothing serves by it', async () => {
  const { candidate, before } = await takenBack('innocent');
  const { episode } = await playTask(store, scope, 'failed-1', { outcome: FAILED });
  const told = {
    ...scope,
    candidate,
    conclusion: 'drift' as const,
    episodes: [episode],
    detail: { pairs: 21 },
  };

  await activities().concludeRollback(told);
  await activities().concludeRollback(told);

  const row = await store.candidate(scope.tenant, candidate);
  expect(await statusOf('innocent')).toBe('retired');
  expect(row?.state).toBe('rolled-back');
  expect(await activeVersion(store, scope)).toBe(before);
  expect(await actionsOf(candidate)).toEqual(['released', 'drift']);
  expect(reflected).toContain(episode);
});

test('a lesson that harmed by its own counts stays in quarantine whatever the replay says', async () => {
  const { candidate, lesson } = await takenBack('harmful');
  const said = { actor: SYSTEM, reason: 'an uplift below zero', detail: {} };
  // Served once more by a person's hand, and found harmful by its own counts.
  await database.pool.query(
    `update lesson_revisions set status = 'active' where tenant = 'acme' and lesson = $1`,
    [lesson],
  );
  await store.quarantineLesson(scope, { lesson, revision: 1, ...said });

  await store.releaseQuarantine(scope, { candidate, ...said });

  expect(await statusOf('harmful')).toBe('quarantined');
});
