import type { Pool } from 'pg';

import type { Store } from '../activities/store.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import type { Feedback } from '../domain/feedback.js';
import { digestOf } from '../contracts/digest.js';
import { storable, storableOrNull } from './storable.js';
import { withTenant } from './transaction.js';

const COLUMNS = 'id, episode, actor, role, score, correction, comment';

export function feedbackStore(pool: Pool): Pick<Store, 'putFeedback' | 'feedbackOf'> {
  return {
    putFeedback: (tenant, feedback) =>
      withTenant(pool, tenant, async (client) => {
        const given: Feedback = {
          id: feedback.id,
          episode: feedback.episode,
          actor: storable(feedback.actor),
          role: feedback.role,
          score: feedback.score,
          correction: storableOrNull(feedback.correction),
          comment: storableOrNull(feedback.comment),
        };
        const episodes = await client.query(
          'select 1 from episodes where tenant = $1 and episode = $2',
          [tenant, given.episode],
        );
        if (episodes.rows.length === 0) {
          throw new NotFoundError(
            'episode',
            given.episode,
            'ask `ratchet episodes` for those there are',
          );
        }
        const { rowCount } = await client.query(
          `insert into feedback (tenant, ${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict do nothing`,
          [
            tenant,
            given.id,
            given.episode,
            given.actor,
            given.role,
            given.score,
            given.correction,
            given.comment,
          ],
        );
        if (rowCount === 1) return { existing: false };

        const { rows } = await client.query<Feedback>(
          `select ${COLUMNS} from feedback where tenant = $1 and id = $2`,
          [tenant, given.id],
        );
        const [stored] = rows;
        if (stored === undefined || digestOf(stored) !== digestOf(given)) {
          throw new ConflictError(
            `feedback ${given.id}: found it stored with other content, expected the same; choose another id`,
          );
        }
        return { existing: true };
      }),

    feedbackOf: (tenant, episode) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<Feedback>(
          `select ${COLUMNS} from feedback where tenant = $1 and episode = $2 order by at, id`,
          [tenant, episode],
        );
        return rows;
      }),
  };
}
