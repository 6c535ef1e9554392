import type { Pool } from 'pg';

import type { Conversation, OpenEpisode, Store, StoredEpisode } from '../activities/store.js';
import type {
  Arm,
  Mode,
  Outcome,
  RecalledLesson,
  Slices,
  Step,
  TaskEnd,
} from '../domain/episode.js';
import { LearningBudgetError, NotFoundError } from '../domain/errors.js';
import type {
  AgentId,
  CandidateId,
  EpisodeId,
  TaskId,
  TenantId,
  VersionId,
} from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { RecallRecord } from '../domain/retrieval/recall-record.js';
import { stepsOf } from './steps.js';
import { storable, storableJson, storableOrNull } from './storable.js';
import { queriesTenant, queryTenant, withTenant, type Statement } from './transaction.js';

interface HeadRow {
  readonly episode: EpisodeId;
  readonly tenant: TenantId;
  readonly agent: AgentId;
  readonly task: TaskId;
  readonly mode: Mode;
  readonly version: VersionId;
  readonly arm: Arm;
  readonly input: JsonObject;
  readonly slices: Slices;
  readonly subject: string | null;
  readonly model: string;
  readonly recalled: readonly RecalledLesson[];
  readonly system_message: string;
  readonly user_message: string;
  readonly candidate: CandidateId | null;
  readonly recall: RecallRecord | null;
}

const HEAD = `e.episode, e.tenant, e.agent, e.task, e.mode, e.version, e.arm, e.input, e.slices, e.subject,
  e.model, e.recalled, e.system_message, e.user_message, e.candidate, e.recall`;

function headOf(row: HeadRow): OpenEpisode {
  return {
    id: row.episode,
    scope: { tenant: row.tenant, agent: row.agent },
    task: row.task,
    mode: row.mode,
    version: row.version,
    arm: row.arm,
    input: row.input,
    slices: row.slices,
    subject: row.subject,
    model: row.model,
    recalled: row.recalled,
    system: row.system_message,
    user: row.user_message,
    candidate: row.candidate,
    ...(row.recall !== null && { recall: row.recall }),
  };
}

interface ConversationRow extends HeadRow {
  readonly steps: readonly Step[];
}

function conversationQuery(tenant: TenantId, id: EpisodeId): Statement {
  return {
    name: 'conversation',
    text: `select ${HEAD}, coalesce((
             select json_agg(s.body order by s.step) from steps s
             where s.tenant = e.tenant and s.episode = e.episode
           ), '[]') as steps
           from episodes e where e.tenant = $1 and e.episode = $2`,
    values: [tenant, id],
  };
}

function conversationIn(id: EpisodeId, row: ConversationRow | undefined): Conversation {
  if (row === undefined) throw unknownEpisode(id);
  return { head: headOf(row), steps: row.steps };
}

interface OutcomeRow {
  readonly score: number | null;
  readonly evaluator: string | null;
  readonly source: Outcome['source'] | null;
  readonly category: string | null;
  readonly detail: string | null;
  readonly missing: Outcome['missing'] | null;
}

const OUTCOME = 'o.score, o.evaluator, o.source, o.category, o.detail, o.missing';

interface EndRow extends OutcomeRow {
  readonly number: number;
  readonly task_end: TaskEnd | null;
  readonly output: string | null;
}

const END = `e.number, e.task_end, e.output, ${OUTCOME}`;

function outcomeOf(row: OutcomeRow): Outcome | null {
  const { score, evaluator, source, category, detail, missing } = row;
  if (evaluator === null || source === null || category === null || detail === null) return null;
  const outcome = { score, evaluator, source, category, detail };
  return missing === null || missing === undefined ? outcome : { ...outcome, missing };
}

