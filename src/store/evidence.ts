import type { Pool } from 'pg';

import type { EvaluationTask } from '../activities/evidence-store.js';
import type { GateRecord, PairRow, PoolTask, Store } from '../activities/store.js';
import { ConflictError } from '../domain/errors.js';
import { SUCCESS_THRESHOLD, type Slices } from '../domain/episode.js';
import { LARGE_POOL } from '../domain/gate/sampling.js';
import type { ShiftedCategory } from '../domain/gate/shift.js';
import type { CandidateId, EpisodeId, TaskId, VersionId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import { bundleDigest, lockCandidate } from './candidates.js';
import { digestOf } from '../contracts/digest.js';
import { CITED, USED } from './pinned.js';
import { storable, storableJson } from './storable.js';
import { withTenant } from './transaction.js';

type Missing = PairRow['baseline']['missing'];

export interface PairRecord {
  readonly number: number;
  readonly task: TaskId;
  readonly slices: Slices;
  readonly top_up_for: string | null;
  readonly baseline_episode: EpisodeId;
  readonly baseline_score: number | null;
  readonly baseline_category: string;
  readonly baseline_missing: Missing;
  readonly candidate_episode: EpisodeId;
  readonly candidate_score: number | null;
  readonly candidate_category: string;
  readonly candidate_missing: Missing;
  readonly baseline_cost: number | null;
  readonly candidate_cost: number | null;
  readonly replicates: NonNullable<PairRow['replicates']> | null;
}

export const PAIR_COLUMNS = `number, task, slices, top_up_for, baseline_episode, baseline_score, baseline_category,
  baseline_missing, candidate_episode, candidate_score, candidate_category, candidate_missing,
  baseline_cost, candidate_cost, replicates`;

const PAIR_TYPES = `number integer, task text, slices jsonb, top_up_for text, baseline_episode text,
  baseline_score double precision, baseline_category text, baseline_missing text, candidate_episode text,
  candidate_score double precision, candidate_category text, candidate_missing text,
  baseline_cost double precision, candidate_cost double precision, replicates jsonb`;

function recordOf(pair: PairRow): PairRecord {
  const { baseline, candidate } = pair;
  return {
    number: pair.index,
    task: pair.task,
    slices: pair.slices,
    top_up_for: pair.topUpFor,
    baseline_episode: baseline.episode,
    baseline_score: baseline.score,
    baseline_category: storable(baseline.category),
    baseline_missing: baseline.missing,
    candidate_episode: candidate.episode,
    candidate_score: candidate.score,
    candidate_category: storable(candidate.category),
    candidate_missing: candidate.missing,
    baseline_cost: baseline.cost ?? null,
    candidate_cost: candidate.cost ?? null,
    replicates: pair.replicates ?? null,
  };
}

function costOf(cost: number | null): { readonly cost?: number } {
  return cost === null ? {} : { cost };
}

export function pairOf(row: PairRecord): PairRow {
  return {
    index: row.number,
    task: row.task,
    slices: row.slices,
    topUpFor: row.top_up_for,
    baseline: {
      episode: row.baseline_episode,
      score: row.baseline_score,
      category: row.baseline_category,
      missing: row.baseline_missing,
      ...costOf(row.baseline_cost),
    },
    candidate: {
      episode: row.candidate_episode,
      score: row.candidate_score,
      category: row.candidate_category,
      missing: row.candidate_missing,
      ...costOf(row.candidate_cost),
    },
    ...(row.replicates === null ? {} : { replicates: row.replicates }),
  };
}

interface GateRow {
  readonly candidate: CandidateId;
  readonly purpose: GateRecord['purpose'];
  readonly baseline: VersionId;
  readonly version: VersionId;
  readonly verdict: string;
  readonly reason: string;
  readonly alpha: number;
  /** `bigint` comes as text. */
  readonly seed: string;
  readonly summary: JsonObject;
}

/** How old a task of the gate pool may be (GATE 2.2 and 6). */
const POOL_DAYS = 30;

export function evidenceStore(
  pool: Pool,
): Pick<
  Store,
  | 'gatePool'
  | 'isPoolLarge'
  | 'evaluationTasks'
  | 'countUses'
  | 'putPairs'
  | 'pairsOf'
  | 'putGateRecord'
  | 'gateRecords'
  | 'shiftsOf'
> {
  return {
    gatePool: (scope, candidate, afterNumber, limit, withoutTools = []) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<PoolTask>(
          `with cited as materialized (${CITED}), newest as (
             select coalesce(max(cited.number), 0) as number from cited
           ), used as materialized (${USED})
           select t.task, t.number, t.input, t.slices, t.subject,
             t.number > newest.number as "isNewer",
             coalesce(used.uses, 0) as uses
           from tasks t
           join episodes e on e.tenant = t.tenant and e.episode = t.episode
           join agents a on a.tenant = t.tenant and a.agent = t.agent
           cross join newest
           left join used on used.input_digest = t.input_digest
           where t.tenant = $1 and t.agent = $2 and t.number > $4
             and (a.learning_up_to is null or t.number <= a.learning_up_to)
             and e.ended_at is not null
             and e.ended_at > now() - make_interval(days => $5)
             and t.input_digest not in (select cited.input_digest from cited)
             and (cardinality($7::text[]) = 0 or not exists (
               select from steps s where s.tenant = e.tenant and s.episode = e.episode
                 and s.kind = 'tool' and s.body ->> 'tool' = any($7)
             ))
           order by t.number desc limit $6`,
          [scope.tenant, scope.agent, candidate, afterNumber, POOL_DAYS, limit, withoutTools],
        );
        return rows;
      }),

    isPoolLarge: (scope) =>
      withTenant(pool, scope.tenant, async (client) => {
        // Tasks are numbered without a gap: there are a thousand where the thousandth last is in the window.
        const { rows } = await client.query<{ readonly large: boolean }>({
          name: 'is-pool-large',
          text: `select exists (
              select from agents a
              join tasks t on t.tenant = a.tenant and t.agent = a.agent
                and t.number = least(a.tasks, coalesce(a.learning_up_to, a.tasks)) - $3 + 1
              where a.tenant = $1 and a.agent = $2
                and t.accepted_at > now() - make_interval(days => $4)
            ) as large`,
          values: [scope.tenant, scope.agent, LARGE_POOL, POOL_DAYS],
        });
        return rows[0]?.large ?? false;
      }),

    evaluationTasks: (scope, limit) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<EvaluationTask>(
          `with used as materialized (
             select u.task from gate_task_uses u where u.tenant = $1 and u.agent = $2
             union
             select p.task from pinned_cases p where p.tenant = $1 and p.agent = $2
           ), told as (
             (select t.task from tasks t join used on used.task = t.task
              where t.tenant = $1 and t.agent = $2 order by t.number desc limit $3)
             union
             (select t.task from tasks t
              where t.tenant = $1 and t.agent = $2 order by t.number desc limit $3)
           )
           select t.task, t.episode, t.input, case when o.score >= $4 then e.output end as answer,
             exists (select from used where used.task = t.task) as "isUsed"
           from told
           join tasks t on t.tenant = $1 and t.agent = $2 and t.task = told.task
           join episodes e on e.tenant = t.tenant and e.episode = t.episode
           left join outcomes o on o.tenant = t.tenant and o.episode = t.episode
           order by t.number desc`,
          [scope.tenant, scope.agent, limit, SUCCESS_THRESHOLD],
        );
        return rows;
      }),

    countUses: (scope, candidate, tasks) =>
      withTenant(pool, scope.tenant, async (client) => {
        await client.query(
          `insert into gate_task_uses (tenant, agent, task, candidate)
           select $1, $2, used, $3 from unnest($4::text[]) used on conflict do nothing`,
          [scope.tenant, scope.agent, candidate, tasks],
        );
      }),

    putPairs: (tenant, candidate, purpose, pairs, diagnosis) =>
      withTenant(pool, tenant, async (client) => {
        const found = await lockCandidate(client, tenant, candidate);
        // A promotion is diagnosed as often as its watch alarms, and evaluated no more.
        const evaluation = diagnosis ?? found.evaluation;
        const records = pairs.map(recordOf);
        await client.query(
          `insert into pairs (tenant, candidate, purpose, evaluation, ${PAIR_COLUMNS})
           select $1, $2, $3, $4, ${PAIR_COLUMNS} from json_to_recordset($5) as given(${PAIR_TYPES})
           on conflict do nothing`,
          [tenant, candidate, purpose, evaluation, storableJson(records)],
        );
        const numbers = records.map(({ number }) => number);
        const { rows } = await client.query<PairRecord>(
          `select ${PAIR_COLUMNS} from pairs
           where tenant = $1 and candidate = $2 and purpose = $3 and evaluation = $4
             and number = any($5)`,
          [tenant, candidate, purpose, evaluation, numbers],
        );
        const stored = new Map(rows.map((row) => [row.number, digestOf(row)]));
        const other = records.find((record) => stored.get(record.number) !== digestOf(record));
        if (other !== undefined) {
          throw new ConflictError(
            `pair ${String(other.number)} of candidate ${candidate}: found it committed with other ` +
              'outcomes, expected the same; a committed pair is never replaced',
          );
        }
      }),

    pairsOf: (tenant, candidate, purpose) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<PairRecord>(
          `select ${PAIR_COLUMNS} from pairs p
           where tenant = $1 and candidate = $2 and purpose = $3 and evaluation = (
             select c.evaluation from candidates c where c.tenant = $1 and c.candidate = $2
           ) order by number`,
          [tenant, candidate, purpose],
        );
        return rows.map(pairOf);
      }),

    putGateRecord: (scope, record, diagnosis) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { tenant, agent } = scope;
        const found = await lockCandidate(client, tenant, record.candidate);
        await client.query(
          `insert into gate_records (
             tenant, candidate, number, purpose, evaluation, agent, baseline, version, bundle_digest,
             verdict, reason, alpha, seed, summary, digest
           )
           select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
           from gate_records where tenant = $1 and candidate = $2
           on conflict (tenant, candidate, purpose, evaluation, digest) do nothing`,
          [
            tenant,
            record.candidate,
            record.purpose,
            diagnosis ?? found.evaluation,
            agent,
            record.baseline,
            record.version,
            await bundleDigest(client, tenant, found),
            record.verdict,
            storable(record.reason),
            record.alpha,
            record.seed,
            storableJson(record.summary),
            digestOf(record),
          ],
        );
      }),

    shiftsOf: (scope, limit) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{ title: string; categories: ShiftedCategory[] }>(
          `select c.title, g.summary -> 'categories' as categories
           from gate_records g join candidates c on c.tenant = g.tenant and c.candidate = g.candidate
           where g.tenant = $1 and g.agent = $2 and g.purpose = 'gate' and g.verdict = 'reject'
             and g.summary ->> 'label' = 'shifted-only'
           order by g.at desc limit $3`,
          [scope.tenant, scope.agent, limit],
        );
        return rows;
      }),

    gateRecords: (tenant, candidate) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<GateRow>(
          `select candidate, purpose, baseline, version, verdict, reason, alpha, seed, summary
           from gate_records where tenant = $1 and candidate = $2 order by number`,
          [tenant, candidate],
        );
        return rows.map((row) => ({ ...row, seed: Number(row.seed) }));
      }),
  };
}
