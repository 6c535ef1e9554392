/** What should have stood in place of a step. */
export type Correction =
  | { readonly kind: 'call'; readonly tool: string; readonly arguments: string }
  | { readonly kind: 'text'; readonly text: string };

/** The rungs of the attribution ladder, cheapest first. */
export type BlameMethod = 'backward-slice' | 'spectrum' | 'critical-step' | 'forked-replay';

/** Which step of an episode caused its failure; `unknown` is an answer. */
export interface Blame {
  /** Index of the blamed step in the trajectory, null where nothing could be blamed. */
  readonly step: number | null;
  readonly method: BlameMethod | 'unknown';
  /** 0 … 1; how far the blame narrows the trajectory down, not a calibrated probability. */
  readonly confidence: number;
  readonly reason: string;
  /** Other steps that could be meant, likeliest first. */
  readonly alternatives: readonly number[];
  /** What should have stood there, where the method says so. */
  readonly correction?: Correction;
}

export function unknownBlame(reason: string): Blame {
  return { step: null, method: 'unknown', confidence: 0, reason, alternatives: [] };
}
