import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import { appendAudit } from './audit.js';
import { storableJson } from './storable.js';
import { withTenant } from './transaction.js';

export function disputeStore(pool: Pool): Pick<Store, 'disputeLessons'> {
  return {
    disputeLessons: (scope, lessons, { actor, reason, detail }) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ readonly lesson: string; readonly revision: number }>(
          `update lesson_revisions r set status = 'disputed'
           from json_to_recordset($3) as told(lesson text, revision integer)
           where r.tenant = $1 and r.agent = $2 and r.lesson = told.lesson
             and r.revision = told.revision and r.status = 'active'
           returning r.lesson, r.revision`,
          [scope.tenant, scope.agent, storableJson(lessons)],
        );
        if (rows.length === 0) return;
        await appendAudit(client, scope.tenant, {
          actor,
          action: 'disputed',
          object: { kind: 'agent', id: scope.agent },
          reason,
          detail: {
            ...detail,
            lessons: rows.map(({ lesson, revision }) => `${lesson}@${String(revision)}`).sort(),
          },
        });
      }),
  };
}
