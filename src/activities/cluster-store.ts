import type { SpectrumEpisode } from '../domain/attribution/spectrum.js';
import type { EpisodeId, TenantId } from '../domain/ids.js';

/** Episodes to compare one with. */
export interface ClusterStore {
  /**
   * The newest live episodes with an outcome of the same agent and the same slices as a live one, without
   * itself: at most so many failed and so many passed ones, among the five hundred tasks before and
   * after it.
   */
  cluster(tenant: TenantId, episode: EpisodeId, each: number): Promise<readonly SpectrumEpisode[]>;
}
