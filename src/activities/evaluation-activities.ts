import { z } from 'zod';

import type { Agent } from '../contracts/agent.js';
import { runEpisodeIdOf } from '../contracts/digest.js';
import { NotFoundError } from '../domain/errors.js';
import { SYSTEM } from '../domain/feedback.js';
import { reviewOf } from '../domain/gate/review.js';
import { pinnedRuns, type PinnedRun } from '../domain/gate/pinned-set.js';
import { shiftText } from '../domain/gate/shift.js';
import { drawOrder } from '../domain/gate/sampling.js';
import type { Scope, TaskId } from '../domain/ids.js';
import { affordablePairs, isSpent } from '../domain/learning-budget.js';
import { seedOf } from '../domain/random.js';
import { makesWay } from '../domain/second-try.js';
import type { AgentRegistry } from './agent-registry.js';
import { bisect } from './bisecting.js';
import { candidateRow, permissionFor } from './candidate-reading.js';
import { eligibleTasks, WINDOW } from './gate-pool.js';
import { marginFor } from './judge-activities.js';
import { spendLimitsOf } from './learning-purse.js';
import type { DrawnTask, DrawRequest } from './draws.js';
import type { LearningActivities } from './learning-activities.js';
import type { Messenger } from './messenger.js';
import type { CandidateRow, PoolTask, Store } from './store.js';
import type { StrategyCache } from './strategy-cache.js';
import type { VectorRecall } from './vector-recall.js';

export interface EvaluationDependencies {
  readonly store: Store;
  readonly agents: AgentRegistry;
  readonly strategies: StrategyCache;
  readonly messenger: Messenger;
  /** Set where lessons are found by meaning too. */
  readonly vectors?: VectorRecall;
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
        isOutOfBudget: await isOutOfBudget(store, agent, scope),
        review: reviewOf(row.lessons),
      };
    },

    async reserveAlpha({ tenant, agent, candidate, attempt }) {
      const scope = { tenant, agent };
      const { gate, shadowRunsPerDay: perDay } = agents.agent(agent).learning;
      const spent = await store.spentShadowRuns(scope);
      const affordable = affordablePairs({ perDay, spent }, gate.replicates);
      const pairs = Math.min(gate.maxPairs, affordable);
      return messenger.reserve(scope, candidate, attempt, pairs);
    },

    async settleWithLearner({ tenant, agent, ...settlement }) {
      if (settlement.step === 'ended' && settlement.end === 'rejected') {
        // Before the learner hears of the end: its halves are next in line.
        await bisect(dependencies, { tenant, agent }, settlement.candidate);
      }
      return messenger.settle({ tenant, agent }, settlement);
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
      const pool = await eligibleTasks(dependencies, agent, request);
      const window = pool.eligible.filter(({ number }) => number <= upTo);
      const hasSeen = pool.all.some(({ number }) => number <= upTo);
      // What is mirrored comes in assignment order, after what was drawn.
      const order =
        request.afterNumber === 0
          ? drawOrder(window, request.seed)
          : [...window].sort((left, right) => left.number - right.number);
      const yields = request.yields || (await mustYield(store, scope, request, upTo));
      if (order.length === 0 && hasSeen && request.purpose === 'gate') {
        // Tasks came and none was of use: an evaluation that waits does not keep others from theirs.
        const { candidate, workflowId } = request;
        await messenger.settle(scope, {
          candidate,
          workflowId,
          step: 'evaluated',
          promoted: false,
        });
      }
      // One that is about to conclude is not at rest.
      if (order.length === 0 && !yields) {
        const barrier = await store.barrier(scope);
        if (barrier !== null && (await store.settleWatch(scope, request.workflowId, barrier))) {
          await messenger.wakeLearner(scope);
        }
      }
      const isFirst = request.afterNumber === 0 && request.purpose === 'gate';
      const pinned = isFirst ? await pinnedPairs(store, scope, request) : [];
      return {
        tasks: order.slice(0, request.limit).map((task) => drawn(request, task)),
        pinned: pinned.map(({ task, round }) => drawn(request, task, pinnedPart(round))),
        upTo,
        yields,
        policy: {
          maxPairs: gate.maxPairs,
          sliceKeys: gate.sliceKeys ?? null,
          criticalSlices: gate.criticalSlices,
          criticalCategories: gate.criticalCategories,
          concurrency: gate.concurrency,
          replicates: gate.replicates,
          ...(gate.costBlocks && { costBlocks: true }),
          ...(await marginFor(store, request.tenant, agent)),
        },
      };
    },

    async commitPairs({ tenant, agent, candidate, purpose, pairs, attempt }) {
      const diagnosis = purpose === 'diagnosis' ? attempt : undefined;
      await store.putPairs(tenant, candidate, purpose, pairs, diagnosis);
      await store.countUses({ tenant, agent }, candidate, tasksOf(pairs));
    },

    async recordVerdict({ tenant, agent, summary, basis, ...record }) {
      const { candidate, purpose, baseline, version, alpha, seed, attempt } = record;
      const { verdict, reason } = summary;
      const plain = z
        .record(z.string(), z.json())
        .parse(JSON.parse(JSON.stringify({ ...summary, basis })));
      const scope = { tenant, agent };
      const key = { candidate, purpose, baseline, version, verdict, reason, alpha, seed };
      const diagnosis = purpose === 'diagnosis' ? attempt : undefined;
      await store.putGateRecord(scope, { ...key, summary: plain }, diagnosis);
      if (purpose === 'gate' && summary.label === 'improved-shifted') {
        const { categories } = summary;
        await store.note(scope, {
          actor: SYSTEM,
          action: 'improved-shifted',
          object: { kind: 'candidate', id: candidate },
          reason: `for its owner: it improved, and its failures moved (${shiftText(categories)})`,
          detail: {
            version,
            baseline,
            verdict,
            categories: categories.map((each) => ({ ...each })),
          },
        });
      }
      await store.unwatchOutcomes(scope, `shadow/${candidate}`);
    },

    async transition({ tenant, agent, ...transition }) {
      await store.transition({ tenant, agent }, transition);
    },
  };
}

