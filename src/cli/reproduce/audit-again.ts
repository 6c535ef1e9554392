import type { AuditEntry } from '../../activities/store.js';
import { CANDIDATE_STATES, mayFollow, type CandidateState } from '../../domain/candidate.js';
import type { TenantId } from '../../domain/ids.js';
import { auditHash } from '../../store/audit.js';

/** How many states a candidate went through by its audit, and where that parts from what is stored. */
export interface AuditAgain {
  readonly transitions: number;
  readonly difference: string | null;
}

/** Walks the audited transitions of a candidate: each follows the one before, the last is its state. */
export function auditAgain(
  tenant: TenantId,
  audit: readonly AuditEntry[],
  state: CandidateState,
): AuditAgain {
  const ordered = [...audit].sort((left, right) => left.sequence - right.sequence);
  let current: CandidateState = 'open';
  let transitions = 0;
  const parted = (difference: string | null): AuditAgain => ({ transitions, difference });
  for (const entry of ordered) {
    const where = `audit[${String(entry.sequence)}]`;
    if (auditHash(tenant, entry) !== entry.hash) {
      return parted(`${where}.hash: stored ${entry.hash.slice(0, 12)}, derived another one`);
    }
    const before = stateIn(entry.detail['before']);
    const after = stateIn(entry.detail['after']);
    if (before === undefined || after === undefined) continue;
    transitions += 1;
    if (before !== current) return parted(`${where}.before: stored ${before}, derived ${current}`);
    if (!mayFollow(before, after)) {
      return parted(`${where}.after: stored ${after}, which may not follow ${before}`);
    }
    current = after;
  }
  return parted(current === state ? null : `candidate.state: stored ${state}, derived ${current}`);
}

function stateIn(value: unknown): CandidateState | undefined {
  return CANDIDATE_STATES.find((state) => state === value);
}
