import type { Pool, PoolClient } from 'pg';

import type { AuditEntry, Store } from '../activities/store.js';
import type { Actor } from '../domain/feedback.js';
import type { TenantId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import { digestOf } from '../contracts/digest.js';
import { storable, storableJson } from './storable.js';
import { withTenant } from './transaction.js';

/** What is written about one transition; number, time and hashes come from the chain. */
export interface AuditDraft {
  readonly actor: Actor;
  readonly action: string;
  readonly object: { readonly kind: string; readonly id: string };
  readonly reason: string;
  readonly detail: JsonObject;
}

/** The hash before the first entry of a tenant. */
export const GENESIS = '0'.repeat(64);

/** SHA-256 of everything an entry says, its place and its predecessor's hash included. */
export function auditHash(tenant: TenantId, entry: Omit<AuditEntry, 'hash'>): string {
  const { sequence, at, actor, action, object, reason, detail, previous } = entry;
  return digestOf({
    tenant,
    sequence,
    at,
    actor: { id: actor.id, role: actor.role },
    action,
    object: { kind: object.kind, id: object.id },
    reason,
    detail,
    previous,
  });
}

interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
  /** The database's clock, to the millisecond. */
  readonly at: Date;
}

/** What the next entry follows; nobody else appends until the transaction ends. */
export async function lockAuditHead(client: PoolClient, tenant: TenantId): Promise<AuditHead> {
  const { rows } = await client.query<AuditHead>({
    name: 'lock-audit-head',
    text: 'select sequence, hash, at from lock_audit_head($1)',
    values: [tenant],
  });
  const [head] = rows;
  if (head === undefined) throw new Error(`audit chain of tenant ${tenant} has no head`);
  return head;
}

/**
 * Appends to the tenant's chain and answers the entry's number. The head stays locked until the
 * transaction ends, so that entry and change land together and in one order.
 */
export async function appendAudit(
  client: PoolClient,
  tenant: TenantId,
  draft: AuditDraft,
): Promise<number> {
  const head = await lockAuditHead(client, tenant);
  const written = {
    sequence: head.sequence + 1,
    at: head.at.toISOString(),
    actor: draft.actor,
    action: draft.action,
    object: draft.object,
    reason: storable(draft.reason),
    detail: draft.detail,
    previous: head.hash,
  };
  const hash = auditHash(tenant, written);
  await client.query({
    name: 'append-audit',
    text: `with entry as (
        insert into audit (
          tenant, sequence, at, actor_id, actor_role, action, object_kind, object_id, reason, detail,
          previous, hash
        ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      )
      update audit_heads set sequence = $2, hash = $12 where tenant = $1`,
    values: [
      tenant,
      written.sequence,
      written.at,
      draft.actor.id,
      draft.actor.role,
      draft.action,
      draft.object.kind,
      draft.object.id,
      written.reason,
      storableJson(draft.detail),
      written.previous,
      hash,
    ],
  });
  return written.sequence;
}

interface AuditRow {
  readonly sequence: number;
  readonly at: Date;
  readonly actor_id: string;
  readonly actor_role: Actor['role'];
  readonly action: string;
  readonly object_kind: string;
  readonly object_id: string;
  readonly reason: string;
  readonly detail: JsonObject;
  readonly previous: string;
  readonly hash: string;
}

const COLUMNS =
  'sequence, at, actor_id, actor_role, action, object_kind, object_id, reason, detail, previous, hash';

function entryOf(row: AuditRow): AuditEntry {
  return {
    sequence: row.sequence,
    at: row.at.toISOString(),
    actor: { id: row.actor_id, role: row.actor_role },
    action: row.action,
    object: { kind: row.object_kind, id: row.object_id },
    reason: row.reason,
    detail: row.detail,
    hash: row.hash,
    previous: row.previous,
  };
}

export type AuditCheck =
  | { readonly intact: true; readonly entries: number; readonly head: string }
  | {
      readonly intact: false;
      /** The first entry that does not fit. */
      readonly sequence: number;
      readonly found: string;
      readonly expected: string;
    };

