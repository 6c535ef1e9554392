import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import type { LessonRef } from '../domain/strategy.js';
import { appendAudit } from './audit.js';
import { lockCandidate } from './candidates.js';
import { RESTS_ON_ERASED } from './erased-person.js';
import { withTenant } from './transaction.js';

export function releaseStore(pool: Pool): Pick<Store, 'releaseQuarantine'> {
  return {
    releaseQuarantine: (scope, { candidate, actor, reason, detail }) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { state, number } = await lockCandidate(client, scope.tenant, candidate);
        if (state !== 'rolled-back') return;
        // What a later bundle took along is that one's to speak for; what harmed by its own counts, or rests on too
        // little since a person was erased, stays where it is.
        const { rows } = await client.query<LessonRef>(
          `update lesson_revisions r set status = 'retired'
           from candidate_lessons c
           where c.tenant = $1 and c.candidate = $2 and r.tenant = c.tenant and r.agent = c.agent
             and r.lesson = c.lesson and r.revision = c.revision and r.status = 'quarantined'
             and r.rationale <> $4
             and not exists (
               select from candidate_lessons taken
               join candidates later on later.tenant = taken.tenant and later.candidate = taken.candidate
               where taken.tenant = c.tenant and taken.agent = c.agent and taken.lesson = c.lesson
                 and taken.revision = c.revision and later.number > $3
             )
             and not exists (
               select from audit a where a.tenant = c.tenant and a.action = 'quarantine'
                 and a.object_kind = 'lesson' and a.object_id = c.lesson || '@' || c.revision
             )
           returning r.lesson, r.revision`,
          [scope.tenant, candidate, number, RESTS_ON_ERASED],
        );
        if (rows.length === 0) return;
        const released = rows.map(({ lesson, revision }) => `${lesson}@${String(revision)}`).sort();
        await appendAudit(client, scope.tenant, {
          actor,
          action: 'released',
          object: { kind: 'candidate', id: candidate },
          reason,
          detail: { ...detail, released },
        });
      }),
  };
}
