import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { createEmbedder } from '../../src/model/embeddings-client.js';
import { createStore } from '../../src/store/store.js';
import { withTenant } from '../../src/store/transaction.js';
import { installVectorExtension, vectorExtension } from '../../src/store/vectors.js';
import {
  startEmbeddingsEndpoint,
  vectorOf,
  type EmbeddingsEndpoint,
} from '../support/embeddings-endpoint.js';
import { freshDatabase, vectorServer, type FreshDatabase } from '../support/postgres.js';
import { recallingAgent } from '../support/recalling.js';

test('stores vectors and finds none where the database has no pgvector', async () => {
  const plain = await freshDatabase();
  try {
    const house = await recallingAgent(plain, 'plain');
    await house.activate(await house.version(house.root, { singer: 'singer(id)' }));
    const { active } = (await house.store.pointer(house.scope)) ?? { active: house.root };
    const [missing] = await house.store.unembedded(house.scope, active, 'words', 10);

    await house.store.putEmbeddings(house.scope, 'words', [
      { contentHash: missing?.contentHash ?? '', embedding: [1, 0] },
    ]);

    expect(await house.store.unembedded(house.scope, active, 'words', 10)).toEqual([]);
    expect(await house.store.unembedded(house.scope, active, 'another', 10)).toHaveLength(1);
    expect(await house.store.canSearchVectors()).toBe(false);
    expect(await house.store.nearestRevisions(house.scope, 'words', [1, 0], 5)).toEqual([]);
  } finally {
    await plain.drop();
  }
});

const server = await vectorServer();

