import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import { ConflictError } from '../domain/errors.js';
import type { JournalEntry } from '../domain/learner-journal.js';
import { storableJson } from './storable.js';
import { withTenant } from './transaction.js';

export function journalStore(pool: Pool): Pick<Store, 'journal' | 'addToJournal'> {
  return {
    journal: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly entry: JournalEntry }>(
          'select entry from learner_journal where tenant = $1 and agent = $2 order by number',
          [scope.tenant, scope.agent],
        );
        return rows.map(({ entry }) => entry);
      }),

    addToJournal: (scope, after, entries) =>
      withTenant(pool, scope.tenant, async (client) => {
        const numbered = entries.map((entry, index) => ({ number: after + index + 1, entry }));
        const given = storableJson(numbered);
        await client.query(
          `insert into learner_journal (tenant, agent, number, entry)
           select $1, $2, number, entry
           from jsonb_to_recordset($3) as given(number integer, entry jsonb)
           on conflict do nothing`,
          [scope.tenant, scope.agent, given],
        );
        const { rows } = await client.query<{ readonly number: number }>(
          `select given.number from jsonb_to_recordset($3) as given(number integer, entry jsonb)
           join learner_journal j on j.tenant = $1 and j.agent = $2 and j.number = given.number
           where j.entry <> given.entry order by given.number limit 1`,
          [scope.tenant, scope.agent, given],
        );
        const [other] = rows;
        if (other !== undefined) {
          throw new ConflictError(
            `journal of ${scope.agent}: found entry ${String(other.number)} written by another learner, ` +
              'expected the same; read it anew',
          );
        }
      }),
  };
}
