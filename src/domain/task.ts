import type { Slices } from './episode.js';
import type { AgentId, EpisodeId, TaskId, TenantId } from './ids.js';
import type { JsonObject } from './json.js';

/** What an agent is asked to do. */
export interface Task {
  readonly tenant: TenantId;
  readonly agent: AgentId;
  readonly id: TaskId;
  readonly input: JsonObject;
  /** The person it came from. */
  readonly subject: string | null;
}

/** A task that was accepted: it has a number in the order of acceptance, from 1, without gap. */
export interface AcceptedTask extends Task {
  readonly number: number;
  readonly episode: EpisodeId;
  readonly slices: Slices;
}
