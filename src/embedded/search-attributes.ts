import { setTimeout as sleep } from 'node:timers/promises';

import type { Connection } from '@temporalio/client';

import { SearchAttributesError } from './temporal-errors.js';

/** The search attributes every Ratchet run carries, with their Temporal types. */
export const searchAttributes = {
  RatchetTenant: 'Keyword',
  RatchetAgent: 'Keyword',
  RatchetStrategy: 'Keyword',
  RatchetCandidate: 'Keyword',
  RatchetMode: 'Keyword',
  RatchetVerdict: 'Keyword',
  RatchetSuccess: 'Bool',
  RatchetSlices: 'KeywordList',
} as const;

/** temporal.api.enums.v1.IndexedValueType: the numbers these types have on the wire. */
const wireTypes = { Keyword: 2, Bool: 5, KeywordList: 7 } as const;

const visibleWithinMs = 15_000;

/**
 * Adds the search attributes the namespace lacks and waits until the server knows them: a workflow
 * that sets an unknown one fails its tasks for ever without a word. Returns the names it added.
 */
export async function ensureSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<readonly string[]> {
  const missing = await missingAttributes(connection, namespace);
  if (missing.length === 0) return [];
  const wanted = Object.entries(searchAttributes)
    .filter(([name]) => missing.includes(name))
    .map(([name, type]) => [name, wireTypes[type]] as const);
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(wanted),
    });
  } catch (error) {
    throw cannotAdd(namespace, missing, error);
  }
  const deadline = Date.now() + visibleWithinMs;
  while ((await missingAttributes(connection, namespace)).length > 0) {
    if (Date.now() > deadline) throw cannotAdd(namespace, missing, undefined);
    await sleep(200);
  }
  return missing;
}

async function missingAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  for (const [name, type] of Object.entries(searchAttributes)) {
    const found: number | undefined = customAttributes[name];
    if (found !== undefined && found !== wireTypes[type]) {
      throw new SearchAttributesError(
        `Search attribute ${name} of namespace ${namespace} has wire type ${String(found)}, expected ` +
          `${type} (${String(wireTypes[type])}); use another namespace (TEMPORAL_NAMESPACE)`,
      );
    }
  }
  return Object.keys(searchAttributes).filter((name) => customAttributes[name] === undefined);
}

function cannotAdd(
  namespace: string,
  missing: readonly string[],
  cause: unknown,
): SearchAttributesError {
  const detail = cause instanceof Error ? cause.message : 'they did not appear within 15 s';
  const commands = missing.map((name) => {
    const type = Object.entries(searchAttributes).find(([key]) => key === name)?.[1] ?? 'Keyword';
    return `  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`;
  });
  return new SearchAttributesError(
    `Namespace ${namespace} lacks search attributes and they could not be added: ${detail}\n` +
      `Have an operator run:\n${commands.join('\n')}`,
    { cause },
  );
}
