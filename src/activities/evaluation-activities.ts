import { z } from 'zod';

import type { Agent } from '../contracts/agent.js';
import { runEpisodeIdOf } from '../contracts/digest.js';
import { NotFoundError } from '../domain/errors.js';
import type { Scope, TaskId } from '../domain/ids.js';
import { permutation, seedOf } from '../domain/random.js';
import { recallLessons, type LessonIndex } from '../domain/retrieval/recall.js';
import type { AgentRegistry } from './agent-registry.js';
import { candidateRow, permissionFor } from './candidate-reading.js';
import type { DrawRequest, DrawnTask, LearningActivities } from './learning-activities.js';
import type { Messenger } from './messenger.js';
import type { CandidateRow, PoolTask, Store } from './store.js';
import type { StrategyCache } from './strategy-cache.js';

export interface EvaluationDependencies {
  readonly store: Store;
  readonly agents: AgentRegistry;
  readonly strategies: StrategyCache;
  readonly messenger: Messenger;
}

type Evaluation = Pick<
  LearningActivities,
  | 'planEvaluation'
  | 'reserveAlpha'
  | 'settleWithLearner'
  | 'drawTasks'
  | 'commitPairs'
  | 'recordVerdict'
  | 'transition'
>;

/** From this many tasks in the window on, a fixed split keeps reflection and gate apart (GATE 2.2). */
const LARGE_POOL = 1000;
const USES = { large: 5, small: 20 };
const WINDOW = 5000;

/** Everything a gate needs that is not arithmetic: tasks, records, transitions. */
export function createEvaluationActivities(dependencies: EvaluationDependencies): Evaluation {
  const { store, agents, messenger } = dependencies;

  return {
    async planEvaluation({ tenant, agent: agentId, candidate }) {
      const agent = agents.agent(agentId);
      const scope = { tenant, agent: agentId };
      const row = await onActiveBaseline(
        store,
        scope,
        await candidateRow(store, tenant, candidate),
      );
      const { baseline, version } = row;
      if (baseline === null || version === null) {
        throw new NotFoundError('version of candidate', candidate, 'its bundle is not closed yet');
      }
      const { learning } = agent;
      return {
        attempt: row.evaluation,
        seed: seedOf('gate', agentId, String(row.number), String(row.evaluation)),
        baseline,
        version,
        permission: await permissionFor(store, scope, row, agent),
        title: row.title,
        approvalTimeoutMs: learning.approvalTimeoutMs,
        rollout: learning.rollout,
        isOutOfBudget: (await store.spentShadowRuns(scope)) >= learning.shadowRunsPerDay,
      };
    },

    async reserveAlpha({ tenant, agent, candidate, attempt }) {
      return messenger.reserve({ tenant, agent }, candidate, attempt);
    },

    async settleWithLearner({ tenant, agent, ...settlement }) {
      await messenger.settle({ tenant, agent }, settlement);
    },

    async drawTasks(request) {
      const agent = agents.agent(request.agent);
      const scope = { tenant: request.tenant, agent: request.agent };
      const { gate } = agent.learning;
      await store.watchOutcomes(scope, request.workflowId);
      const newest = await store.newestTask(scope);
      // A task that runs is not passed by, or nobody would ever mirror it. Reading lowers the wake,
      // so that the next live task raises it again.
      const from = Math.max(request.afterNumber, newest - WINDOW);
      const page = await store.readOutcomes(scope, request.workflowId, from, [], WINDOW);
      const upTo = Math.max(request.afterNumber, page.cursor);
      const pool = await store.gatePool(scope, request.candidate, request.afterNumber, WINDOW);
      const window = pool.filter(({ number }) => number <= upTo);
      const ascending = [...window].sort((left, right) => left.number - right.number);
      const eligible = await eligibleTasks(dependencies, agent, request, ascending);
      const order = request.afterNumber === 0 ? shuffled(eligible, request.seed) : eligible;
      if (order.length === 0 && window.length > 0 && request.purpose === 'gate') {
        // Tasks came and none was of use: an evaluation that waits does not keep others from theirs.
        const { candidate, workflowId } = request;
        await messenger.settle(scope, {
          candidate,
          workflowId,
          step: 'evaluated',
          promoted: false,
        });
      }
      if (order.length === 0) {
        const barrier = await store.barrier(scope);
        if (barrier !== null) await store.settleWatch(scope, request.workflowId, barrier);
      }
      return {
        tasks: order.slice(0, request.limit).map((task) => drawn(request, task)),
        upTo,
        policy: {
          maxPairs: gate.maxPairs,
          sliceKeys: gate.sliceKeys ?? null,
          criticalSlices: gate.criticalSlices,
          criticalCategories: gate.criticalCategories,
          concurrency: gate.concurrency,
        },
      };
    },

    async commitPairs({ tenant, agent, candidate, purpose, pairs }) {
      await store.putPairs(tenant, candidate, purpose, pairs);
      await store.countUses({ tenant, agent }, candidate, tasksOf(pairs));
    },

    async recordVerdict({ tenant, agent, summary, basis, ...record }) {
      const { candidate, purpose, baseline, version, alpha, seed } = record;
      const { verdict, reason } = summary;
      const plain = z
        .record(z.string(), z.json())
        .parse(JSON.parse(JSON.stringify({ ...summary, basis })));
      const scope = { tenant, agent };
      const key = { candidate, purpose, baseline, version, verdict, reason, alpha, seed };
      await store.putGateRecord(scope, { ...key, summary: plain });
      await store.unwatchOutcomes(scope, `shadow/${candidate}`);
    },

    async transition({ tenant, agent, ...transition }) {
      await store.transition({ tenant, agent }, transition);
    },
  };
}