export function episodeStore(
  pool: Pool,
): Pick<Store, 'openEpisode' | 'episode' | 'conversation' | 'recordEpisode'> {
  return {
    openEpisode: async (episode, runsPerDay) => {
      const { tenant, agent } = episode.scope;
      const open = {
        name: 'open-episode',
        text: `select open_episode(
                 $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
        values: [
          tenant,
          episode.id,
          agent,
          episode.task,
          episode.mode,
          episode.version,
          episode.arm,
          storableJson(episode.input),
          storableJson(episode.slices),
          storableOrNull(episode.subject),
          episode.model,
          storableJson(episode.recalled),
          storable(episode.system),
          storable(episode.user),
          episode.candidate,
          episode.recall === undefined ? null : storableJson(episode.recall),
        ],
      };
      const read = conversationQuery(tenant, episode.id);
      if (episode.mode === 'live' || runsPerDay === undefined) {
        const results = await queriesTenant<ConversationRow>(pool, tenant, [open, read]);
        return conversationIn(episode.id, results[1]?.rows[0]);
      }
      return withTenant(pool, tenant, async (client) => {
        const opened = await client.query<{ readonly open_episode: boolean }>(open);
        if (opened.rows[0]?.open_episode === true) {
          // Counted with the run in one transaction, whose lock on the day's row nobody passes.
          const { rows } = await client.query<{ readonly runs: number }>({
            name: 'shadow-runs',
            text: `select runs from shadow_runs
                   where tenant = $1 and agent = $2 and day = (now() at time zone 'utc')::date`,
            values: [tenant, agent],
          });
          if ((rows[0]?.runs ?? 0) > runsPerDay) throw new LearningBudgetError(agent, runsPerDay);
        }
        const { rows } = await client.query<ConversationRow>({ ...read, values: [...read.values] });
        return conversationIn(episode.id, rows[0]);
      });
    },

    episode: (tenant, id) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<HeadRow & EndRow>({
          name: 'episode',
          text: `select ${HEAD}, ${END} from episodes e
                 left join outcomes o on o.tenant = e.tenant and o.episode = e.episode
                 where e.tenant = $1 and e.episode = $2`,
          values: [tenant, id],
        });
        const [row] = rows;
        if (row === undefined) return null;
        const stored: StoredEpisode = {
          ...headOf(row),
          number: row.number,
          end: row.task_end,
          output: row.output,
          outcome: outcomeOf(row),
          steps: await stepsOf(client, tenant, id),
        };
        return stored;
      }),

    conversation: async (tenant, id) => {
      const query = conversationQuery(tenant, id);
      const { rows } = await queryTenant<ConversationRow>(pool, tenant, query);
      return conversationIn(id, rows[0]);
    },

    recordEpisode: async (end) => {
      const { tenant, id, outcome, informative, unreflected } = end;
      const results = await queriesTenant<RecordedRow>(pool, tenant, [
        {
          name: 'record-episode',
          text: `select wake
                 from record_episode($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
          values: [
            tenant,
            id,
            end.end,
            storableOrNull(end.output),
            informative.value,
            storable(informative.reason),
            end.tokens,
            end.costMicroUsd,
            outcome.score,
            storable(outcome.evaluator),
            outcome.source,
            storable(outcome.category),
            storable(outcome.detail),
            outcome.missing ?? null,
          ],
        },
        {
          name: 'outcome-standing',
          text: `select ${OUTCOME} from outcomes o where o.tenant = $1 and o.episode = $2`,
          values: [tenant, id],
        },
        ...(unreflected === null
          ? []
          : [
              {
                name: 'mark-unreflected',
                text: `insert into reflections (tenant, episode, result)
                       select tenant, episode, $3 from episodes where tenant = $1 and episode = $2
                       on conflict do nothing`,
                values: [tenant, id, storable(unreflected)],
              },
            ]),
      ]);
      const rows = results.flatMap((result) => result.rows);
      const ended = rows.find((row) => 'wake' in row);
      if (ended === undefined) throw unknownEpisode(id);
      const stands = rows.find((row) => 'score' in row);
      const kept = stands === undefined ? null : outcomeOf(stands);
      return { outcome: kept ?? outcome, wake: ended.wake };
    },
  };
}

type RecordedRow = OutcomeRow | { readonly wake: readonly string[] };

function unknownEpisode(id: EpisodeId): NotFoundError {
  return new NotFoundError('episode', id, 'open it before writing to it');
}
