/** Turns texts into vectors; near vectors mean alike. */
export interface Embedder {
  readonly model: string;
  /** Longest a task waits for the vector of its question. */
  readonly queryMs: number;
  /** What is less alike than this, -1 … 1, is not about a task. */
  readonly minSimilarity: number;
  /** One vector a text, in their order, all of one size. Fails after `timeoutMs`. */
  embed(texts: readonly string[], timeoutMs: number): Promise<readonly (readonly number[])[]>;
}
