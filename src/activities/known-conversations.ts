import type { Step } from '../domain/episode.js';
import type { EpisodeId, TenantId } from '../domain/ids.js';
import type { Conversation, OpenEpisode } from './store.js';

interface Known {
  /** The run of the workflow that the conversation was read for. */
  readonly run: string;
  readonly head: OpenEpisode;
  readonly steps: Map<number, Step>;
  characters: number;
}

const CAPACITY = 128;
/** A longer conversation is read again each time. */
const MAX_CHARACTERS = 200_000;

/**
 * Conversations that this process takes part in. A step never changes once it is stored, so what is here
 * is as good as a reading, as far as it is whole; the least recently used one is dropped first.
 */
export class KnownConversations {
  readonly #known = new Map<string, Known>();
  readonly #capacity: number;

  constructor(capacity: number = CAPACITY) {
    this.#capacity = capacity;
  }

  /** The conversation of `count` steps, where all of them and none after them were seen here, in `run` if told. */
  ofLength(
    tenant: TenantId,
    episode: EpisodeId,
    count: number,
    run?: string,
  ): Conversation | undefined {
    const key = keyOf(tenant, episode);
    const known = this.#known.get(key);
    if (known === undefined) return undefined;
    this.#known.delete(key);
    this.#known.set(key, known);
    const steps = Array.from({ length: count }, (_, index) => known.steps.get(index));
    const whole = steps.filter((step) => step !== undefined);
    const isWhole = whole.length === count && known.steps.size === count;
    return isWhole && known.run === (run ?? known.run)
      ? { head: known.head, steps: whole }
      : undefined;
  }

  /** What was read of a conversation. */
  read(tenant: TenantId, episode: EpisodeId, run: string, { head, steps }: Conversation): void {
    const key = keyOf(tenant, episode);
    this.#known.delete(key);
    this.#known.set(key, { run, head, steps: new Map(), characters: 0 });
    for (const step of steps) this.stored(tenant, episode, step);
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#capacity && oldest !== undefined) this.#known.delete(oldest);
  }

  /** A step as it is stored. */
  stored(tenant: TenantId, episode: EpisodeId, step: Step): void {
    const key = keyOf(tenant, episode);
    const known = this.#known.get(key);
    if (known === undefined || known.steps.has(step.index)) return;
    known.steps.set(step.index, step);
    known.characters += charactersOf(step);
    if (known.characters > MAX_CHARACTERS) this.#known.delete(key);
  }
}

function keyOf(tenant: TenantId, episode: EpisodeId): string {
  return `${tenant}/${episode}`;
}

function charactersOf(step: Step): number {
  if (step.kind === 'tool') return step.arguments.length + step.result.content.length;
  return step.toolCalls.reduce((sum, call) => sum + call.arguments.length, step.text.length);
}
