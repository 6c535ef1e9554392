import { expect, test } from 'vitest';

import type { Embedder } from '../../src/activities/embedder.js';
import type { Strategy } from '../../src/activities/strategy-cache.js';
import { VectorRecall } from '../../src/activities/vector-recall.js';
import type { NearRevision } from '../../src/activities/vector-store.js';
import { lessonId, versionId } from '../../src/contracts/ids.js';
import { indexLessons } from '../../src/domain/retrieval/recall.js';
import { aLesson } from '../domain/retrieval/a-lesson.js';
import { aRoot, aScope } from '../support/store-builders.js';

const SCOPE = aScope();
const VERSION = versionId('v1');
const REQUEST = { task: { slices: {}, input: { question: 'How many vocalists?' } }, limit: 3 };

function strategyOf(...ids: readonly string[]): Strategy {
  const { policyDigest, toolDigests, parameters } = aRoot();
  const definition = { policyDigest, toolDigests, parameters };
  return {
    row: { id: VERSION, parent: null, ...definition, definition },
    index: indexLessons(ids.map((id) => aLesson(id, `text of ${id}`))),
  };
}

function near(id: string, similarity: number, revision = 1): NearRevision {
  return { lesson: lessonId(id), revision, similarity };
}

/** A store of vectors in memory, and an endpoint that counts what it is asked. */
class FakeVectors implements Embedder {
  readonly model = 'made-up';
  readonly queryMs = 50;
  readonly minSimilarity = 0.3;
  readonly asked: (readonly string[])[] = [];
  readonly stored: string[] = [];
  readonly widths: number[] = [];
  nowMs = 0;
  hasExtension = true;
  isDown = false;
  isSearchBroken = false;
  unembeddedLeft = ['h1', 'h2'];
  found: readonly NearRevision[] = [];

  async embed(texts: readonly string[]): Promise<readonly (readonly number[])[]> {
    this.asked.push(texts);
    if (this.isDown) throw new Error('no endpoint');
    return texts.map(() => [1, 0]);
  }
  async canSearchVectors(): Promise<boolean> {
    return this.hasExtension;
  }
  async unembedded() {
    return this.unembeddedLeft.map((contentHash) => ({
      contentHash,
      content: {
        kind: 'tool-note' as const,
        title: contentHash,
        trigger: { predicates: [], when: '', notWhen: '' },
        body: { form: 'text' as const, text: 'a note' },
      },
    }));
  }
  async putEmbeddings(
    _scope: unknown,
    _model: string,
    embedded: readonly { readonly contentHash: string }[],
  ): Promise<void> {
    this.stored.push(...embedded.map(({ contentHash }) => contentHash));
    this.unembeddedLeft = [];
  }
  async nearestRevisions(
    _scope: unknown,
    _model: string,
    _embedding: unknown,
    width: number,
  ): Promise<readonly NearRevision[]> {
    this.widths.push(width);
    if (this.isSearchBroken) throw new Error('no database');
    return this.found.slice(0, width);
  }
  recall(): VectorRecall {
    return new VectorRecall(this, this, () => this.nowMs);
  }
}

test('gives the lessons of the version that are near enough, nearest first', async () => {
  const vectors = new FakeVectors();
  vectors.found = [near('a', 0.9), near('of-another-version', 0.8), near('b', 0.5), near('c', 0.2)];

  const search = await vectors.recall().near(SCOPE, strategyOf('b', 'a', 'c'), REQUEST);

  expect(search).toEqual({
    used: true,
    model: 'made-up',
    near: [
      { lesson: 'a', similarity: 0.9 },
      { lesson: 'b', similarity: 0.5 },
    ],
  });
  expect(vectors.asked).toEqual([['How many vocalists?']]);
});

test('passes over a revision that the version does not serve', async () => {
  const vectors = new FakeVectors();
  vectors.found = [near('a', 0.9, 2)];

  expect(await vectors.recall().near(SCOPE, strategyOf('a'), REQUEST)).toMatchObject({ near: [] });
});

test('asks for more where other versions fill what was asked for first', async () => {
  const vectors = new FakeVectors();
  const others = Array.from({ length: 150 }, (_, at) => near(`other-${String(at)}`, 0.9));
  vectors.found = [...others, near('a', 0.8)];

  const search = await vectors.recall().near(SCOPE, strategyOf('a'), REQUEST);

  expect(search).toMatchObject({ used: true, near: [{ lesson: 'a', similarity: 0.8 }] });
  expect(vectors.widths).toEqual([100, 1_000]);
});

test('says why the words alone decide', async () => {
  const strategy = strategyOf('a');
  const why = async (change: (vectors: FakeVectors) => void): Promise<unknown> => {
    const vectors = new FakeVectors();
    change(vectors);
    const search = await vectors.recall().near(SCOPE, strategy, REQUEST);
    return search.used ? null : search.why;
  };

  expect(await why((vectors) => (vectors.hasExtension = false))).toBe('no-extension');
  expect(await why((vectors) => (vectors.isDown = true))).toBe('no-query-vector');
  expect(await why((vectors) => (vectors.isSearchBroken = true))).toBe('search-failed');
  expect(await why(() => undefined)).toBeNull();
});

test('leaves an endpoint that failed alone for half a minute', async () => {
  const vectors = new FakeVectors();
  const recall = vectors.recall();
  const ask = async () => recall.near(SCOPE, strategyOf('a'), REQUEST);
  vectors.isDown = true;
  await ask();
  vectors.isDown = false;

  vectors.nowMs = 29_000;
  expect(await ask()).toMatchObject({ used: false, why: 'paused' });
  vectors.nowMs = 31_000;
  expect(await ask()).toMatchObject({ used: true });
  expect(vectors.asked).toHaveLength(2);
});

test('embeds a question once, however often it is asked', async () => {
  const vectors = new FakeVectors();
  const recall = vectors.recall();

  await Promise.all([1, 2, 3].map(() => recall.near(SCOPE, strategyOf('a'), REQUEST)));

  expect(vectors.asked).toEqual([['How many vocalists?']]);
});

test('gives the lessons of a version their vectors once', async () => {
  const vectors = new FakeVectors();
  const recall = vectors.recall();

  const done = await Promise.all([1, 2].map(() => recall.prepare(SCOPE, VERSION)));

  expect(done).toEqual([true, true]);
  expect(vectors.stored).toEqual(['h1', 'h2']);
  expect(vectors.asked).toEqual([['h1\na note', 'h2\na note']]);
});

test('tries a version again whose lessons could not be embedded', async () => {
  const vectors = new FakeVectors();
  const recall = vectors.recall();
  vectors.isDown = true;

  expect(await recall.prepare(SCOPE, VERSION)).toBe(false);
  vectors.isDown = false;
  vectors.nowMs = 31_000;
  expect(await recall.prepare(SCOPE, VERSION)).toBe(true);
  expect(vectors.stored).toEqual(['h1', 'h2']);
});
