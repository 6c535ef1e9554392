import { pick, seeded, shuffled } from '../../sql-analyst/seeded.js';

/** What the depot of this example holds: invented, and the same for everybody. */

export const sites = ['kelp', 'dune', 'reef'] as const;
export type Site = (typeof sites)[number];
export const chambers = ['A', 'B', 'C', 'D'] as const;
export const kinds = ['cod', 'prawn', 'squid', 'berry'] as const;
export const states = ['fine', 'warm', 'icy'] as const;

export interface Lot {
  readonly lot: string;
  readonly kind: string;
  readonly chamber: string;
  readonly crates: number;
}

export interface Reading {
  readonly reading: string;
  readonly chamber: string;
  readonly state: string;
  readonly minutes: number;
}

export interface Stock {
  readonly lots: readonly Lot[];
  readonly readings: readonly Reading[];
}

/** How many of a collection have which value: from one part of an answer to five. */
const LOTS_IN = { A: 21, B: 16, C: 12, D: 6 };
const LOTS_OF = { cod: 23, prawn: 15, squid: 12, berry: 5 };
const READINGS_IN = { A: 23, B: 17, C: 12, D: 8 };
const READINGS_OF = { fine: 25, warm: 22, icy: 13 };

/** The stock of each site; two calls give equal values. */
export function stockOf(site: Site): Stock {
  const number = sites.indexOf(site) + 1;
  const random = seeded(97 * number);
  const kind = shuffled(repeated(LOTS_OF), random);
  const state = shuffled(repeated(READINGS_OF), random);
  const lots = shuffled(repeated(LOTS_IN), random).map((chamber, at) => ({
    lot: `L-${String(100 * number + at + 1)}`,
    kind: kind[at] ?? 'cod',
    chamber,
    crates: 2 + Math.floor(40 * random()),
  }));
  const minutes = [5, 10, 15, 20, 30];
  const readings = shuffled(repeated(READINGS_IN), random).map((chamber, at) => ({
    reading: `R-${String(1000 * number + at + 1)}`,
    chamber,
    state: state[at] ?? 'fine',
    minutes: pick(minutes, random),
  }));
  return { lots, readings };
}

function repeated(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).flatMap(([name, count]) =>
    Array.from({ length: count }, () => name),
  );
}
