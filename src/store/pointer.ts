import type { Pool, PoolClient } from 'pg';

import type { Pointer, PointerChange, Store } from '../activities/store.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import type { CandidateId, Scope, VersionId } from '../domain/ids.js';
import { appendAudit, type AuditDraft } from './audit.js';
import { digestOf } from '../contracts/digest.js';
import { storable, storableJson } from './storable.js';
import { withTenant } from './transaction.js';

export interface PointerRow {
  readonly number: number;
  readonly active: VersionId;
  readonly canary_candidate: CandidateId | null;
  readonly canary_version: VersionId | null;
  readonly canary_share: number | null;
  /** `bigint` comes as text. */
  readonly canary_seed: string | null;
  readonly exceptions: Readonly<Record<string, VersionId>>;
  readonly pinned: VersionId | null;
  readonly frozen: boolean;
}

function pointerOf(row: PointerRow): Pointer {
  const { canary_candidate, canary_version, canary_share, canary_seed } = row;
  const canary =
    canary_candidate === null ||
    canary_version === null ||
    canary_share === null ||
    canary_seed === null
      ? null
      : {
          candidate: canary_candidate,
          version: canary_version,
          share: canary_share,
          seed: Number(canary_seed),
        };
  const { number, active, exceptions, pinned, frozen } = row;
  return { number, active, canary, exceptions, pinned, frozen };
}

const COLUMNS = `number, active, canary_candidate, canary_version, canary_share, canary_seed, exceptions,
  pinned, frozen`;

export function pointerQuery({ tenant, agent }: Scope) {
  return {
    name: 'pointer',
    text: `select ${COLUMNS} from pointers where tenant = $1 and agent = $2`,
    values: [tenant, agent],
  };
}

export function pointerIn([row]: readonly PointerRow[]): Pointer | null {
  return row === undefined ? null : pointerOf(row);
}

export async function readPointer(client: PoolClient, scope: Scope): Promise<Pointer | null> {
  const { rows } = await client.query<PointerRow>(pointerQuery(scope));
  return pointerIn(rows);
}

/** Reads the pointer and keeps others from changing it until the transaction ends. */
export async function lockPointer(client: PoolClient, scope: Scope): Promise<Pointer | null> {
  const { rows } = await client.query<PointerRow>({
    name: 'lock-pointer',
    text: `select ${COLUMNS} from pointers where tenant = $1 and agent = $2 for update`,
    values: [scope.tenant, scope.agent],
  });
  const [row] = rows;
  return row === undefined ? null : pointerOf(row);
}

/** Writes the first row of an agent's pointer; its change is number 1. */
export async function insertPointer(
  client: PoolClient,
  scope: Scope,
  active: VersionId,
  audit: AuditDraft,
): Promise<Pointer> {
  const pointer: Pointer = {
    number: 1,
    active,
    canary: null,
    exceptions: {},
    pinned: null,
    frozen: false,
  };
  await client.query(
    `insert into pointers (tenant, agent, number, active) values ($1, $2, 1, $3)`,
    [scope.tenant, scope.agent, active],
  );
  await insertChange(client, scope, pointer, digestOf({ active }), audit);
  return pointer;
}

/**
 * Moves the pointer if it is still at change `expected`, with exactly one audit entry. Repeating a
 * request that has landed answers the pointer that it made; any other stale one is a ConflictError.
 */
export async function movePointer(
  client: PoolClient,
  scope: Scope,
  expected: number,
  change: PointerChange,
  audit: AuditDraft,
): Promise<Pointer> {
  const { actor, action, object, reason, detail } = audit;
  const request = digestOf({ change, actor, action, object, reason, detail });
  const found = await lockPointer(client, scope);
  if (found === null) {
    throw new NotFoundError('agent', scope.agent, 'deploy it before its pointer is changed');
  }
  if (found.number !== expected) {
    const landed = await ownChange(client, scope, expected + 1, request);
    if (landed !== null) return landed;
    throw new ConflictError(
      `pointer of agent ${scope.agent}: found change ${String(found.number)}, ` +
        `expected ${String(expected)}; read it again and decide anew`,
    );
  }
  const next: Pointer = { ...found, ...change, number: expected + 1 };
  await client.query(
    `update pointers set number = $4, active = $5, canary_candidate = $6, canary_version = $7,
       canary_share = $8, canary_seed = $9, exceptions = $10, pinned = $11, frozen = $12
     where tenant = $1 and agent = $2 and number = $3`,
    [
      scope.tenant,
      scope.agent,
      expected,
      next.number,
      next.active,
      next.canary?.candidate ?? null,
      next.canary?.version ?? null,
      next.canary?.share ?? null,
      next.canary?.seed ?? null,
      storableJson(next.exceptions),
      next.pinned,
      next.frozen,
    ],
  );
  await insertChange(client, scope, next, request, {
    ...audit,
    detail: { ...detail, pointer: { from: found.number, to: next.number } },
  });
  return next;
}

async function insertChange(
  client: PoolClient,
  scope: Scope,
  pointer: Pointer,
  request: string,
  audit: AuditDraft,
): Promise<void> {
  const sequence = await appendAudit(client, scope.tenant, audit);
  await client.query(
    `insert into pointer_changes (
       tenant, agent, number, active, canary, exceptions, pinned, frozen, request_digest, audit_sequence
     ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      scope.tenant,
      scope.agent,
      pointer.number,
      pointer.active,
      pointer.canary === null ? null : storableJson(pointer.canary),
      storableJson(pointer.exceptions),
      pointer.pinned,
      pointer.frozen,
      request,
      sequence,
    ],
  );
}

async function ownChange(
  client: PoolClient,
  scope: Scope,
  number: number,
  request: string,
): Promise<Pointer | null> {
  const { rows } = await client.query<Pointer>(
    `select number, active, canary, exceptions, pinned, frozen from pointer_changes
     where tenant = $1 and agent = $2 and number = $3 and request_digest = $4`,
    [scope.tenant, scope.agent, number, request],
  );
  return rows[0] ?? null;
}

export function pointerStore(pool: Pool): Pick<Store, 'pointer' | 'changePointer'> {
  return {
    pointer: (scope) => withTenant(pool, scope.tenant, (client) => readPointer(client, scope)),

    changePointer: (scope, expected, change, audit) =>
      withTenant(pool, scope.tenant, async (client) => {
        const moved = await movePointer(client, scope, expected, change, {
          ...audit,
          object: { kind: 'agent', id: scope.agent },
        });
        if (change.canary != null) await sayOfCanary(client, scope, change.canary, audit.reason);
        return moved;
      }),
  };
}

/** A canary that widened stays in its state: what is said of it there keeps up with its share. */
async function sayOfCanary(
  client: PoolClient,
  { tenant, agent }: Scope,
  { candidate, share }: NonNullable<Pointer['canary']>,
  reason: string,
): Promise<void> {
  await client.query(
    `update candidates set reason = $4
     where tenant = $1 and candidate = $3 and state = 'canary' and exists (
       select 1 from pointers
       where tenant = $1 and agent = $2 and canary_candidate = $3 and canary_share = $5)`,
    [tenant, agent, candidate, storable(reason), share],
  );
}
