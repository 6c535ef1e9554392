import type { Pool } from 'pg';

import { candidateQueries, type CandidateQueries } from './candidate-queries.js';
import { episodeQueries, type EpisodeQueries } from './episode-queries.js';
import { strategyQueries, type StrategyQueries } from './strategy-queries.js';

/** What the command line and the pages look at; nothing here writes. */
export interface Queries extends EpisodeQueries, StrategyQueries, CandidateQueries {}

export function createQueries(pool: Pool): Queries {
  return { ...episodeQueries(pool), ...strategyQueries(pool), ...candidateQueries(pool) };
}
