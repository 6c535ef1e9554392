import { ConflictError } from '../domain/errors.js';
import type { Scope } from '../domain/ids.js';
import type { Pointer, PointerChange, Store } from './store.js';

/** Races that one pointer change may lose before it is given up. */
const ATTEMPTS = 10;

/**
 * Changes the pointer by compare-and-set, deciding anew from what is there after each lost race.
 * `decide` answers null where nothing is to be changed.
 */
export async function changingPointer(
  store: Store,
  scope: Scope,
  decide: (pointer: Pointer) => Promise<PointerChange | null>,
  audit: Parameters<Store['changePointer']>[3],
): Promise<Pointer> {
  for (let attempt = 1; ; attempt += 1) {
    const pointer = await activePointer(store, scope);
    const change = await decide(pointer);
    if (change === null) return pointer;
    try {
      return await store.changePointer(scope, pointer.number, change, audit);
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * The same for a transition of a candidate that moves the pointer with it. `nothing` counts where the
 * pointer it was decided on still holds: the candidate may have moved between the two readings.
 */
export async function transitionWithPointer(
  store: Store,
  scope: Scope,
  decide: (pointer: Pointer) => Promise<
    | { readonly kind: 'move'; readonly transition: Parameters<Store['transition']>[1] }
    /** A change of the pointer that no candidate has part in. */
    | {
        readonly kind: 'change';
        readonly change: PointerChange;
        readonly audit: Parameters<Store['changePointer']>[3];
      }
    | { readonly kind: 'nothing' }
  >,
): Promise<Pointer> {
  for (let attempt = 1; ; attempt += 1) {
    const pointer = await activePointer(store, scope);
    const decided = await decide(pointer);
    if (decided.kind === 'nothing') {
      const after = await activePointer(store, scope);
      if (after.number === pointer.number || attempt === ATTEMPTS) return after;
      continue;
    }
    try {
      if (decided.kind === 'change') {
        return await store.changePointer(scope, pointer.number, decided.change, decided.audit);
      }
      const { pointer: moved } = await store.transition(scope, decided.transition);
      return moved ?? pointer;
    } catch (error) {
      const after = await activePointer(store, scope);
      const lostRace = error instanceof ConflictError && after.number !== pointer.number;
      if (!lostRace || attempt === ATTEMPTS) throw error;
    }
  }
}

export async function activePointer(store: Store, scope: Scope): Promise<Pointer> {
  const pointer = await store.pointer(scope);
  if (pointer === null) {
    throw new ConflictError(
      `agent ${scope.agent}: found no strategy version, expected a deployed agent; run a task first`,
    );
  }
  return pointer;
}
