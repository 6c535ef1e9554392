import type { Pool, PoolClient } from 'pg';

import { importedEpisodeIdOf } from '../contracts/digest.js';
import { succeeded, type Outcome } from '../domain/episode.js';
import type { AgentId, TenantId, VersionId } from '../domain/ids.js';
import type { ImportedRun } from '../domain/imported-run.js';
import { informative } from '../domain/informative.js';
import { putVersions } from './imported-versions.js';
import { storable, storableJson, storableOrNull } from './storable.js';
import { withTenant } from './transaction.js';

/** What an import of a batch came to. */
export interface Imported {
  readonly added: number;
  /** Runs whose id is there already. */
  readonly skipped: number;
}

export interface Imports {
  /**
   * Stores runs as episodes of their agents, all of the batch or none of it, in the order given. A run
   * whose id is there already is skipped, whoever stored it, so an import that was killed may be run again.
   */
  addRuns(tenant: TenantId, runs: readonly ImportedRun[]): Promise<Imported>;
}

export function createImports(pool: Pool): Imports {
  return {
    addRuns: (tenant, runs) =>
      withTenant(pool, tenant, async (client) => {
        const agents = [...new Set(runs.map(({ agent }) => agent))].sort();
        await lockAgents(client, tenant, agents);
        const fresh = await unknownRuns(client, tenant, runs);
        const versions = await putVersions(client, tenant, fresh);
        await insertEpisodes(client, tenant, fresh, versions);
        return { added: fresh.length, skipped: runs.length - fresh.length };
      }),
  };
}

/** Locked in one order, so that two imports wait for each other and never in a circle. */
async function lockAgents(
  client: PoolClient,
  tenant: TenantId,
  agents: readonly AgentId[],
): Promise<void> {
  await client.query('insert into tenants (tenant) values ($1) on conflict do nothing', [tenant]);
  await client.query(
    `insert into agents (tenant, agent) select $1, unnest($2::text[]) on conflict do nothing`,
    [tenant, agents],
  );
  await client.query(
    `select from agents where tenant = $1 and agent = any($2::text[])
     order by agent for no key update`,
    [tenant, agents],
  );
}

/** The runs that are not there, each once. */
async function unknownRuns(
  client: PoolClient,
  tenant: TenantId,
  runs: readonly ImportedRun[],
): Promise<readonly ImportedRun[]> {
  const { rows } = await client.query<{ readonly run_id: string }>(
    'select run_id from episodes where tenant = $1 and run_id = any($2::text[])',
    [tenant, runs.map(({ runId }) => runId)],
  );
  const known = new Set(rows.map((row) => row.run_id));
  return runs.filter(({ runId }) => {
    if (known.has(runId)) return false;
    known.add(runId);
    return true;
  });
}

/** Nobody here has seen the outcome: it comes from no source, and a later judgement stands above it. */
function outcomeOf({ recorded, category, detail }: ImportedRun): Outcome {
  const score = recorded.success === null ? null : recorded.success ? 1 : 0;
  return { score, evaluator: `import:${recorded.format}`, source: 'none', category, detail };
}

