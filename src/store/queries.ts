import type { Pool } from 'pg';

import { candidateQueries, type CandidateQueries } from './candidate-queries.js';
import { episodeQueries, type EpisodeQueries } from './episode-queries.js';
import { importQueries, type ImportQueries } from './import-queries.js';
import { proposalQueries, type ProposalQueries } from './proposal-queries.js';
import { reviewQueries, type ReviewQueries } from './review-queries.js';
import { strategyQueries, type StrategyQueries } from './strategy-queries.js';

/** What the command line and the pages look at; nothing here writes. */
export interface Queries
  extends
    EpisodeQueries,
    ImportQueries,
    StrategyQueries,
    CandidateQueries,
    ProposalQueries,
    ReviewQueries {}

export function createQueries(pool: Pool): Queries {
  return {
    ...episodeQueries(pool),
    ...importQueries(pool),
    ...strategyQueries(pool),
    ...candidateQueries(pool),
    ...proposalQueries(pool),
    ...reviewQueries(pool),
  };
}
