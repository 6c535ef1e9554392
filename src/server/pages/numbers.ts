/** An effect of 0.123 as `+12.3`: points of success in a hundred. */
export function points(effect: number | null): string {
  if (effect === null) return '∞';
  const value = (100 * effect).toFixed(1);
  return effect > 0 ? `+${value}` : value.replace('-', '−');
}

export function share(successes: number, n: number): string {
  return n === 0 ? '–' : `${String(Math.round((100 * successes) / n))} %`;
}

export function shortId(id: string): string {
  return id.length > 12 ? `${id.slice(0, 12)}…` : id;
}

/** An instant to the second, in UTC. */
export function instant(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}
