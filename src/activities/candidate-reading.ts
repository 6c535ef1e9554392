import { permissionsOf, type Agent } from '../contracts/agent.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import type { CandidateId, Scope, TenantId } from '../domain/ids.js';
import { LAYER_OF_KIND } from '../domain/lesson.js';
import { strictestPermission, type Permission } from '../domain/strategy.js';
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

/** The strictest permission of the layers a bundle touches: by what it puts, takes away, or sets. */
export async function permissionFor(
  store: Store,
  scope: Scope,
  { bundle, lessons }: Pick<CandidateRow, 'bundle' | 'lessons'>,
  agent: Agent,
): Promise<Permission> {
  const removed = await Promise.all(
    bundle.remove.map((lesson) => store.latestRevision(scope, lesson)),
  );
  const kinds = [...lessons, ...removed].flatMap((lesson) =>
    lesson === null ? [] : [lesson.kind],
  );
  const layers = kinds.map((kind) => LAYER_OF_KIND[kind]);
  const hasParameters = Object.keys(bundle.parameters).length > 0;
  return strictestPermission(
    hasParameters ? [...layers, 'parameters'] : layers,
    permissionsOf(agent),
  );
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
