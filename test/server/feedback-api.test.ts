import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';

import type { Store } from '../../src/activities/store.js';
import { feedbackFor } from '../../src/contracts/feedback.js';
import { NotFoundError } from '../../src/domain/errors.js';
import type { EpisodeId, Scope } from '../../src/domain/ids.js';
import { createApp } from '../../src/server/app.js';
import { createQueries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { aScope, deploy, playTask, startTask, UNKNOWN } from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
let scope: Scope;
let ended: EpisodeId;
let tenants = 0;

const TOKEN = 'of-this-house-alone';
const withToken = { headers: { authorization: `Bearer ${TOKEN}` } };

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());
beforeEach(async () => {
  tenants += 1;
  scope = aScope(`api-${String(tenants)}`);
  await deploy(store, scope);
  ({ episode: ended } = await playTask(store, scope, 't-1', { outcome: UNKNOWN }));
});

/** A house that stores what is said; what a running task does with it is the task's own test. */
function api(known: string = scope.agent) {
  return createApp({
    house: {
      store,
      pool: database.pool,
      client: {
        decide: () => Promise.reject(new Error('nobody decides here')),
        rollback: () => Promise.reject(new Error('nobody rolls back here')),
        override: () => Promise.reject(new Error('nobody overrides here')),
        giveFeedback: async (tenant, given) => {
          const feedback = feedbackFor(given);
          const episode = await store.episode(tenant, feedback.episode);
          if (episode === null) throw new NotFoundError('episode', feedback.episode, 'list them');
          const stored = await store.putFeedback(tenant, feedback);
          return episode.end === null ? { ...stored, label: null } : stored;
        },
      },
      temporalUi: null,
      config: { tenant: scope.tenant, dashboard: null, temporal: { namespace: 'default' } },
      health: () => Promise.resolve({ postgres: 'ok', temporal: 'ok' }),
    },
    queries: createQueries(database.pool),
    actor: { id: 'ann', role: 'owner' },
    agents: [known],
    apiToken: TOKEN,
    isOpen: false,
    onFault: () => undefined,
    roleOf: (person) => (person === 'eva' ? 'expert' : 'user'),
    demo: () => null,
    model: 'real',
  });
}

async function send(
  body: unknown,
  { episode = String(ended), headers = {}, raw = false } = {},
): Promise<{ status: number; type: string; reply: Record<string, unknown> }> {
  const response = await api().request(
    `/api/tenants/${scope.tenant}/episodes/${episode}/feedback`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: raw ? String(body) : JSON.stringify(body),
    },
  );
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    reply: z.record(z.string(), z.unknown()).parse(await response.json()),
  };
}

async function stored(): Promise<{ actor: string; role: string; correction: string | null }[]> {
  const { rows } = await database.pool.query<{
    actor: string;
    role: string;
    correction: string | null;
  }>('select actor, role, correction from feedback where tenant = $1 order by actor', [
    scope.tenant,
  ]);
  return rows;
}

test('a correction is stored in the name of the person it came from, in the role the house knows', async () => {
  const said = { actor: 'eva', score: 0, correction: 'select 2' };
  const { status, reply } = await send(said, withToken);

  expect(status).toBe(200);
  expect(reply).toMatchObject({ episode: ended, role: 'expert', existing: false });
  expect(await stored()).toEqual([{ actor: 'eva', role: 'expert', correction: 'select 2' }]);
});

test('a name in the body is no proof: without the token the owner and the expert are users', async () => {
  const vetoed = await send({ actor: 'ann', score: 0, act: 'veto' });
  const scored = await send({ actor: 'eva', score: 0 });
  const owner = await send({ actor: 'ann', score: 0, act: 'veto' }, withToken);

  expect(vetoed.status).toBe(403);
  expect(scored.reply).toMatchObject({ role: 'user' });
  expect(owner.reply).toMatchObject({ role: 'owner' });
});

