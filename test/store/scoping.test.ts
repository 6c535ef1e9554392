import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { LearningActivities } from '../../src/activities/learning-activities.js';
import type { Messenger } from '../../src/activities/messenger.js';
import { createRolloutActivities } from '../../src/activities/rollout-activities.js';
import { createScopingActivities } from '../../src/activities/scoping.js';
import type { Proposed, Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { candidateId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, EpisodeId, Scope, VersionId } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { deskAgent } from '../support/desk.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  FAILED,
  openCandidate,
  passGate,
  playTask,
} from '../support/store-builders.js';

const reflected: string[] = [];
/** What reflecting anew proposes, and when; nothing unless a test says so. */
let reflect = (_episode: EpisodeId): Promise<readonly Proposed[]> => Promise.resolve([]);
let wakes = 0;
const messenger: Messenger = {
  wake: () => Promise.resolve(true),
  grant: () => Promise.resolve(true),
  startCandidate: () => Promise.resolve(),
  wakeLearner: () => Promise.resolve(void (wakes += 1)),
  reserve: () => Promise.resolve({ alpha: 0.005, epoch: 1, isUnderpowered: false }),
  settle: () => Promise.resolve({ isArmed: true }),
  reflectOnDrift: (_scope, episode) => {
    reflected.push(episode);
    return reflect(episode);
  },
};

let database: FreshDatabase;
let store: Store;
let activities: Pick<LearningActivities, 'scopeOut' | 'noteDrift' | 'startCanary' | 'promote'>;

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  const shared = {
    store,
    agents: createAgentRegistry([deskAgent({ id: 'sql-analyst' })]),
    strategies: new StrategyCache(store),
    messenger,
  };
  activities = { ...createRolloutActivities(shared), ...createScopingActivities(shared) };
});

afterAll(() => database.drop());

async function promoted(scope: Scope, id: CandidateId): Promise<VersionId> {
  const by = { ...scope, candidate: id, actor: SYSTEM, reason: 'its turn', detail: {} };
  await activities.startCanary({ ...by, share: 0.25, seed: 7 });
  await activities.promote(by);
  const pointer = await store.pointer(scope);
  return pointer?.active ?? expect.fail('no pointer');
}

async function onProbation(scope: Scope): Promise<CandidateId> {
  await deploy(store, scope);
  const id = await openCandidate(store, scope, candidateId(`${scope.tenant}.c1`), [aDraft('note')]);
  await closeOnActive(store, scope, id);
  await passGate(store, scope, id);
  await promoted(scope, id);
  return id;
}

const LOST = {
  slices: { kind: 'hard' },
  others: [{ kind: 'easy' }, { kind: 'odd' }],
  reason: 'alarm on kind=hard alone',
  detail: { logE: 5 },
};

test('the version before serves the slice until a narrower candidate takes its place', async () => {
  const scope = aScope('scoped');
  const id = await onProbation(scope);
  const row = await store.candidate(scope.tenant, id);

  const { candidate } = await activities.scopeOut({ ...scope, candidate: id, ...LOST });
  const again = await activities.scopeOut({ ...scope, candidate: id, ...LOST });
  const excepted = await store.pointer(scope);
  if (candidate === null) throw new Error('it was not narrowed');
  const narrow = await store.candidate(scope.tenant, candidate);
  await passGate(store, scope, candidate);
  const serving = await promoted(scope, candidate);

  expect(again).toEqual({ candidate });
  expect(excepted?.exceptions).toEqual({ 'kind=hard': row?.baseline });
  expect(narrow).toMatchObject({ state: 'open', workflowId: `reflect/${candidate}`, opener: null });
  expect(narrow?.lessons[0]?.trigger.predicates).toEqual([
    { field: 'kind', op: 'in', value: ['easy', 'odd'] },
  ]);
  expect((await store.pointer(scope))?.exceptions).toEqual({});
  expect((await store.lessonsServing(scope, serving)).map(({ revision }) => revision)).toEqual([2]);
});

test('what no slice key sets apart is not narrowed, and nothing is written', async () => {
  const scope = aScope('unscopable');
  const id = await onProbation(scope);
  const before = await store.pointer(scope);

  const answer = await activities.scopeOut({ ...scope, candidate: id, ...LOST, others: [] });

  expect(answer).toEqual({ candidate: null });
  expect(await store.pointer(scope)).toEqual(before);
});

test('a drift marks what recent failures were told, and reflects on them again', async () => {
  const scope = aScope('drift');
  const id = await onProbation(scope);
  const [lesson] = (await store.candidate(scope.tenant, id))?.lessons ?? [];
  if (lesson === undefined) throw new Error('no lesson');
  const recalled = [{ lesson: lesson.id, revision: lesson.revision, text: 'note', score: 1 }];
  const { episode } = await playTask(store, scope, 't-1', { outcome: FAILED, recalled });
  const of = { ...scope, candidate: id, episodes: [episode], reason: 'it fell', detail: {} };

  await activities.noteDrift(of);
  await activities.noteDrift(of);

  const [marked] = (await store.candidate(scope.tenant, id))?.lessons ?? [];
  expect(marked?.status).toBe('disputed');
  expect(reflected).toContain(episode);
  const audit = await store.auditOf(scope.tenant, null, 100);
  expect(audit.filter(({ action }) => action === 'drift')).toHaveLength(1);
  expect(audit.filter(({ action }) => action === 'disputed')).toHaveLength(1);
});

test('what is reflected anew enters at once, in task order, whichever reflection ends first', async () => {
  const scope = aScope('anew');
  const id = await onProbation(scope);
  const first = await playTask(store, scope, 't-1', { outcome: FAILED });
  const second = await playTask(store, scope, 't-2', { outcome: FAILED });
  const proposals = (key: string): Proposed[] => [{ draft: aDraft(key), rejected: null }];
  let endFirst = (_proposed: readonly Proposed[]): void => undefined;
  const firstEnds = new Promise<readonly Proposed[]>((resolve) => {
    endFirst = resolve;
  });
  reflect = (episode) =>
    episode === first.episode ? firstEnds : Promise.resolve(proposals('of-second'));
  const episodes = [first.episode, second.episode];
  const wakesBefore = wakes;

  const noted = activities.noteDrift({ ...scope, candidate: id, episodes, reason: '', detail: {} });
  while (!reflected.includes(second.episode)) await new Promise(setImmediate);
  const meanwhile = await store.waitingProposals(scope, 10);
  endFirst(proposals('of-first'));
  await noted;

  expect(meanwhile).toEqual([]);
  expect((await store.waitingProposals(scope, 10)).map(({ draft }) => draft.key)).toEqual([
    'of-first',
    'of-second',
  ]);
  expect(wakes - wakesBefore).toBe(1);
});
