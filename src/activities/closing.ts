import type { CandidateId, Scope } from '../domain/ids.js';
import type { AgentRegistry } from './agent-registry.js';
import { candidateRow, permissionFor } from './candidate-reading.js';
import { activePointer } from './pointer-change.js';
import type { Store } from './store.js';

/** Closes a bundle on what serves, once: it takes nothing in, and waits for an evaluation slot. */
export async function closeOnActive(
  store: Store,
  agents: AgentRegistry,
  scope: Scope,
  id: CandidateId,
  title: string,
): Promise<void> {
  const opened = await candidateRow(store, scope.tenant, id);
  if (opened.version !== null) return;
  const { active } = await activePointer(store, scope);
  const version = await store.deriveVersion(scope, active, opened.bundle);
  const permission = await permissionFor(store, scope, opened, agents.agent(scope.agent));
  await store.closeBundle(scope, id, { baseline: active, version, permission, title });
}
