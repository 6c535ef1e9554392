import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { createLearnerActivities } from '../../src/activities/learner-activities.js';
import type { Messenger } from '../../src/activities/messenger.js';
import type { Store } from '../../src/activities/store.js';
import { episodeId } from '../../src/contracts/ids.js';
import type { EpisodeId, Scope } from '../../src/domain/ids.js';
import { createStore } from '../../src/store/store.js';
import { withTenant } from '../../src/store/transaction.js';
import type { Grant } from '../../src/workflows/messages.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { activeVersion, aDraft, aScope, deploy } from '../support/store-builders.js';
import { anAgent } from '../support/tools.js';

const EPISODES = 10_000;
const CAUSES = 20;

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

/** Takes every message and remembers who was told that its proposals found their place. */
class Told implements Messenger {
  readonly merged = new Set<string>();

  grant(workflowId: string, grant: Grant): Promise<boolean> {
    if (grant.kind === 'merged') this.merged.add(workflowId);
    return Promise.resolve(true);
  }

  wake = () => Promise.resolve(true);
  startCandidate = () => Promise.resolve();
  wakeLearner = () => Promise.resolve();
  reflectOnDrift = () => Promise.resolve([]);
  reserve = () => Promise.reject(new Error('nothing is evaluated here'));
  settle = () => Promise.reject(new Error('nothing is evaluated here'));
}

/** Failing episodes in bulk, as many tasks would leave them; each proposes the note of its cause. */
async function flood(scope: Scope): Promise<readonly EpisodeId[]> {
  await deploy(store, scope);
  const version = await activeVersion(store, scope);
  const drafts = Array.from({ length: CAUSES }, (_, cause) => aDraft(`cause-${String(cause)}`));
  await withTenant(database.pool, scope.tenant, async (client) => {
    const own = [scope.tenant, scope.agent];
    await client.query(
      `insert into tasks (tenant, agent, task, number, episode, input, input_digest, slices)
       select $1, $2, 't-' || n, n, 'e-' || n, '{}', repeat('0', 64 - length(n::text)) || n, '{}'
       from generate_series(1, ${String(EPISODES)}) n`,
      own,
    );
    await client.query(
      `insert into episodes (
         tenant, episode, agent, task, number, mode, version, arm, input, slices, model, recalled,
         system_message, user_message
       )
       select $1, 'e-' || n, $2, 't-' || n, n, 'live', $3, 'active', '{}', '{}', 'm', '[]', '', ''
       from generate_series(1, ${String(EPISODES)}) n`,
      [...own, version],
    );
    await client.query(
      `insert into proposals (tenant, id, agent, episode, key, task_number, rank, position, draft)
       select $1, 'p-' || n, $2, 'e-' || n, draft ->> 'key', n, 0, 0,
         jsonb_set(draft, '{evidence}', jsonb_build_array(jsonb_build_object(
           'episode', 'e-' || n, 'task', 't-' || n, 'steps', '[0]'::jsonb, 'role', 'failure',
           'outcome', 0, 'reliability', 1)))::json
       from generate_series(1, ${String(EPISODES)}) n
       join jsonb_array_elements($3::jsonb) with ordinality as made(draft, place)
         on made.place = n % ${String(CAUSES)} + 1`,
      [...own, JSON.stringify(drafts)],
    );
  });
  return Array.from({ length: EPISODES }, (_, at) => episodeId(`e-${String(at + 1)}`));
}

test('ten thousand failures of twenty causes make no more than twenty lessons, and none is lost', async () => {
  const scope = aScope('flood');
  const episodes = await flood(scope);
  const messenger = new Told();
  const agents = createAgentRegistry([anAgent({ id: scope.agent })]);
  const { mergeProposals } = createLearnerActivities({ store, agents, messenger });

  let batches = 0;
  while ((await mergeProposals(scope)).read > 0) batches += 1;

  const candidates = await store.candidates(scope);
  const lessons = candidates.flatMap(({ lessons: own }) => own.map(({ key }) => key));
  expect(candidates.length).toBeLessThanOrEqual(CAUSES);
  expect(new Set(lessons).size).toBe(CAUSES);
  expect(lessons).toHaveLength(CAUSES);
  // What the learner's history holds of it is one step a batch, however many failures there were.
  expect(batches).toBeLessThanOrEqual(EPISODES / 100);
  const carriers = new Set(candidates.map(({ workflowId }) => workflowId));
  const untold = episodes
    .map((episode) => `reflect/${episode}`)
    .filter((workflowId) => !carriers.has(workflowId) && !messenger.merged.has(workflowId));
  expect(untold).toEqual([]);
  const { rows } = await withTenant(database.pool, scope.tenant, (client) =>
    client.query<{ readonly kind: string; readonly n: number }>(
      `select result ->> 'kind' as kind, count(*)::integer as n from proposals
       group by 1 order by 1`,
    ),
  );
  expect(rows.reduce((sum, { n }) => sum + n, 0)).toBe(EPISODES);
  expect(rows.map(({ kind }) => kind)).toEqual(['joined', 'opened', 'support']);
});
