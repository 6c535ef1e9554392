import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { candidateId, episodeId } from '../../src/contracts/ids.js';
import type { Feedback } from '../../src/domain/feedback.js';
import type { EpisodeId } from '../../src/domain/ids.js';
import { createQueries, type Queries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy, playTask, UNKNOWN } from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
let queries: Queries;
const scope = aScope();
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
  queries = createQueries(database.pool);
  await deploy(store, scope);
});
afterAll(() => database.drop());

function vote(episode: EpisodeId, actor: string, score: number, role: Feedback['role'] = 'expert') {
  const said = { id: `${episode}-${actor}`, episode, actor, role, score };
  return store.putFeedback(scope.tenant, { ...said, correction: null, comment: null });
}

test('what waits for a person is what is disputed, then what is uncertain, then pairs to audit', async () => {
  const uncertain = await playTask(store, scope, 'uncertain', { outcome: UNKNOWN });
  const disputed = await playTask(store, scope, 'disputed', { outcome: UNKNOWN });
  const settled = await playTask(store, scope, 'settled', { outcome: UNKNOWN });
  await vote(uncertain.episode, 'ann', 1, 'user');
  await vote(disputed.episode, 'eva', 1);
  await vote(disputed.episode, 'emil', 0);
  await vote(settled.episode, 'eva', 1);
  const later = await playTask(store, scope, 'later', { outcome: UNKNOWN });
  await vote(later.episode, 'ann', 1, 'user');
  const arms = { baseline: episodeId('run-z'), candidate: episodeId('run-a') };
  const judged = { candidate: candidateId('c-1'), judge: 'strict@1', calls: [], audit: null };
  const scores = { baseline: 0, candidate: 1 };
  await store.putJudgement(scope, { ...judged, arms, scores, isAuditDue: true });

  const { contested, audits } = await queries.awaitingReview(scope.tenant, 10);

  expect(contested.map(({ task, reason, escalatedTo }) => [task, reason, escalatedTo])).toEqual([
    ['disputed', 'experts-disagree', 'owner'],
    ['uncertain', 'uncertain', 'owner'],
    // Experts have been heard by then, and no owner.
    ['later', 'uncertain', 'expert'],
  ]);
  expect(audits).toEqual([
    { agent: scope.agent, candidate: 'c-1', judge: 'strict@1', runs: ['run-a', 'run-z'] },
  ]);
});
