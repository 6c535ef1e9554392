import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createEvaluationActivities } from '../../src/activities/evaluation-activities.js';
import { createLearnerActivities } from '../../src/activities/learner-activities.js';
import { createRolloutActivities } from '../../src/activities/rollout-activities.js';
import type { PairRow, Store } from '../../src/activities/store.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { candidateId, episodeId, lessonId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import { gatePairOf } from '../../src/domain/gate/committed-pair.js';
import { addPair, concludeGate, emptyGate } from '../../src/domain/gate/gate.js';
import { gatePolicy } from '../../src/domain/gate/gate-policy.js';
import { summarizeGate } from '../../src/domain/gate/gate-summary.js';
import { mulberry32 } from '../../src/domain/random.js';
import type { CandidateId, LessonId, Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { candidateQueries } from '../../src/store/candidate-queries.js';
import { deskAgent } from '../support/desk.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  acceptTask,
  aDraft,
  aScope,
  deploy,
  FAILED,
  lessonNamed,
  openCandidate,
  PASSED,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});

afterAll(() => database.drop());

const messenger = {
  wake: () => Promise.resolve(true),
  grant: () => Promise.resolve(true),
  startCandidate: () => Promise.resolve(),
  wakeLearner: () => Promise.resolve(),
  reserve: () => Promise.resolve({ alpha: 0.005, epoch: 1, isUnderpowered: false }),
  settle: () => Promise.resolve({ isArmed: true }),
  reflectOnDrift: () => Promise.resolve([]),
};

function activities() {
  const shared = {
    store,
    agents: createAgentRegistry([deskAgent({ id: 'desk' })]),
    strategies: new StrategyCache(store),
    messenger,
  };
  return {
    ...createLearnerActivities(shared),
    ...createEvaluationActivities(shared),
    ...createRolloutActivities(shared),
  };
}

/** A task is about one lesson; whether a version solves it depends on which lessons it serves. */
interface World {
  readonly about: readonly LessonId[];
  readonly isHard: (about: LessonId) => boolean;
  readonly solves: (about: LessonId, serving: ReadonlySet<LessonId>) => boolean;
}

/** One evaluation as the workflow makes it: pairs in order through the gate, verdict, state. */
async function evaluate(scope: Scope, id: CandidateId, world: World): Promise<string> {
  const row = (await store.candidate(scope.tenant, id)) ?? expect.fail('no candidate');
  const { baseline, version } = row;
  if (baseline === null || version === null) throw new Error(`${id} is not closed`);
  const serving = {
    baseline: new Set((await store.lessonsServing(scope, baseline)).map((lesson) => lesson.id)),
    candidate: new Set((await store.lessonsServing(scope, version)).map((lesson) => lesson.id)),
  };
  const arm = async (name: 'baseline' | 'candidate', index: number, about: LessonId) => {
    const episode = episodeId(`${id}.${String(index)}.${name}`);
    const recalled = serving[name].has(about)
      ? [{ lesson: about, revision: 1, text: 'note', score: 1 }]
      : [];
    const task = await acceptTask(store, scope, `t-${String(index)}`);
    await store.openEpisode({
      ...{
        id: episode,
        scope,
        task: task.id,
        mode: 'shadow',
        arm: 'active',
        input: {},
        slices: {},
      },
      ...{ subject: null, model: 'stand-in', recalled, system: '', user: '', candidate: id },
      version: name === 'baseline' ? baseline : version,
    });
    const { score, category } = world.solves(about, serving[name]) ? PASSED : FAILED;
    return { episode, score, category, missing: null };
  };
  const random = mulberry32(row.number);
  const policy = gatePolicy({ alpha: 0.005, maxPairs: 200 });
  let gate = emptyGate(policy, { keys: ['kind'], gated: ['kind=hard'], hasOther: true });
  const pairs: PairRow[] = [];
  while (gate.decision === undefined) {
    const index = pairs.length;
    const about = world.about[Math.floor(random() * world.about.length)] ?? lessonId('none');
    const { id: task } = await acceptTask(store, scope, `t-${String(index)}`);
    const pair = {
      ...{ index, task, slices: { kind: world.isHard(about) ? 'hard' : 'easy' }, topUpFor: null },
      baseline: await arm('baseline', index, about),
      candidate: await arm('candidate', index, about),
    };
    pairs.push(pair);
    gate = addPair(gate, gatePairOf(pair));
  }
  await store.putPairs(scope.tenant, id, 'gate', pairs);
  const summary = summarizeGate(gate, concludeGate(gate));
  const { verdict, reason } = summary;
  await store.putGateRecord(scope, {
    ...{ candidate: id, purpose: 'gate', baseline, version, verdict, reason, alpha: 0.005 },
    ...{ seed: row.number, summary: JSON.parse(JSON.stringify(summary)) },
  });
  const to = verdict === 'pass' ? 'passed' : 'rejected';
  const by = { candidate: id, actor: SYSTEM, reason: `${verdict}: ${reason}`, detail: {} };
  await store.transition(scope, { ...by, from: ['evaluating'], to });
  return to;
}

