import { mulberry32 } from '../../../src/domain/random.js';

/** The reference sequences of paired differences that published vectors refer to by letter. */
export const A = [1, 1, 1, 1, 1];

export const B = [
  1, 0, 0, 1, -1, 0, 1, 1, 0, 0, 1, 0, -1, 1, 1, 0, 1, 0, 1, 1, 0, 1, -1, 1, 0, 1, 1, 0, 1, 1,
];

export const Cf = [0.5, -0.25, 0.1, 0.75, 0, -0.4, 0.3, 0.2, 1, -1, 0.6, 0.05];

export const T = Array.from({ length: 40 }, () => 0);

export const Eh = [
  -1, -1, 0, 1, -1, 0, -1, -1, 0, 1, -1, 0, -1, 0, -1, 1, 0, -1, -1, 0, 1, -1, 0, -1,
];

/** 200 draws of mulberry32(12345): 52 wins, 14 losses. */
export const F = drawDifferences(200, 12345);

function drawDifferences(count: number, seed: number): readonly number[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, () => {
    const u = random();
    if (u < 0.275) return 1;
    return u < 0.35 ? -1 : 0;
  });
}