async function insertEpisodes(
  client: PoolClient,
  tenant: TenantId,
  runs: readonly ImportedRun[],
  versions: readonly VersionId[],
): Promise<void> {
  if (runs.length === 0) return;
  const numbers = await numberRuns(client, tenant, runs);
  const ids = runs.map(({ runId }) => importedEpisodeIdOf(tenant, runId));
  const outcomes = runs.map(outcomeOf);
  const known = runs.map((run, index) => {
    const outcome = outcomes[index] ?? outcomeOf(run);
    const asked = { key: run.runId, outcome, trajectory: run.steps, hasCorrection: false };
    return informative({ ...asked, revealsSomething: false });
  });
  await client.query(
    `insert into episodes (
       tenant, episode, agent, task, number, mode, version, arm, input, slices, subject, model, recalled,
       system_message, user_message, task_end, output, informative, informative_reason, tokens,
       cost_micro_usd, ended_at, run_id, recorded
     )
     select $1, episode, agent, task, number, 'imported', version, 'active', input::json, slices::jsonb,
       subject, model, '[]', system_message, user_message, task_end, output, informative, reason, tokens,
       0, now(), run_id, recorded::json
     from unnest(
       $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::text[],
       $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::boolean[], $16::text[],
       $17::integer[], $18::text[], $19::text[]
     ) as given(
       episode, agent, task, number, version, input, slices, subject, model, system_message, user_message,
       task_end, output, informative, reason, tokens, run_id, recorded)`,
    [
      tenant,
      ids,
      runs.map(({ agent }) => agent),
      runs.map(({ task }) => task),
      numbers,
      versions,
      runs.map(({ input }) => storableJson(input)),
      runs.map(({ slices }) => storableJson(slices)),
      runs.map(({ subject }) => storableOrNull(subject)),
      runs.map(({ model }) => storable(model)),
      runs.map(({ system }) => storable(system)),
      runs.map(({ user }) => storable(user)),
      outcomes.map((outcome) => (outcome.score === null || succeeded(outcome) ? 'done' : 'failed')),
      runs.map(({ output }) => storableOrNull(output)),
      known.map(({ value }) => value),
      known.map(({ reason }) => reason),
      runs.map(tokensOf),
      runs.map(({ runId }) => runId),
      runs.map(({ recorded }) => storableJson(recorded)),
    ],
  );
  const steps = runs.flatMap((run, index) => run.steps.map((step) => ({ step, id: ids[index] })));
  await client.query(
    `insert into steps (tenant, episode, step, kind, body)
     select $1, episode, step, kind, body::json
     from unnest($2::text[], $3::integer[], $4::text[], $5::text[]) as given(episode, step, kind, body)`,
    [
      tenant,
      steps.map(({ id }) => id),
      steps.map(({ step }) => step.index),
      steps.map(({ step }) => step.kind),
      steps.map(({ step }) => storableJson(step)),
    ],
  );
  await client.query(
    `insert into outcomes (tenant, episode, score, evaluator, source, category, detail)
     select $1, episode, score, evaluator, source, category, detail
     from unnest($2::text[], $3::double precision[], $4::text[], $5::text[], $6::text[], $7::text[])
       as given(episode, score, evaluator, source, category, detail)`,
    [
      tenant,
      ids,
      outcomes.map(({ score }) => score),
      outcomes.map(({ evaluator }) => evaluator),
      outcomes.map(({ source }) => source),
      outcomes.map(({ category }) => storable(category)),
      outcomes.map(({ detail }) => storable(detail)),
    ],
  );
}

/** The number of each run, counted by agent on from what was imported before. */
async function numberRuns(
  client: PoolClient,
  tenant: TenantId,
  runs: readonly ImportedRun[],
): Promise<readonly number[]> {
  const counts = new Map<AgentId, number>();
  for (const { agent } of runs) counts.set(agent, (counts.get(agent) ?? 0) + 1);
  const { rows } = await client.query<{ readonly agent: AgentId; readonly before: number }>(
    `update agents a set imported = a.imported + given.more
     from unnest($2::text[], $3::integer[]) as given(agent, more)
     where a.tenant = $1 and a.agent = given.agent
     returning a.agent, a.imported - given.more as before`,
    [tenant, [...counts.keys()], [...counts.values()]],
  );
  const next = new Map(rows.map(({ agent, before }) => [agent, before]));
  return runs.map(({ agent }) => {
    const number = (next.get(agent) ?? 0) + 1;
    next.set(agent, number);
    return number;
  });
}

function tokensOf({ steps }: ImportedRun): number {
  return steps.reduce(
    (sum, step) =>
      step.kind === 'model' ? sum + step.usage.inputTokens + step.usage.outputTokens : sum,
    0,
  );
}