/** Whether today pays for no further pair, in runs, tokens or money. */
async function isOutOfBudget(store: Store, agent: Agent, scope: Scope): Promise<boolean> {
  const { shadowRunsPerDay: perDay, gate } = agent.learning;
  const limits = spendLimitsOf(agent);
  if (limits !== null && (await store.isLearningSpent(scope, limits))) return true;
  return isSpent({ perDay, spent: await store.spentShadowRuns(scope) }, gate.replicates);
}

/**
 * Whether an evaluation that lives on mirrored tasks makes way for the next bundle. What that bundle held
 * before these tasks came decides, so that it does not matter who reads them first.
 */
async function mustYield(
  store: Store,
  scope: Scope,
  { candidate, purpose, mayYield, afterNumber }: DrawRequest,
  upTo: number,
): Promise<boolean> {
  if (!mayYield || purpose !== 'gate' || afterNumber === 0 || upTo <= afterNumber) return false;
  const { lessons } = await candidateRow(store, scope.tenant, candidate);
  return makesWay(lessons.length, await store.openBundleSize(scope, afterNumber));
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

/** The pairs of the pinned set, apart from those of the pool. */
async function pinnedPairs(
  store: Store,
  scope: Scope,
  { candidate, seed }: DrawRequest,
): Promise<readonly PinnedRun<PoolTask>[]> {
  return pinnedRuns(await store.pinnedTasks(scope, candidate), seed);
}

/** A pinned case may be drawn from the pool as well, and more than once: its runs are others each time. */
function pinnedPart(round: number): string {
  return round === 0 ? 'pinned' : `pinned-${String(round)}`;
}

function drawn(
  { tenant, candidate, purpose, attempt }: DrawRequest,
  { task, number, slices }: PoolTask,
  part: string = purpose,
): DrawnTask {
  const episode = (arm: string) =>
    runEpisodeIdOf(tenant, candidate, part, String(attempt), task, arm);
  const episodes = { baseline: episode('baseline'), candidate: episode('candidate') };
  return { task, number, slices, episodes };
}

function tasksOf(pairs: readonly { readonly task: TaskId }[]): TaskId[] {
  return [...new Set(pairs.map(({ task }) => task))];
}
