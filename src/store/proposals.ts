import type { Pool, PoolClient } from 'pg';

import type { ProposalRow, Proposed, Store } from '../activities/store.js';
import { sha256 } from '../contracts/digest.js';
import type { MergeResult } from '../domain/candidate.js';
import { NotFoundError } from '../domain/errors.js';
import { PRIOR_RELIABILITY } from '../domain/feedback.js';
import type { EpisodeId, Scope } from '../domain/ids.js';
import type { LessonDraft } from '../domain/lesson.js';
import { storable, storableJson } from './storable.js';
import { withTenant } from './transaction.js';

interface ProposalRecord {
  readonly id: string;
  readonly episode: EpisodeId;
  readonly task_number: number;
  readonly draft: LessonDraft;
  readonly rejected_code: string | null;
  readonly rejected_message: string | null;
  readonly result: MergeResult | null;
}

const COLUMNS =
  'p.id, p.episode, p.task_number, p.draft, p.rejected_code, p.rejected_message, p.result';

function proposalOf(row: ProposalRecord): ProposalRow {
  const { id, episode, draft, result, rejected_code: code, rejected_message: message } = row;
  return {
    id,
    episode,
    taskNumber: row.task_number,
    draft,
    result,
    rejected: code === null || message === null ? null : { code, message },
  };
}

function proposalIdOf(episode: EpisodeId, key: string): string {
  return `p-${sha256(`${episode}\n${key}`).slice(0, 20)}`;
}

export function proposalStore(
  pool: Pool,
): Pick<
  Store,
  'putProposals' | 'putProposalsTogether' | 'waitingProposals' | 'proposalsOf' | 'supportGroups'
> {
  return {
    putProposals: (scope, episode, proposals) =>
      withTenant(pool, scope.tenant, (client) => put(client, scope, episode, proposals)),

    putProposalsTogether: (scope, proposed) =>
      withTenant(pool, scope.tenant, async (client) => {
        for (const { episode, proposals } of proposed) await put(client, scope, episode, proposals);
      }),

    waitingProposals: (scope, limit) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<ProposalRecord>(
          `select ${COLUMNS} from proposals p
           join agents a on a.tenant = p.tenant and a.agent = p.agent
           where p.tenant = $1 and p.agent = $2 and p.result is null and p.rejected_code is null
             and (a.learning_up_to is null or p.task_number <= a.learning_up_to)
           order by p.task_number, p.rank, p.position, p.key collate "C", p.id limit $3`,
          [scope.tenant, scope.agent, limit],
        );
        return rows.map(proposalOf);
      }),

    proposalsOf: (tenant, episode) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<ProposalRecord>(
          `select ${COLUMNS} from proposals p where p.tenant = $1 and p.episode = $2
           order by p.at, p.position`,
          [tenant, episode],
        );
        return rows.map(proposalOf);
      }),

    // What people said counts by who said it; everything a machine observed is one group a channel.
    supportGroups: (scope, key, excluding) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{
          readonly groups: number;
          readonly experts: number;
        }>(
          `select
             count(distinct case when channel in ('feedback', 'user_text', 'operator')
               then 'person ' || principal else channel end)::integer as groups,
             (count(distinct principal) filter (
               where channel in ('feedback', 'operator') and authority >= $4))::integer as experts
           from proposals p
           join agents a on a.tenant = p.tenant and a.agent = p.agent
           cross join json_to_recordset(p.draft -> 'sources') as source(
             channel text, principal text, authority double precision)
           where p.tenant = $1 and p.agent = $2 and p.key = $3 and principal <> all($5)
             and (p.rejected_code is null or p.rejected_code = 'TOO_FEW_GROUPS')
             and (a.learning_up_to is null or p.task_number <= a.learning_up_to)`,
          [scope.tenant, scope.agent, storable(key), PRIOR_RELIABILITY.expert, excluding],
        );
        return rows[0] ?? { groups: 0, experts: 0 };
      }),
  };
}

async function put(
  client: PoolClient,
  scope: Scope,
  episode: EpisodeId,
  proposals: readonly Proposed[],
): Promise<void> {
  const { rows } = await client.query<{ readonly number: number; readonly rank: number }>(
    `select coalesce(t.number, 0) as number, (e.mode <> 'live')::integer as rank
     from episodes e
     left join tasks t on t.tenant = e.tenant and t.agent = e.agent and t.task = e.task
     where e.tenant = $1 and e.agent = $2 and e.episode = $3`,
    [scope.tenant, scope.agent, episode],
  );
  const [source] = rows;
  if (source === undefined) {
    throw new NotFoundError('episode', episode, 'a proposal needs the episode it came from');
  }
  const rowsToPut = proposals.map(({ draft, rejected }, position) => ({
    id: proposalIdOf(episode, draft.key),
    key: storable(draft.key),
    position,
    draft,
    rejected_code: rejected?.code ?? null,
    rejected_message: rejected === null ? null : storable(rejected.message),
  }));
  await client.query(
    `insert into proposals (
       tenant, agent, episode, task_number, rank, id, key, position, draft, rejected_code,
       rejected_message
     )
     select $1, $2, $3, $4, $5, id, key, position, draft, rejected_code, rejected_message
     from json_to_recordset($6) as given(
       id text, key text, position integer, draft json, rejected_code text, rejected_message text)
     on conflict do nothing`,
    [scope.tenant, scope.agent, episode, source.number, source.rank, storableJson(rowsToPut)],
  );
}
