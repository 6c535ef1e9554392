import { ConflictError, NotFoundError } from '../domain/errors.js';
import type { CandidateId, TenantId } from '../domain/ids.js';
import type { CandidateRow, Pointer, Store } from './store.js';

export async function candidateRow(
  store: Store,
  tenant: TenantId,
  candidate: CandidateId,
): Promise<CandidateRow> {
  const row = await store.candidate(tenant, candidate);
  if (row === null) {
    throw new NotFoundError('candidate', candidate, 'list them with `ratchet candidates`');
  }
  return row;
}

/** Refuses what a person decided while another version served than the one they believed to be active. */
export function assertActive(
  pointer: Pick<Pointer, 'active'>,
  expected: string | undefined,
  action: string,
): void {
  if (expected === undefined || expected === pointer.active) return;
  throw new ConflictError(
    `${action}: found version ${pointer.active} active, expected ${expected || 'none'}; ` +
      'look again and decide anew',
  );
}
