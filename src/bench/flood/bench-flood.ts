import { createAgentRegistry } from '../../activities/agent-registry.js';
import { unlessInterrupted } from '../../cli/command.js';
import { openHouse, startHouseWorkers, type House, type HouseWorkers } from '../../cli/house.js';
import type { Io } from '../../cli/io.js';
import { learnerId } from '../../client/messenger.js';
import type { Config } from '../../config.js';
import { defineAgent } from '../../contracts/agent.js';
import { importedEpisodeIdOf } from '../../contracts/digest.js';
import { agentId, tenantId } from '../../contracts/ids.js';
import type { EpisodeId, Scope } from '../../domain/ids.js';
import { createModelClient } from '../../model/openai-client.js';
import { createImports } from '../../store/imports.js';
import { createQueries } from '../../store/queries.js';
import type { ReflectInput, ReflectResult } from '../../workflows/reflect-and-update.js';
import { failingRun, floodAgent } from './failing-runs.js';
import {
  counted,
  lostOf,
  tallyProposals,
  type FloodReport,
  type LearnerHistory,
} from './report.js';

export interface FloodOptions {
  readonly episodes: number;
  readonly causes: number;
  /** Reflections that have begun and not ended. */
  readonly atOnce: number;
  readonly config: Config;
  readonly io: Pick<Io, 'note' | 'progress'>;
  readonly signal: AbortSignal;
  readonly workers?: Pick<HouseWorkers, 'workflowBundle'>;
}

const BATCH = 500;

/**
 * `ratchet bench flood`: recorded episodes that failed, all of few causes, reflected upon by a workflow each and merged
 * by the learner. Recorded, so that none of the time goes into tasks; and as there are no tasks, no pair is run, and
 * what is proposed waits for its evaluation.
 */
export async function benchFlood(options: FloodOptions): Promise<FloodReport> {
  const { config, io, signal } = options;
  const run = new Date().toISOString().replace(/\D/g, '').slice(0, 17);
  const taskQueue = `${config.taskQueue}-flood-${run}`;
  const house = await openHouse({ config, log: io.note, signal, taskQueue });
  try {
    const agent = defineAgent(floodAgent);
    const scope = { tenant: tenantId(`flood-${run}`), agent: agentId(agent.id) };
    await startHouseWorkers(house, {
      ...options.workers,
      agents: [agent],
      // Nothing here asks a model.
      models: createModelClient({ apiKey: 'none', baseUrl: 'http://127.0.0.1:9' }),
      hasLocalModel: true,
    });
    const root = {
      ...createAgentRegistry([agent]).digests(agent.id),
      parameters: {
        model: agent.model.name,
        temperature: agent.model.temperature,
        maxModelCalls: agent.limits.modelCalls,
        recallLimit: agent.recallLimit,
      },
      instructions: agent.instructions,
    };
    await house.store.deploy(scope, root, { id: 'bench', role: 'owner' });
    return await unlessInterrupted(flood(house, scope, options), signal);
  } finally {
    await house.close();
  }
}

async function flood(house: House, scope: Scope, options: FloodOptions): Promise<FloodReport> {
  const { episodes: count, causes, io } = options;
  const startedMs = performance.now();
  const episodes = await record(house, scope, options);
  io.note(`${String(count)} failing episodes of ${String(causes)} causes recorded`);
  const recordedMs = performance.now();
  const results = await reflect(house, scope, episodes, options);
  const endedMs = performance.now();

  const fates = await createQueries(house.pool).proposalFates(scope);
  const candidates = await house.store.candidates(scope);
  const learner = await learnerHistory(house, scope);
  await endWhatWaits(house, scope);
  return {
    episodes: count,
    causes,
    candidates: candidates.length,
    lessons: new Set(candidates.flatMap(({ lessons }) => lessons.map(({ key }) => key))).size,
    proposals: tallyProposals(fates),
    lost: lostOf(episodes, fates),
    reflections: counted(results.map(({ end }) => end)),
    learner,
    seconds: { record: secondsOf(recordedMs - startedMs), flood: secondsOf(endedMs - recordedMs) },
  };
}

async function record(
  { pool }: House,
  { tenant, agent }: Scope,
  { episodes, causes, signal }: FloodOptions,
): Promise<readonly EpisodeId[]> {
  const runs = Array.from({ length: episodes }, (_none, at) => failingRun(agent, at, causes));
  const imports = createImports(pool);
  for (let from = 0; from < runs.length; from += BATCH) {
    signal.throwIfAborted();
    await imports.addRuns(tenant, runs.slice(from, from + BATCH));
  }
  return runs.map(({ runId }) => importedEpisodeIdOf(tenant, runId));
}

/** A reflection an episode, many at once, each to its end. */
async function reflect(
  house: House,
  scope: Scope,
  episodes: readonly EpisodeId[],
  { atOnce, io, signal }: FloodOptions,
): Promise<readonly ReflectResult[]> {
  const results: ReflectResult[] = [];
  const bar = io.progress(episodes.length);
  const queue = episodes.values();
  const lane = async (): Promise<void> => {
    for (const episode of queue) {
      signal.throwIfAborted();
      results.push(await reflectOn(house, scope, episode));
      bar.update(results.length, `${String(results.length)} reflections have ended`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  bar.end();
  return results;
}

async function reflectOn(
  { temporal, taskQueue }: House,
  scope: Scope,
  episode: EpisodeId,
): Promise<ReflectResult> {
  const input: ReflectInput = {
    ...scope,
    episode,
    informative: { value: true, reason: 'failure' },
  };
  const handle = await temporal.workflow.start<(input: ReflectInput) => Promise<ReflectResult>>(
    'reflectAndUpdate',
    { workflowId: `reflect/${episode}`, taskQueue, args: [input] },
  );
  return handle.result();
}

/** The histories of the learner's runs, as the server counts them. */
async function learnerHistory({ temporal }: House, scope: Scope): Promise<LearnerHistory> {
  const workflowId = learnerId(scope);
  const runs = [];
  for await (const { runId } of temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    runs.push(await temporal.workflow.getHandle(workflowId, runId).describe());
  }
  return {
    runs: runs.length,
    continuedAsNew: runs.filter(({ status }) => status.name === 'CONTINUED_AS_NEW').length,
    longestEvents: Math.max(...runs.map(({ historyLength }) => historyLength)),
    longestBytes: Math.max(...runs.map(({ historySize }) => historySize ?? 0)),
  };
}

/** The learner and whoever carries a candidate would wait for tasks that never come. */
async function endWhatWaits({ temporal, store }: House, scope: Scope): Promise<void> {
  const carriers = (await store.candidates(scope)).map(({ workflowId }) => workflowId);
  for (const workflowId of [learnerId(scope), ...carriers]) {
    await temporal.workflow.getHandle(workflowId).terminate('the bench has ended');
  }
}

function secondsOf(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}
