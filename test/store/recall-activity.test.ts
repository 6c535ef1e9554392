import { afterAll, beforeAll, expect, test } from 'vitest';

import { createEmbedder } from '../../src/model/embeddings-client.js';
import {
  startEmbeddingsEndpoint,
  type EmbeddingsEndpoint,
} from '../support/embeddings-endpoint.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import { recallingAgent } from '../support/recalling.js';

let database: FreshDatabase;
let endpoint: EmbeddingsEndpoint;
beforeAll(async () => {
  database = await freshDatabase();
  endpoint = await startEmbeddingsEndpoint();
});
afterAll(async () => {
  await database.drop();
  await endpoint.close();
});

test('finds what was promoted at the next task, in a process that served before', async () => {
  const house = await recallingAgent(database, 'promoted');
  const first = await house.version(house.root, { stadium: 'stadium(id, capacity)' });
  await house.activate(first);
  const before = await house.ask('t-1', 'How many singers are there?');

  await house.activate(await house.version(first, { singer: 'singer(id, name)' }));
  const after = await house.ask('t-2', 'How many singers are there?');

  expect(before.lessons).toEqual([]);
  expect(after.lessons).toEqual([house.idOf('singer')]);
});

test('a lesson rolled back is gone from the next task; a run pinned to its version still has it', async () => {
  const house = await recallingAgent(database, 'rolled-back');
  const first = await house.version(house.root, { stadium: 'stadium(id, capacity)' });
  const second = await house.version(first, { singer: 'singer(id, name)' });
  await house.activate(second);
  const pinned = await house.ask('t-1', 'How many singers are there?');

  await house.activate(first);
  const next = await house.ask('t-2', 'How many singers are there?');
  // Its worker dies and the activity runs again elsewhere, on the version the task began with.
  house.restart();
  const again = await house.askShadow('t-1', second);

  expect(pinned.lessons).toEqual([house.idOf('singer')]);
  expect(next.lessons).toEqual([]);
  expect(again.lessons).toEqual([house.idOf('singer')]);
});

test('a task that recalls a second time after a rollback keeps the prompt it began with', async () => {
  const house = await recallingAgent(database, 'twice');
  const version = await house.version(house.root, { singer: 'singer(id, name)' });
  await house.activate(version);
  const began = await house.ask('t-1', 'How many singers are there?');

  await house.activate(house.root);
  const retried = await house.ask('t-1', 'How many singers are there?');

  expect(retried.episode.version).toBe(version);
  expect(retried.episode.system).toBe(began.episode.system);
});

test('serves tasks of a kind the same lessons again once its last three succeeded, not while one still runs', async () => {
  const house = await recallingAgent(database, 'fast-path');
  await house.activate(await house.version(house.root, { singer: 'singer(id, name)' }));
  const ask = (n: number) =>
    house.ask(`t-${String(n)}`, `How many singers are there? (${String(n)})`);
  const first = await ask(1);
  const second = await ask(2);
  const third = await ask(3);
  for (const { episode } of [first, second]) await house.succeed(episode.id);

  const unfinished = await ask(4);
  for (const { episode } of [third, unfinished]) await house.succeed(episode.id);
  const cached = await ask(5);

  expect(unfinished.recall.cachedFrom).toBeNull();
  expect(cached.recall.cachedFrom).toBe(first.episode.id);
  expect(cached.lessons).toEqual(first.lessons);
  expect(await house.reproduced(cached.episode.id)).toBeNull();
});

test('another version is another kind: what was cached is not served on it', async () => {
  const house = await recallingAgent(database, 'fast-path-version');
  const version = await house.version(house.root, { singer: 'singer(id, name)' });
  await house.activate(version);
  for (const n of [1, 2, 3]) {
    const { episode } = await house.ask(`t-${String(n)}`, 'How many singers are there?');
    await house.succeed(episode.id);
  }
  expect((await house.ask('t-4', 'How many singers are there?')).recall.cachedFrom).not.toBeNull();

  await house.activate(await house.version(version, { ticket: 'ticket of singers' }));
  const after = await house.ask('t-5', 'How many singers are there?');

  expect(after.recall.cachedFrom).toBeNull();
  expect([...after.lessons].sort()).toEqual([house.idOf('singer'), house.idOf('ticket')].sort());
});

test('a note on how a tool is called stands where no word of the task names the tool, and may be held out', async () => {
  const house = await recallingAgent(database, 'call-note', null, 0.5);
  const text = 'When `order_state` fails with TOOL_FAILED, send `number` with `SO-` before it.';
  await house.activate(await house.version(house.root, { call: text }));

  const asked = [];
  for (let n = 0; n < 12; n += 1) asked.push(await house.ask(`t-${String(n)}`, 'Where is it?'));

  expect(asked.every(({ recall }) => recall.found[0]?.lesson === house.idOf('call'))).toBe(true);
  const shown = asked.filter(({ lessons }) => lessons.length === 1);
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.length).toBeLessThan(12);
  expect(await house.reproduced(shown[0]?.episode.id ?? '')).toBeNull();
});

test('records what each lesson was found by, and derives it again', async () => {
  const house = await recallingAgent(database, 'explained');
  await house.activate(
    await house.version(house.root, { singer: 'singer(id, name)', other: 'singer of the year' }),
  );

  const { recall, episode } = await house.ask('t-1', 'How many singers are there?');

  expect(recall.found).toHaveLength(2);
  for (const found of recall.found) {
    expect(found.score).toBeGreaterThan(0);
    expect(found.lexical).toBeGreaterThan(0);
  }
  expect(recall.vectors).toBeUndefined();
  expect(await house.reproduced(episode.id)).toBeNull();
});

test('without pgvector the words alone decide, and the episode says so', async () => {
  const isThere = await database.pool.query("select from pg_extension where extname = 'vector'");
  expect(isThere.rowCount).toBe(0);
  const embedder = createEmbedder({
    model: 'words',
    baseUrl: endpoint.url,
    apiKey: null,
    queryMs: 1_000,
    minSimilarity: 0.3,
  });
  const house = await recallingAgent(database, 'no-extension', embedder);
  await house.activate(await house.version(house.root, { singer: 'singer(id, name)' }));

  const { recall, lessons, episode } = await house.ask('t-1', 'How many singers are there?');

  expect(lessons).toEqual([house.idOf('singer')]);
  expect(recall.vectors).toEqual({ used: false, model: 'words', why: 'no-extension' });
  expect(endpoint.requests).toEqual([]);
  expect(await house.reproduced(episode.id)).toBeNull();
});
