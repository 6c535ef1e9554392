import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import { auditStore } from './audit.js';
import { candidateStore } from './candidates.js';
import { clusterStore } from './cluster.js';
import { deployStore } from './deploy.js';
import { disputeStore } from './disputes.js';
import { callStore } from './effects.js';
import { episodeStore } from './episodes.js';
import { evidenceStore } from './evidence.js';
import { feedbackStore } from './feedback.js';
import { historyStore } from './histories.js';
import { journalStore } from './journal.js';
import { judgementStore } from './judgements.js';
import { learningSpendStore } from './learning-spend.js';
import { maintenanceStore } from './maintenance.js';
import { mergeStore } from './merge.js';
import { outcomeReferenceStore } from './outcome-reference.js';
import { outcomeStore } from './outcomes.js';
import { pinnedStore } from './pinned.js';
import { pointerStore } from './pointer.js';
import { progressStore } from './progress.js';
import { proposalStore } from './proposals.js';
import { releaseStore } from './release.js';
import { bisectStore } from './bisect.js';
import { secondTryStore } from './second-try.js';
import { stepStore } from './steps.js';
import { taskStore } from './tasks.js';
import { transitionStore } from './transition.js';
import { utilityStore } from './utility.js';
import { vectorStore } from './vectors.js';
import { versionStore } from './versions.js';

/**
 * The store on Postgres; `migrate` and `checkDatabase` come first. Rows were written by these same typed
 * calls under the schema's constraints, so they are mapped and not parsed again.
 */
export function createStore(pool: Pool): Store {
  return {
    ...taskStore(pool),
    ...episodeStore(pool),
    ...stepStore(pool),
    ...callStore(pool),
    ...clusterStore(pool),
    ...feedbackStore(pool),
    ...judgementStore(pool),
    ...versionStore(pool),
    ...pointerStore(pool),
    ...deployStore(pool),
    ...proposalStore(pool),
    ...mergeStore(pool),
    ...candidateStore(pool),
    ...secondTryStore(pool),
    ...bisectStore(pool),
    ...transitionStore(pool),
    ...releaseStore(pool),
    ...disputeStore(pool),
    ...evidenceStore(pool),
    ...pinnedStore(pool),
    ...outcomeStore(pool),
    ...outcomeReferenceStore(pool),
    ...auditStore(pool),
    ...historyStore(pool),
    ...learningSpendStore(pool),
    ...journalStore(pool),
    ...progressStore(pool),
    ...utilityStore(pool),
    ...vectorStore(pool),
    ...maintenanceStore(pool),
  };
}
