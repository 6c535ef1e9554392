/** An effect of 0.123 as `+12.3`: points of success in a hundred. */
export function points(effect: number | null): string {
  if (effect === null) return 'unbounded';
  return `${effect > 0 ? '+' : ''}${(100 * effect).toFixed(1)}`;
}

export function scoreText(score: number | null): string {
  return score === null ? 'unknown' : String(Math.round(score * 1000) / 1000);
}

/** An instant to the second, in UTC. */
export function instant(iso: string | null): string {
  return iso === null ? '' : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

/** A count with its noun: `1 lesson`, `2 lessons`. */
export function countOf(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