test('an agent that the house does not know is refused before anything is stored', async () => {
  const response = await api('another').request(
    `/api/tenants/${scope.tenant}/episodes/${String(ended)}/feedback`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ actor: 'bob', score: 1 }),
    },
  );

  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({
    detail: expect.stringContaining('the workers of this house know another') as string,
  });
  expect(await stored()).toEqual([]);
});

test('a role in the body is an unknown key: nobody promotes themselves', async () => {
  const { status, reply } = await send({ actor: 'mallory', score: 1, role: 'owner' });

  expect(status).toBe(422);
  expect(reply['detail']).toMatch(/unknown key role/);
  expect(await stored()).toEqual([]);
});

test('what is sent twice is stored once, with a key or without one', async () => {
  const said = { actor: 'bob', score: 1 };
  await send(said);
  const again = await send(said);
  await send({ actor: 'eva', score: 1 }, { headers: { 'idempotency-key': 'k-1' } });
  const keyed = await send({ actor: 'eva', score: 1 }, { headers: { 'idempotency-key': 'k-1' } });

  expect(again.reply).toMatchObject({ existing: true });
  expect(keyed.reply).toMatchObject({ existing: true, id: 'k-1' });
  expect(await stored()).toHaveLength(2);
});

test('a task that still runs holds what is said of it', async () => {
  const { episode } = await startTask(store, scope, 't-2');

  const { status, reply } = await send({ actor: 'bob', score: 1 }, { episode });

  expect(status).toBe(202);
  expect(reply).toMatchObject({ label: null });
});

test.each([
  ['no score, correction or comment', { actor: 'bob' }, {}, 422, 'feedback'],
  ['nobody named', { score: 1 }, {}, 422, 'feedback.actor'],
  ['an empty name', { actor: '', score: 1 }, {}, 422, 'feedback.actor'],
  ['a score above 1', { actor: 'bob', score: 2 }, {}, 422, 'feedback.score'],
  ['a score that is text', { actor: 'bob', score: '1' }, {}, 422, 'feedback.score'],
  ['an act there is not', { actor: 'bob', score: 1, act: 'shout' }, {}, 422, 'feedback.act'],
  ['a correction that is no text', { actor: 'bob', correction: 3 }, {}, 422, 'feedback.correction'],
  ['a list', [], {}, 422, 'feedback'],
  ['text that is no JSON', '{', { raw: true }, 422, 'body'],
  ['nothing', '', { raw: true }, 422, 'body'],
  [
    'a key with a space',
    { actor: 'bob', score: 1 },
    { headers: { 'idempotency-key': 'a b' } },
    422,
    'Idempotency-Key',
  ],
  ['a veto by a user', { actor: 'bob', score: 0, act: 'veto' }, {}, 403, undefined],
  [
    'a wrong token',
    { actor: 'eva', score: 1 },
    { headers: { authorization: 'Bearer guessed' } },
    401,
    undefined,
  ],
  ['an episode there is not', { actor: 'bob', score: 1 }, { episode: 'e-none' }, 404, undefined],
  [
    'a form',
    'actor=bob&score=1',
    { raw: true, headers: { 'content-type': 'text/plain' } },
    415,
    undefined,
  ],
  ['more than it takes', { actor: 'bob', comment: 'x'.repeat(300_000) }, {}, 413, undefined],
])(
  '%s is answered with a problem and stores nothing',
  async (_name, body, options, status, field) => {
    const answer = await send(body, options);

    expect(answer.status).toBe(status);
    expect(answer.reply).toMatchObject({ status, ...(field === undefined ? {} : { field }) });
    expect(answer.reply['detail']).toMatch(/found|expected/);
    expect(answer.type).toContain('json');
    expect(await stored()).toEqual([]);
  },
);

test('another path of the API is a problem, not a page', async () => {
  const response = await api().request('/api/episodes');

  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ status: 404 });
});