/** A candidate compared with what serves: re-based where the active version is another one by now. */
export async function onActiveBaseline(
  store: Store,
  scope: Scope,
  row: CandidateRow,
): Promise<CandidateRow> {
  const pointer = await store.pointer(scope);
  if (pointer === null || pointer.active === row.baseline) return row;
  const version = await store.deriveVersion(scope, pointer.active, row.bundle);
  const { permission, title } = row;
  await store.closeBundle(scope, row.id, { baseline: pointer.active, version, permission, title });
  return candidateRow(store, scope.tenant, row.id);
}

/**
 * Tasks a pair may use, decided before anything runs: those on which the two prompts differ, which the
 * sandbox can run, and which have not served too many candidates.
 */
async function eligibleTasks(
  { store, strategies }: EvaluationDependencies,
  agent: Agent,
  request: DrawRequest,
  tasks: readonly PoolTask[],
): Promise<readonly PoolTask[]> {
  const scope = { tenant: request.tenant, agent: request.agent };
  const isLarge = tasks.length >= LARGE_POOL;
  const baseline = await strategies.strategy(scope, request.baseline);
  const candidate = await strategies.strategy(scope, request.version);
  const hasOtherParameters =
    JSON.stringify(baseline.row.parameters) !== JSON.stringify(candidate.row.parameters);
  const limit = candidate.row.parameters.recallLimit;
  const fresh = tasks.filter(
    (task) =>
      (request.purpose === 'diagnosis' || task.uses < (isLarge ? USES.large : USES.small)) &&
      (!isLarge || isGatePart(task.task)) &&
      (hasOtherParameters ||
        request.purpose === 'diagnosis' ||
        promptOf(baseline.index, task, limit) !== promptOf(candidate.index, task, limit)),
  );
  const unsandboxed = agent.tools.filter(({ sandbox }) => sandbox === undefined);
  if (unsandboxed.length === 0) return fresh;
  const names = unsandboxed.map(({ name }) => name);
  const kept: PoolTask[] = [];
  for (const task of fresh) {
    if (!(await usedAny(store, scope, task.task, names))) kept.push(task);
  }
  return kept;
}

function isGatePart(task: TaskId): boolean {
  return seedOf('pool', task) % 10 >= 6;
}

/** The lessons a prompt would hold, as text to compare. */
function promptOf(index: LessonIndex, task: PoolTask, limit: number): string {
  const found = recallLessons(index, { task: { slices: task.slices, input: task.input }, limit });
  return found.map(({ lesson }) => `${lesson.id}@${String(lesson.revision)}`).join(' ');
}

async function usedAny(
  store: Store,
  scope: Scope,
  task: TaskId,
  tools: readonly string[],
): Promise<boolean> {
  const accepted = await store.taskInput(scope, task);
  const episode = accepted === null ? null : await store.episode(scope.tenant, accepted.episode);
  return (episode?.steps ?? []).some((step) => step.kind === 'tool' && tools.includes(step.tool));
}

function shuffled(tasks: readonly PoolTask[], seed: number): readonly PoolTask[] {
  return permutation(tasks.length, seed).flatMap((index) => {
    const task = tasks[index];
    return task === undefined ? [] : [task];
  });
}

function drawn(request: DrawRequest, { task, number, slices }: PoolTask): DrawnTask {
  const { tenant, candidate, purpose, attempt } = request;
  const episode = (arm: string) =>
    runEpisodeIdOf(tenant, candidate, purpose, String(attempt), task, arm);
  const episodes = { baseline: episode('baseline'), candidate: episode('candidate') };
  return { task, number, slices, episodes };
}

function tasksOf(pairs: readonly { readonly task: TaskId }[]): TaskId[] {
  return [...new Set(pairs.map(({ task }) => task))];
}
