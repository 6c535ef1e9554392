import type { Slices } from '../domain/episode.js';
import { sliceName } from '../domain/gate/slices.js';
import type { Scope } from '../domain/ids.js';
import {
  NO_UTILITY,
  shrunkTo,
  standingOf,
  total,
  upliftBound,
  type UpliftStanding,
  type Utility,
} from '../domain/utility/uplift.js';
import type { Store } from './store.js';

interface Revision {
  readonly id: string;
  readonly revision: number;
}

/** What is known of an agent's lessons at one moment. */
export class UtilitySnapshot {
  readonly #bySlice: ReadonlyMap<string, ReadonlyMap<string, Utility>>;

  constructor(bySlice: ReadonlyMap<string, ReadonlyMap<string, Utility>>) {
    this.#bySlice = bySlice;
  }

  standingOf(lesson: Revision): UpliftStanding {
    return standingOf(this.#bySlice.get(keyOf(lesson))?.get('') ?? NO_UTILITY);
  }

  /**
   * Lower bound of uplift for a task of these slices: that of the slice with most tasks without the
   * lesson, shrunk to the whole traffic. Undefined where the lesson was never compared with its absence.
   */
  boundOf(lesson: Revision, slices: Slices): number | undefined {
    const known = this.#bySlice.get(keyOf(lesson));
    const whole = known?.get('');
    if (known === undefined || whole === undefined || total(whole.heldOut) === 0) return undefined;
    const own = Object.entries(slices)
      .flatMap(([key, value]) => known.get(sliceName(key, value)) ?? [])
      .reduce<Utility>(
        (most, slice) => (total(slice.heldOut) > total(most.heldOut) ? slice : most),
        NO_UTILITY,
      );
    return upliftBound(shrunkTo(whole, own));
  }
}

/** How old a snapshot may be before another one is fetched, beside the task that found it so. */
const FRESH_MS = 10_000;

interface Entry {
  readonly snapshot: Promise<UtilitySnapshot>;
  readonly sinceMs: number;
}

/** Snapshots by agent. A task waits for the first one alone; later ones are fetched behind it. */
export class UtilitySnapshots {
  readonly #store: Pick<Store, 'utilities'>;
  readonly #entries = new Map<string, Entry>();

  constructor(store: Pick<Store, 'utilities'>) {
    this.#store = store;
  }

  async of(scope: Scope, nowMs: number): Promise<UtilitySnapshot> {
    const key = `${scope.tenant}/${scope.agent}`;
    const entry = this.#entries.get(key);
    if (entry === undefined) return this.#fetch(scope, key, nowMs);
    if (nowMs - entry.sinceMs > FRESH_MS) {
      const { snapshot } = entry;
      this.#entries.set(key, { snapshot, sinceMs: nowMs });
      void this.#load(scope).then(
        (fetched) => this.#entries.set(key, { snapshot: Promise.resolve(fetched), sinceMs: nowMs }),
        // What is known stays good; the next task asks again.
        () => this.#entries.set(key, { snapshot, sinceMs: 0 }),
      );
    }
    return entry.snapshot;
  }

  #fetch(scope: Scope, key: string, nowMs: number): Promise<UtilitySnapshot> {
    const snapshot = this.#load(scope);
    this.#entries.set(key, { snapshot, sinceMs: nowMs });
    snapshot.catch(() => this.#entries.delete(key));
    return snapshot;
  }

  async #load(scope: Scope): Promise<UtilitySnapshot> {
    const bySlice = new Map<string, Map<string, Utility>>();
    for (const { lesson, revision, slice, utility } of await this.#store.utilities(scope)) {
      const key = keyOf({ id: lesson, revision });
      const known = bySlice.get(key) ?? new Map<string, Utility>();
      bySlice.set(key, known.set(slice, utility));
    }
    return new UtilitySnapshot(bySlice);
  }
}

function keyOf({ id, revision }: Revision): string {
  return `${id}@${String(revision)}`;
}
