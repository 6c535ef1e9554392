import OpenAI from 'openai';

import type { Embedder } from '../activities/embedder.js';
import { EmbeddingReply } from '../contracts/embedding-reply.js';
import { ModelProtocolError, ModelUnavailableError } from '../contracts/model-errors.js';
import { singleLine } from '../contracts/plain-text.js';
import { modelFailureOf } from './model-failure.js';

export interface EmbeddingsOptions {
  readonly baseUrl: string | null;
  readonly apiKey: string | null;
  readonly model: string;
  readonly queryMs: number;
  readonly minSimilarity: number;
}

const OPENAI_URL = 'https://api.openai.com/v1';
/** Larger vectors have no place in the store. */
const MOST_DIMENSIONS = 4_000;

/** Asks the embeddings of an OpenAI-compatible endpoint, once: who asks decides what a failure means. */
export function createEmbedder(options: EmbeddingsOptions): Embedder {
  const { baseUrl, apiKey, model, queryMs, minSimilarity } = options;
  const client = new OpenAI({
    apiKey: apiKey ?? 'none',
    baseURL: baseUrl ?? OPENAI_URL,
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    logLevel: 'off',
  });
  return {
    model,
    queryMs,
    minSimilarity,
    embed: async (texts, timeoutMs) => {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        const reply: unknown = await client.embeddings.create(
          { model, input: [...texts], encoding_format: 'float' },
          { signal: deadline, timeout: timeoutMs + 1_000 },
        );
        return vectorsOf(reply, texts.length);
      } catch (error) {
        if (deadline.aborted) {
          const waited = `no embeddings within ${String(timeoutMs)} ms`;
          throw new ModelUnavailableError(waited, { cause: error });
        }
        throw modelFailureOf(error, Date.now());
      }
    },
  };
}

function vectorsOf(reply: unknown, expected: number): readonly (readonly number[])[] {
  const parsed = EmbeddingReply.safeParse(reply);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
    throw new ModelProtocolError(`HTTP 200 without embeddings (${singleLine(where)})`);
  }
  const inOrder = parsed.data.data
    .map(({ index, embedding }, at) => ({ index: index ?? at, embedding }))
    .sort((left, right) => left.index - right.index);
  const size = inOrder[0]?.embedding.length ?? 0;
  const isWhole =
    inOrder.length === expected &&
    inOrder.every(({ index, embedding }, at) => index === at && embedding.length === size);
  if (!isWhole) {
    const found = `${String(inOrder.length)} embeddings of a first size ${String(size)}`;
    throw new ModelProtocolError(`${found} for ${String(expected)} texts, or of different sizes`);
  }
  if (size > MOST_DIMENSIONS) {
    throw new ModelProtocolError(
      `embeddings of ${String(size)} numbers where ${String(MOST_DIMENSIONS)} are the most`,
    );
  }
  return inOrder.map(({ embedding }) => embedding);
}
