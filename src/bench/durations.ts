/** The value below which a share of the values lies: the nearest one that was measured. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? Number.NaN;
}

/** The middle value; of an even number of them the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** Milliseconds to a hundredth, as far as a clock of this machine can be believed. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Milliseconds, to a hundredth. */
export function percentilesOf(values: readonly number[]): Percentiles {
  const at = (share: number): number => rounded(percentile(values, share));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
