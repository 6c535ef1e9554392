import { addPair, type GateState } from '../../domain/gate/gate.js';
import type { GatePair } from '../../domain/gate/pair.js';

/**
 * Puts pairs to a gate, each task once: what a task did again is no independent draw, and thirty pairs of one task are
 * one (GATE 2.2). A workflow draws each task once; here the first pair of a task is the one that counts, and the rest
 * are passed over. Tasks are kept of pairs that counted alone, of which a gate takes some hundreds.
 */
export class DistinctPairs {
  readonly #tasks = new Set<string>();
  #index = 0;
  #repeats = 0;

  /** Pairs passed over so far. */
  get repeats(): number {
    return this.#repeats;
  }

  add(gate: GateState, { task, ...pair }: GatePair & { readonly task: string }): GateState {
    if (gate.decision !== undefined) return gate;
    if (this.#tasks.has(task)) {
      this.#repeats += 1;
      return gate;
    }
    const next = addPair(gate, { ...pair, task, index: this.#index });
    this.#index += 1;
    if (gate.phase === 'effect' || next.slices !== gate.slices) this.#tasks.add(task);
    return next;
  }
}
