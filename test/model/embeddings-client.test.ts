import { afterEach, beforeEach, expect, test } from 'vitest';

import { ModelProtocolError, ModelUnavailableError } from '../../src/contracts/model-errors.js';
import { createEmbedder } from '../../src/model/embeddings-client.js';
import {
  startEmbeddingsEndpoint,
  vectorOf,
  type EmbeddingsEndpoint,
} from '../support/embeddings-endpoint.js';

let endpoint: EmbeddingsEndpoint;
beforeEach(async () => {
  endpoint = await startEmbeddingsEndpoint();
});
afterEach(() => endpoint.close());

function embed(texts: readonly string[], timeoutMs = 5_000) {
  const settings = { model: 'words', apiKey: null, queryMs: 100, minSimilarity: 0.3 };
  return createEmbedder({ ...settings, baseUrl: endpoint.url }).embed(texts, timeoutMs);
}

test('gives the vectors in the order of the texts, in whatever order they come', async () => {
  const texts = ['the singer', 'a stadium', 'nothing'];

  const vectors = await embed(texts);

  expect(vectors).toEqual(texts.map(vectorOf));
  expect(endpoint.requests).toEqual([texts]);
});

test('fails after the time it is given, as unavailable', async () => {
  endpoint.behave('slowly');

  await expect(embed(['a'], 50)).rejects.toThrow(ModelUnavailableError);
});

test('tells a server that fails from one that answers something else', async () => {
  endpoint.behave('with-500');
  await expect(embed(['a'])).rejects.toThrow(ModelUnavailableError);
  endpoint.behave('with-nonsense');
  await expect(embed(['a'])).rejects.toThrow(ModelProtocolError);
});

test('refuses fewer vectors than texts', async () => {
  endpoint.behave('with-one-less');

  await expect(embed(['a', 'b'])).rejects.toThrow(ModelProtocolError);
});
