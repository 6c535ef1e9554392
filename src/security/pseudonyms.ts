import { createHmac } from 'node:crypto';

import type { TenantId } from '../domain/ids.js';

/** What an id names: the same text is another pseudonym for each. */
export type NamedKind = 'subject' | 'task' | 'run';

/** The name under which an id is stored whose own name must not be. */
export type PseudonymOf = (kind: NamedKind, id: string) => string;

/**
 * Pseudonyms of one tenant: equal ids have equal ones, so that what belongs together stays together, and
 * nobody without the key can tell an id from its pseudonym, nor tell by trying.
 */
export function pseudonyms(key: string, tenant: TenantId): PseudonymOf {
  return (kind, id) => {
    const digest = createHmac('sha256', key).update(`${tenant}\n${kind}\n${id}`).digest('hex');
    return `${kind}-${digest.slice(0, 24)}`;
  };
}