/** What the learner and the workflows of the candidates do until no bundle is left. */
async function learn(scope: Scope, world: World): Promise<readonly CandidateId[]> {
  const { closeBundle, planEvaluation, settleWithLearner, startCanary, promote } = activities();
  const seen: CandidateId[] = [];
  for (;;) {
    const turn = await closeBundle(scope);
    if (turn === null) return seen;
    const { candidate, workflowId } = turn;
    seen.push(candidate);
    await planEvaluation({ ...scope, candidate });
    const state = await evaluate(scope, candidate, world);
    const settled = { ...scope, candidate, workflowId, step: 'ended' } as const;
    if (state === 'rejected') {
      await settleWithLearner({ ...settled, promoted: false, end: 'rejected' });
      // An activity may run twice.
      await settleWithLearner({ ...settled, promoted: false, end: 'rejected' });
      continue;
    }
    const by = { ...scope, candidate, actor: SYSTEM, reason: 'its turn', detail: {} };
    await startCanary({ ...by, share: 0.25, seed: 7 });
    await promote(by);
    await store.transition(scope, {
      ...{ candidate, from: ['probation'], to: 'promoted', actor: SYSTEM },
      ...{ reason: 'no alarm', detail: {} },
    });
  }
}

const KEYS = ['good-1', 'good-2', 'good-3', 'bad'];

test('of a bundle with one bad lesson the good ones are promoted and the bad one is rejected', async () => {
  const scope = aScope('mixture', 'desk');
  await deploy(store, scope);
  const whole = await openCandidate(
    store,
    scope,
    candidateId('mixture.c1'),
    KEYS.map((key) => aDraft(key)),
  );
  const bad = lessonNamed('bad');
  // The hard tasks are spoiled by the bad lesson, the others are solved by theirs.
  const world: World = {
    about: [...KEYS.map(lessonNamed), bad],
    isHard: (about) => about === bad,
    solves: (about, serving) => (about === bad ? !serving.has(bad) : serving.has(about)),
  };

  const seen = await learn(scope, world);

  const [cleaner, suspect] = [candidateId(`${whole}-1`), candidateId(`${whole}-2`)];
  expect(seen).toEqual([whole, cleaner, suspect]);
  const active = (await store.pointer(scope))?.active ?? expect.fail('no pointer');
  const serving = (await store.lessonsServing(scope, active)).map(({ key }) => key);
  expect(serving.toSorted()).toEqual(['good-1', 'good-2', 'good-3']);
  expect((await store.candidate(scope.tenant, cleaner))?.state).toBe('promoted');
  expect((await store.candidate(scope.tenant, suspect))?.state).toBe('rejected');
  const statuses = await store.lessonsByKey(scope, KEYS);
  expect(statuses.map(({ key, status }) => `${key} ${status}`)).toEqual([
    'good-1 active',
    'good-2 active',
    'good-3 active',
    'bad retired',
  ]);
});

test('says of a whole and of its halves where they come from, with one audit entry', async () => {
  const queries = candidateQueries(database.pool);
  const { tenant } = aScope('mixture');
  const whole = candidateId('mixture.c1');

  const life = await queries.candidateLife(tenant, whole);
  const half = await queries.candidateLife(tenant, candidateId(`${whole}-2`));

  expect(life).toMatchObject({ halfOf: null, halves: [`${whole}-1`, `${whole}-2`] });
  expect(half).toMatchObject({ halfOf: whole, halves: [] });
  const bisected = life.audit.filter(({ action }) => action === 'bisected');
  expect(bisected).toHaveLength(1);
  expect(bisected[0]?.detail).toMatchObject({
    by: 'blame',
    halves: { [`${whole}-2`]: [lessonNamed('bad')] },
  });
  expect(await store.descentOf(tenant, candidateId(`${whole}-2`))).toEqual({ depth: 1, parts: 2 });
});

test('a bundle that changes nothing is rejected and not parted', async () => {
  const scope = aScope('nothing', 'desk');
  await deploy(store, scope);
  const id = await openCandidate(store, scope, candidateId('nothing.c1'), [
    aDraft('a', { kind: 'rule' }),
    aDraft('b', { kind: 'rule' }),
  ]);
  const about = ['a', 'b'].map(lessonNamed);
  const world: World = { about, isHard: () => false, solves: () => false };

  expect(await learn(scope, world)).toEqual([id]);
  expect((await store.candidate(scope.tenant, id))?.reason).toBe('reject: futile');
});

test('a bundle that only harms is rejected and not parted', async () => {
  const scope = aScope('harm', 'desk');
  await deploy(store, scope);
  const id = await openCandidate(store, scope, candidateId('harm.c1'), [aDraft('a'), aDraft('b')]);
  const world: World = {
    about: ['a', 'b'].map(lessonNamed),
    isHard: () => true,
    solves: (about, serving) => !serving.has(about),
  };

  expect(await learn(scope, world)).toEqual([id]);
});

test('a half sets the parameters that its lessons set, and no other', async () => {
  const scope = aScope('parameters', 'desk');
  await deploy(store, scope);
  const warmer = aDraft('temperature', {
    kind: 'parameter',
    body: { form: 'value', parameter: 'temperature', value: 0.4 },
  });
  const whole = await openCandidate(store, scope, candidateId('parameters.c1'), [
    aDraft('note'),
    warmer,
  ]);
  const half = (number: number, key: string) => ({
    id: candidateId(`${whole}-${String(number)}`),
    title: key,
    items: [{ lesson: lessonNamed(key), revision: 1 }],
  });
  const audit = { actor: SYSTEM, reason: 'parted', detail: {} };

  await store.openHalves(scope, whole, [half(1, 'note'), half(2, 'temperature')], audit);
  await store.openHalves(scope, whole, [half(3, 'note')], audit);

  const [, first, second, ...more] = await store.candidates(scope);
  expect(first?.bundle.parameters).toEqual({});
  expect(second?.bundle.parameters).toEqual({ temperature: 0.4 });
  expect(more).toEqual([]);
});
