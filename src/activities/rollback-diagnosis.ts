import { versionId } from '../contracts/ids.js';
import { SYSTEM } from '../domain/feedback.js';
import { asksForDiagnosis } from '../domain/rollback.js';
import { candidateRow } from './candidate-reading.js';
import type { EvaluationDependencies } from './evaluation-activities.js';
import type { LearningActivities } from './learning-activities.js';
import { learnAnew } from './scoping.js';
import type { AuditEntry } from './store.js';

type RollbackDiagnosis = Pick<LearningActivities, 'planDiagnosis' | 'concludeRollback'>;

/** Entries of one candidate looked at; a life has a dozen. */
const ENTRIES = 1000;

const CONCLUSIONS = {
  regression: 'paired replay after the rollback: worse than what serves since; it stays back',
  drift:
    'paired replay after the rollback: not worse than what serves since; the world changed, and its lessons may be told again',
  unresolved: 'paired replay after the rollback: neither shown; it stays back',
} as const;

/** A promotion was taken back in probation at once: whether it or the world did the harm is told afterwards (GATE 2.6). */
export function createRollbackDiagnosis(dependencies: EvaluationDependencies): RollbackDiagnosis {
  const { store } = dependencies;
  return {
    async planDiagnosis({ tenant, agent, candidate }) {
      const scope = { tenant, agent };
      const { state } = await candidateRow(store, tenant, candidate);
      const audit = await store.auditOf(tenant, { kind: 'candidate', id: candidate }, ENTRIES);
      const rollback = audit.findLast(({ action }) => action === 'rolled-back');
      if (state !== 'rolled-back' || rollback === undefined) return null;
      if (!asksForDiagnosis(rollback) || isTold(audit, rollback)) return null;
      const { from, to, slice } = rollback.detail;
      if (typeof from !== 'string' || typeof to !== 'string') return null;
      const { reason, detail } = rollback;
      const cursor = await store.newestTask(scope);
      const versions = { version: versionId(from), baseline: versionId(to) };
      const fell = typeof slice === 'string' ? slice : null;
      return { ...versions, cursor, slice: fell, rollback: { reason, detail } };
    },

    async concludeRollback({ tenant, agent, candidate, conclusion, episodes, detail }) {
      const scope = { tenant, agent };
      const reason = CONCLUSIONS[conclusion];
      const said = { actor: SYSTEM, reason, detail };
      if (conclusion === 'drift') {
        // Released first: what recent failures teach may be what was taken back. Told last: a crash in between
        // leaves it to be diagnosed again.
        await store.releaseQuarantine(scope, { candidate, ...said });
        await learnAnew(dependencies, scope, episodes, { ...detail, candidate });
      }
      const object = { kind: 'candidate', id: candidate };
      await store.note(scope, { ...said, action: conclusion, object });
    },
  };
}

/** Whether the diagnosis of this rollback is on record. */
function isTold(audit: readonly AuditEntry[], rollback: AuditEntry): boolean {
  return audit.some(
    ({ action, sequence }) => sequence > rollback.sequence && Object.hasOwn(CONCLUSIONS, action),
  );
}
