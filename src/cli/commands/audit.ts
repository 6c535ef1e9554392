import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { z } from 'zod';

import { tenantId } from '../../contracts/ids.js';
import { InvalidInputError } from '../../domain/errors.js';
import type { TenantId } from '../../domain/ids.js';
import { verifyAudit, type AuditAnchor, type AuditCheck } from '../../store/audit.js';
import { createQueries } from '../../store/queries.js';
import { launchLog, type CommandContext } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { openDatabase } from '../house.js';

export interface AuditOptions {
  readonly anchor?: string;
}

const Anchor = z.strictObject({
  tenant: z.string(),
  sequence: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
type Anchor = z.infer<typeof Anchor>;

const TENANTS = 10_000;

/**
 * Recomputes the chain of every tenant, or of the one named, and compares it with the heads that were
 * written down before. Where all is intact the head is written down too, so that what is verified
 * today cannot be rewritten tomorrow: keep the file where the database's administrators cannot write.
 */
export async function verifyChains(
  { anchor }: AuditOptions,
  context: CommandContext,
): Promise<number> {
  const { config, shared, signal, io } = context;
  const file = anchor ?? join(config.home, 'audit-anchors.jsonl');
  const anchors = await anchorsIn(file);
  const database = await openDatabase({ config, log: launchLog(context, true), signal });
  try {
    const named = shared.tenant ?? (config.isTenantNamed ? config.tenant : undefined);
    const tenants =
      named === undefined
        ? await createQueries(database.pool).latestTenants(TENANTS)
        : [tenantId(named)];
    const chains: (AuditCheck & { readonly tenant: TenantId; readonly anchors: number })[] = [];
    for (const tenant of tenants) {
      const own = anchors.filter((each) => each.tenant === tenant);
      chains.push({
        tenant,
        anchors: own.length,
        ...(await verifyAudit(database.pool, tenant, own)),
      });
    }
    const broken = chains.filter(({ intact }) => !intact);
    if (broken.length === 0) await writeDown(file, chains, anchors);
    const text = chains.map(({ tenant, anchors: count, ...check }) => lineOf(tenant, check, count));
    io.result(
      { intact: broken.length === 0, anchor: file, tenants: chains },
      text.length === 0 ? 'No tenant, so no entry to verify.' : text.join('\n'),
    );
    return broken.length === 0 ? EXIT.ok : EXIT.conflict;
  } finally {
    await database.close();
  }
}

function lineOf(tenant: TenantId, check: AuditCheck, anchors: number): string {
  if (check.intact) {
    return `${tenant}: ${String(check.entries)} entries, intact, ${String(anchors)} anchors hold; head ${check.head}`;
  }
  return `${tenant}: BROKEN at entry ${String(check.sequence)}: found ${check.found}, expected ${check.expected}`;
}

async function anchorsIn(file: string): Promise<readonly Anchor[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new InvalidInputError(
      '--anchor',
      `a file that cannot be read: ${file}`,
      'a file of anchors',
      {
        cause: error,
      },
    );
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const parsed = Anchor.safeParse(jsonOf(line));
    if (parsed.success) return parsed.data;
    throw new InvalidInputError(
      `${file} line ${String(index + 1)}`,
      line.slice(0, 64),
      'an anchor {tenant, sequence, hash}',
    );
  });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Appends heads that are not written down yet. */
async function writeDown(
  file: string,
  chains: readonly (AuditCheck & { readonly tenant: TenantId })[],
  known: readonly (AuditAnchor & { readonly tenant: string })[],
): Promise<void> {
  const lines = chains.flatMap((chain): string[] => {
    if (!chain.intact || chain.entries === 0) return [];
    const { tenant, entries: sequence, head: hash } = chain;
    const isKnown = known.some((each) => each.tenant === tenant && each.sequence === sequence);
    return isKnown ? [] : [`${JSON.stringify({ tenant, sequence, hash })}\n`];
  });
  if (lines.length === 0) return;
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, lines.join(''));
}
