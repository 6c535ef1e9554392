/**
 * Seeded randomness. Domain code has no other: a draw is a function of its seed, so that a replay, a
 * second worker and a person with a calculator all get the same one.
 */

/** Tommy Ettinger's mulberry32: 32 bits of state, uniform on [0, 1). Same seed, same sequence. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** FNV-1a over the UTF-16 code units of the parts, a separator between them; 32 bits, unsigned. */
export function seedOf(...parts: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    for (let index = 0; index < part.length; index += 1) {
      hash = Math.imul(hash ^ part.charCodeAt(index), 0x01000193);
    }
    hash = Math.imul(hash ^ 0x1f, 0x01000193);
  }
  return hash >>> 0;
}

/** A uniform draw on [0, 1) that depends on nothing but the parts. */
export function uniformOf(...parts: readonly string[]): number {
  return mulberry32(seedOf(...parts))();
}

/** Fisher-Yates: the numbers 0 … n-1 in an order that the seed alone decides. */
export function permutation(n: number, seed: number): number[] {
  const random = mulberry32(seed);
  const order = Array.from({ length: n }, (_, index) => index);
  for (let last = n - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const kept = order[last] ?? last;
    order[last] = order[other] ?? other;
    order[other] = kept;
  }
  return order;
}