/** A head that was written down outside of the database. */
export interface AuditAnchor {
  readonly sequence: number;
  readonly hash: string;
}

/**
 * Recomputes a tenant's whole chain up to its head, and holds it to the anchors given: a chain that was
 * rewritten together with its head fits itself and no anchor from before.
 */
export async function verifyAudit(
  pool: Pool,
  tenant: TenantId,
  anchors: readonly AuditAnchor[] = [],
): Promise<AuditCheck> {
  return withTenant(pool, tenant, async (client) => {
    await client.query('set transaction isolation level repeatable read');
    const heads = await client.query<{ readonly sequence: number; readonly hash: string }>(
      'select sequence, hash from audit_heads where tenant = $1',
      [tenant],
    );
    const head = heads.rows[0] ?? { sequence: 0, hash: GENESIS };
    let sequence = 0;
    let previous = GENESIS;
    const wanted = new Map(anchors.map((anchor) => [anchor.sequence, anchor.hash]));
    for (;;) {
      const { rows } = await client.query<AuditRow>(
        `select ${COLUMNS} from audit where tenant = $1 and sequence > $2 order by sequence limit 1000`,
        [tenant, sequence],
      );
      if (rows.length === 0) break;
      for (const entry of rows.map(entryOf)) {
        const broken = misfit(tenant, entry, sequence + 1, previous);
        if (broken !== undefined) return { intact: false, sequence: sequence + 1, ...broken };
        const anchored = wanted.get(entry.sequence) ?? entry.hash;
        if (anchored !== entry.hash) {
          const { hash: found } = entry;
          const expected = `${anchored}, as the anchor says`;
          return { intact: false, sequence: entry.sequence, found: `hash ${found}`, expected };
        }
        sequence = entry.sequence;
        previous = entry.hash;
      }
    }
    if (head.sequence !== sequence || head.hash !== previous) {
      return {
        intact: false,
        sequence: Math.min(head.sequence, sequence) + 1,
        found: `${String(sequence)} entries ending in ${previous}`,
        expected: `${String(head.sequence)} entries ending in ${head.hash}, as the head says`,
      };
    }
    const beyond = Math.max(0, ...wanted.keys());
    if (beyond > sequence) {
      return {
        intact: false,
        sequence: sequence + 1,
        found: `${String(sequence)} entries`,
        expected: `at least ${String(beyond)}, as the anchor says`,
      };
    }
    return { intact: true, entries: sequence, head: previous };
  });
}

function misfit(
  tenant: TenantId,
  entry: AuditEntry,
  sequence: number,
  previous: string,
): { readonly found: string; readonly expected: string } | undefined {
  if (entry.sequence !== sequence) {
    return { found: `entry ${String(entry.sequence)}`, expected: `entry ${String(sequence)}` };
  }
  if (entry.previous !== previous) {
    return { found: `previous ${entry.previous}`, expected: `previous ${previous}` };
  }
  const hash = auditHash(tenant, entry);
  return hash === entry.hash
    ? undefined
    : { found: `hash ${entry.hash}`, expected: `hash ${hash}` };
}

/** Entries by their numbers, in order. */
export async function auditAt(
  client: PoolClient,
  tenant: TenantId,
  sequences: readonly number[],
): Promise<readonly AuditEntry[]> {
  const { rows } = await client.query<AuditRow>(
    `select ${COLUMNS} from audit where tenant = $1 and sequence = any($2) order by sequence`,
    [tenant, sequences],
  );
  return rows.map(entryOf);
}

export function auditStore(pool: Pool): Pick<Store, 'auditOf'> {
  return {
    auditOf: (tenant, object, limit) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<AuditRow>(
          `select ${COLUMNS} from (
             select ${COLUMNS} from audit
             where tenant = $1 and ($2::text is null or (object_kind = $2 and object_id = $3))
             order by sequence desc limit $4
           ) newest order by sequence`,
          [tenant, object?.kind ?? null, object?.id ?? null, limit],
        );
        return rows.map(entryOf);
      }),
  };
}
