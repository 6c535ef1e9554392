import type { EpisodeId, Scope } from '../domain/ids.js';
import { allTerms, taskWords } from '../domain/retrieval/recall.js';
import type { AcceptedTask } from '../domain/task.js';
import type { RankedContext, ServedContext } from './lesson-recall.js';
import type { Strategy } from './strategy-cache.js';

/** So many tasks of a kind, the newest ones, have to have succeeded before their context serves again. */
const STREAK = 3;
const CAPACITY = 2_000;

/** Lessons that served tasks of a kind, the kind least recently asked for dropped first. */
export class KindContexts {
  readonly #contexts = new Map<string, ServedContext>();

  /** What served the newest tasks of a kind, where there were enough of them. */
  of(kind: string): ServedContext | undefined {
    const context = this.#contexts.get(kind);
    return context !== undefined && context.episodes.length >= STREAK ? context : undefined;
  }

  /** Another task of the kind was served; by other lessons than before, it starts anew. */
  remember(kind: string, episode: EpisodeId, ranked: RankedContext): void {
    const before = this.#contexts.get(kind);
    const isSame = before !== undefined && namesOf(before) === namesOf(ranked);
    const earlier = isSame ? before.episodes.filter((other) => other !== episode) : [];
    this.#contexts.delete(kind);
    this.#contexts.set(kind, {
      ...(isSame ? before : ranked),
      from: isSame ? before.from : episode,
      episodes: [...earlier, episode].slice(-STREAK),
    });
    const [oldest] = this.#contexts.keys();
    if (this.#contexts.size > CAPACITY && oldest !== undefined) this.#contexts.delete(oldest);
  }
}

/**
 * Tasks are of one kind on a version where their slices are the same and so are the words that any of its
 * lessons knows: of the words that no lesson speaks of only their number matters, and numbers do not.
 * Where lessons are found by meaning, every word may.
 */
export function kindOf(
  { tenant, agent }: Scope,
  strategy: Strategy,
  task: AcceptedTask,
  isByMeaning: boolean,
): string {
  const slices = Object.entries(task.slices).sort(([left], [right]) => (left < right ? -1 : 1));
  const { known, unknown } = isByMeaning
    ? { known: allTerms(task), unknown: 0 }
    : taskWords(strategy.index, task);
  return JSON.stringify([tenant, agent, strategy.row.id, slices, [...known].sort(), unknown]);
}

function namesOf({ found }: RankedContext): string {
  return found.map(({ lesson, revision }) => `${lesson}@${String(revision)}`).join(' ');
}