describe.skipIf(server === null)(
  'with pgvector (not run: set RATCHET_TEST_VECTOR_DATABASE_URL to a Postgres that has it)',
  () => {
    let database: FreshDatabase;
    let endpoint: EmbeddingsEndpoint;
    beforeAll(async () => {
      database = await freshDatabase({ server: server ?? '' });
      await installVectorExtension(database.pool);
      endpoint = await startEmbeddingsEndpoint();
    });
    afterAll(async () => {
      await database.drop();
      await endpoint.close();
    });
    afterEach(() => {
      endpoint.behave('well');
    });

    function embedder(queryMs = 2_000) {
      return createEmbedder({
        model: 'words',
        baseUrl: endpoint.url,
        apiKey: null,
        queryMs,
        minSimilarity: 0.3,
      });
    }

    const TABLES = {
      singer: 'singer(Singer_ID, Name)',
      stadium: 'stadium(Stadium_ID, Capacity)',
      ticket: 'ticket(Ticket_ID, Price)',
    };

    /** An agent whose lessons have their vectors: a run that is measured waits for them. */
    async function prepared(tenant: string) {
      const house = await recallingAgent(database, tenant, embedder());
      const version = await house.version(house.root, TABLES);
      await house.activate(version);
      await house.ask('warm-up', 'anything');
      await house.askShadow('warm-up', version);
      return { ...house, served: version };
    }

    test('is installed once, and says so', async () => {
      expect(await Promise.all([1, 2].map(() => installVectorExtension(database.pool)))).toEqual([
        true,
        true,
      ]);
      expect(await vectorExtension(database.pool)).toMatchObject({ isNewEnough: true });
    });

    test('finds the lesson that shares a meaning and no word with the task', async () => {
      const house = await prepared('meaning');

      const { lessons, recall, episode } = await house.ask('t-1', 'How many vocalists perform?');

      expect(lessons).toEqual([house.idOf('singer')]);
      expect(recall.vectors).toMatchObject({ used: true, model: 'words' });
      expect(recall.found[0]).toMatchObject({ lexical: 0 });
      expect(recall.found[0]?.similarity).toBeGreaterThan(0.9);
      expect(await house.reproduced(episode.id)).toBeNull();
    });

    test('orders what both ways found, as a fresh process and `reproduce` do', async () => {
      const house = await prepared('fused');

      const one = await house.ask('t-1', 'Capacity of the arena where a vocalist sings?');
      house.restart();
      const other = await house.ask('t-2', 'Capacity of the arena where a vocalist sings?');

      expect(one.recall.found.map(({ lesson }) => lesson).sort()).toEqual(
        [house.idOf('singer'), house.idOf('stadium')].sort(),
      );
      expect(other.recall.found).toEqual(one.recall.found);
      expect(await house.reproduced(one.episode.id)).toBeNull();
    });

    test('a lesson rolled back is not near the next task, and still near its pinned version', async () => {
      const house = await prepared('version-exact');
      await house.activate(house.root);

      const next = await house.ask('t-1', 'How many vocalists perform?');
      const pinned = await house.askShadow('t-1', house.served);

      expect(next.recall.vectors).toMatchObject({ used: true, near: [] });
      expect(next.lessons).toEqual([]);
      expect(pinned.lessons).toEqual([house.idOf('singer')]);
    });

    test('a candidate is measured with the vectors of its own lessons', async () => {
      const house = await prepared('candidate');
      const candidate = await house.version(
        house.served,
        { venue: 'seats(row, number)' },
        {
          title: 'Admission',
        },
      );

      await house.ask('t-1', 'Where is the entry?');
      const run = await house.askShadow('t-1', candidate);

      expect(run.lessons).toContain(house.idOf('venue'));
    });

    test('keeps tenants apart, whatever is near', async () => {
      const alice = await prepared('alice');
      const bob = await recallingAgent(database, 'bob', embedder());

      const { recall, lessons } = await bob.ask('t-1', 'How many vocalists perform?');
      const near = await bob.store.nearestRevisions(bob.scope, 'words', vectorOf('singer'), 50);
      const seen = await withTenant(database.pool, bob.scope.tenant, (client) =>
        client.query('select from lesson_embeddings'),
      );

      expect(
        await alice.store.nearestRevisions(alice.scope, 'words', vectorOf('singer'), 50),
      ).toHaveLength(3);
      expect(near).toEqual([]);
      expect(seen.rowCount).toBe(0);
      expect(recall.vectors).toMatchObject({ used: true, near: [] });
      expect(lessons).toEqual([]);
    });

    test('embeds each content once, however many processes and versions ask', async () => {
      const house = await prepared('once');
      const embedded = endpoint.requests.flat().filter((text) => text.includes('('));
      await house.activate(await house.version(house.served, { hall: 'venue(id)' }));
      house.restart();
      await house.ask('t-1', 'anything else');
      const { active } = (await house.store.pointer(house.scope)) ?? { active: house.root };
      await house.askShadow('t-1', active);

      const later = endpoint.requests.flat().filter((text) => text.includes('('));
      expect(later.slice(embedded.length)).toEqual(['venue(id)']);
    });

    test.each([
      { how: 'slowly' as const, says: 'in time' },
      { how: 'with-500' as const, says: 'with an error' },
      { how: 'with-nonsense' as const, says: 'with sense' },
    ])('recalls by words where the endpoint does not answer $says', async ({ how }) => {
      const house = await prepared(`fallback-${how}`);
      house.restart(embedder(100));
      endpoint.behave(how);

      const first = await house.ask('t-1', 'How many singers are there?');
      const next = await house.ask('t-2', 'How many vocalists are there?');

      expect(first.lessons).toEqual([house.idOf('singer')]);
      expect(first.recall.vectors).toEqual({
        used: false,
        model: 'words',
        why: 'no-query-vector',
      });
      expect(next.recall.vectors).toMatchObject({ why: 'paused' });
      expect(await house.reproduced(first.episode.id)).toBeNull();
    });

    test('ranks by cosine as arithmetic does, and by an index of nearest neighbours', async () => {
      const store = createStore(database.pool);
      const house = await prepared('ranked');
      const near = await store.nearestRevisions(house.scope, 'words', [2, 1, 0, 0.1], 10);

      const cosine = (left: readonly number[], right: readonly number[]): number => {
        const dot = (a: readonly number[], b: readonly number[]): number =>
          a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
        return dot(left, right) / Math.sqrt(dot(left, left) * dot(right, right));
      };
      const expected = Object.entries(TABLES)
        .map(([key, text]) => ({
          lesson: house.idOf(key),
          similarity: cosine([2, 1, 0, 0.1], vectorOf(text)),
        }))
        .sort((left, right) => right.similarity - left.similarity);
      expect(near.map(({ lesson }) => lesson)).toEqual(expected.map(({ lesson }) => lesson));
      near.forEach(({ similarity }, at) => {
        expect(similarity).toBeCloseTo(expected[at]?.similarity ?? 0, 3);
      });
      const { rows } = await database.pool.query<{ readonly definition: string }>(
        `select indexdef as definition from pg_indexes where tablename = 'lesson_embeddings'
         and indexdef like '%hnsw%'`,
      );
      expect(rows).toHaveLength(1);
    });
  },
);
