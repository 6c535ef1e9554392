import type { PoolClient } from 'pg';

import type { TaskEnd } from '../domain/episode.js';
import type { EpisodeId, TaskId, TenantId } from '../domain/ids.js';
import { implicitSignal } from '../domain/implicit-signal.js';
import type { JsonObject } from '../domain/json.js';

/** A subject who comes back later than this speaks of something else (the attribution window, GATE 2.7). */
const FOLLOW_UP_HOURS = 24;

interface FollowUp {
  readonly subject: string;
  readonly task: TaskId;
  readonly input: JsonObject;
  readonly earlier: EpisodeId;
  readonly earlier_input: JsonObject;
  readonly output: string | null;
  readonly task_end: TaskEnd | null;
}

/**
 * Writes what a live task says of the one its subject asked the same agent before, and answers the
 * episode that was so judged: null where there is none, or nothing was said, or it was judged already.
 */
export async function readFollowUp(
  client: PoolClient,
  tenant: TenantId,
  episode: EpisodeId,
): Promise<EpisodeId | null> {
  const { rows } = await client.query<FollowUp>(
    `select t.subject, t.task, t.input, before.episode as earlier, before.input as earlier_input,
       e.output, e.task_end
     from tasks t
     cross join lateral (
       select * from tasks other
       where other.tenant = t.tenant and other.agent = t.agent and other.subject = t.subject
         and other.number < t.number
       order by other.number desc limit 1
     ) before
     left join episodes e on e.tenant = before.tenant and e.episode = before.episode
     where t.tenant = $1 and t.episode = $2
       and t.accepted_at < coalesce(e.ended_at, before.accepted_at) + make_interval(hours => $3)`,
    [tenant, episode, FOLLOW_UP_HOURS],
  );
  const [found] = rows;
  if (found === undefined) return null;
  const { subject, task, input, earlier, earlier_input: asked, output, task_end: end } = found;
  const kind = implicitSignal({ text: textIn(asked), output, end }, textIn(input));
  if (kind === null) return null;
  const { rowCount } = await client.query(
    `insert into signals (tenant, episode, kind, subject, task) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [tenant, earlier, kind, subject, task],
  );
  return rowCount === 1 ? earlier : null;
}

/** What a subject wrote: the texts at the top of a task's input. */
function textIn(input: JsonObject): string {
  return Object.values(input)
    .filter((value) => typeof value === 'string')
    .join('\n');
}
