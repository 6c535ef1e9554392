import { mulberry32, seedOf } from '../../domain/random.js';
import type { Draw } from '../../domain/gate/simulation.js';

/** Runs something seeded many times: the number of runs, and the draws that a name and the seed decide. */
export interface Simulation {
  readonly runs: (published: number) => number;
  readonly draw: (name: string) => Draw;
  /** Called after each row of a table. */
  readonly tick: (label: string) => void;
}

/** `share` is the part of the published number of runs that is simulated here; twenty runs at least. */
export function simulation(
  seed: number,
  share: number,
  tick: (label: string) => void = () => undefined,
): Simulation {
  return {
    runs: (published) => Math.max(20, Math.round(published * share)),
    draw: (name) => mulberry32(seedOf('bench gate', name, String(seed))),
    tick,
  };
}

export function repeated<T>(runs: number, run: () => T): readonly T[] {
  return Array.from({ length: runs }, run);
}

export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** The share of the values that fit. */
export function shareOf<T>(values: readonly T[], fits: (value: T) => boolean): number {
  return values.filter(fits).length / values.length;
}
