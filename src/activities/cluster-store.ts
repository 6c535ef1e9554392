import type { SpectrumEpisode } from '../domain/attribution/spectrum.js';
import type { Slices } from '../domain/episode.js';
import type { EpisodeId, TaskId, TenantId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';

/** An episode like another one, and what it was about. */
export interface ClusterEpisode extends SpectrumEpisode {
  readonly episode: EpisodeId;
  readonly task: TaskId;
  readonly input: JsonObject;
  readonly slices: Slices;
  /** 0 … 1. */
  readonly score: number;
}

/** Episodes to compare one with. */
export interface ClusterStore {
  /**
   * Live episodes with an outcome of the same agent and the same slices as a live one, without itself: the
   * worst that failed and the best that passed, at most so many of each and of equal ones the newest,
   * among the five hundred tasks before and after it.
   */
  cluster(tenant: TenantId, episode: EpisodeId, each: number): Promise<readonly ClusterEpisode[]>;
}
