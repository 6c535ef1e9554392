import type { Actor } from '../domain/feedback.js';
import type { Scope, TenantId } from '../domain/ids.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { SpendLimits } from '../domain/learning-budget.js';

export interface AuditEntry {
  readonly sequence: number;
  readonly at: string;
  readonly actor: Actor;
  readonly action: string;
  readonly object: { readonly kind: string; readonly id: string };
  readonly reason: string;
  readonly detail: JsonObject;
  readonly hash: string;
  readonly previous: string;
}

/** What was done and spent, and the histories of closed workflows. */
export interface AuditStore {
  /** An audit entry that goes with no other change. */
  note(
    scope: Scope,
    entry: Pick<AuditEntry, 'actor' | 'action' | 'object' | 'reason' | 'detail'>,
  ): Promise<void>;
  auditOf(
    tenant: TenantId,
    object: { readonly kind: string; readonly id: string } | null,
    limit: number,
  ): Promise<readonly AuditEntry[]>;
  spentShadowRuns(scope: Scope): Promise<number>;
  /** Whether today's learning has nothing left of these limits for another call. */
  isLearningSpent(scope: Scope, limits: SpendLimits): Promise<boolean>;
  /**
   * Begins a paid call of today's learning, where there is room for it beside those under way; answers the day it
   * is counted in, null where there is none.
   */
  beginLearningCall(scope: Scope, limits: SpendLimits): Promise<string | null>;
  /** Ends it with what it came to; nothing where it failed. */
  endLearningCall(
    scope: Scope,
    day: string,
    spent: { readonly tokens: number; readonly microUsd: number },
  ): Promise<void>;
  archiveHistory(tenant: TenantId, workflowId: string, runId: string, history: Json): Promise<void>;
  archivedHistories(
    tenant: TenantId,
    workflowId: string,
  ): Promise<readonly { readonly runId: string; readonly history: Json }[]>;
}
