import { isDeepStrictEqual } from 'node:util';

import { Context } from '@temporalio/activity';

import type { Agent } from '../contracts/agent.js';
import { promptOf } from '../contracts/task-prompt.js';
import { slicesOf } from '../contracts/task-slices.js';
import { runEpisodeIdOf } from '../contracts/digest.js';
import { feedbackFor } from '../contracts/feedback.js';
import { RESERVED_TOOL_NAMES } from '../contracts/agent.js';
import { assign } from '../domain/assignment.js';
import { NotFoundError } from '../domain/errors.js';
import type { Arm, RecalledLesson, Step } from '../domain/episode.js';
import { SYSTEM } from '../domain/feedback.js';
import type { EpisodeId, Scope, VersionId } from '../domain/ids.js';
import { informative } from '../domain/informative.js';
import type { Definition } from '../domain/strategy.js';
import type { AcceptedTask } from '../domain/task.js';
import type { AgentRegistry } from './agent-registry.js';
import { gradeRun } from './grading.js';
import type { KnownConversations } from './known-conversations.js';
import { LessonRecall } from './lesson-recall.js';
import type { Messenger } from './messenger.js';
import { observedCalls } from './observations.js';
import type { OpenEpisode, Pointer, Store } from './store.js';
import type { StrategyCache } from './strategy-cache.js';
import type { VectorRecall } from './vector-recall.js';
import type {
  OfferedTool,
  RecordRequest,
  TaskActivities,
  TaskContext,
  TaskStart,
} from './task-activities.js';
import { textOfStep } from './travelling-reply.js';

export interface LifecycleDependencies {
  readonly store: Store;
  readonly agents: AgentRegistry;
  readonly strategies: StrategyCache;
  readonly messenger: Pick<Messenger, 'wake' | 'wakeLearner'>;
  readonly conversations?: Pick<KnownConversations, 'ofLength' | 'read'>;
  /** Steps of shadow and explore runs are local activities: a loopback model answers in milliseconds. */
  readonly hasLocalModel: boolean;
  /** Finds lessons by meaning too; words alone where it is absent. */
  readonly vectors?: VectorRecall;
}

type Lifecycle = Pick<TaskActivities, 'recall' | 'recordEpisode' | 'storeFeedback'>;

/** What happens at both ends of a task: version and lessons pinned, outcome judged and recorded. */
export function createLifecycleActivities(dependencies: LifecycleDependencies): Lifecycle {
  const { store, agents, strategies, messenger, conversations, hasLocalModel } = dependencies;
  const lessons = new LessonRecall(store, dependencies.vectors ?? null);

  return {
    async recall(start) {
      const agent = agents.agent(start.agent);
      const scope = { tenant: start.tenant, agent: start.agent };
      const { task, pointer: found } = await taskAndPointer(store, agent, start);
      const pointer = await deployed(dependencies, scope, agent, found);
      const assigned = assignedVersion(start, task, pointer);
      const strategy = await strategies.strategy(scope, assigned.version);
      const { parameters } = strategy.row;
      const { recalled, record } = await lessons.lessonsFor({
        scope,
        task,
        mode: start.mode,
        strategy,
        minTrust: agent.minTrust,
        holdOut: agent.learning.holdOut,
        now: new Date(),
      });
      const episode = episodeOf(start, task);
      const modelCalls = start.run?.modelCalls ?? parameters.maxModelCalls;
      const head: OpenEpisode = {
        id: episode,
        scope,
        task: task.id,
        mode: start.mode,
        ...assigned,
        input: task.input,
        slices: task.slices,
        subject: task.subject,
        model: start.run?.model ?? parameters.model,
        recalled,
        system: systemMessage(instructionsFor(agent, start.mode, modelCalls), recalled),
        user: promptOf(agent, task.input),
        candidate: start.run?.candidate ?? null,
        recall: record,
      };
      const opened = await store.openEpisode(head, agent.learning.shadowRunsPerDay);
      if (conversations !== undefined) {
        const { workflowExecution } = Context.current().info;
        conversations.read(scope.tenant, episode, workflowExecution?.runId ?? '', opened);
      }
      return contextOf(agent, head, task.number, { ...parameters, modelCalls }, hasLocalModel);
    },

    async recordEpisode(request) {
      const { tenant, episode, mode, outputStep, stopped } = request;
      const agent = agents.agent(request.agent);
      // A call that was cut off may have stored its step after all.
      const known =
        stopped === null ? conversations?.ofLength(tenant, episode, request.steps) : undefined;
      const [{ head, steps }, feedback, resources] = await Promise.all([
        known ?? store.conversation(tenant, episode),
        mode === 'live' && request.isWithoutFeedback !== true
          ? store.feedbackOf(tenant, episode)
          : [],
        agents.resources(request.agent),
      ]);
      const output = outputStep === undefined ? request.output : textOfStep(steps, outputStep);
      const graded = await gradeRun(agent, { head, steps, output, stopped }, resources);
      const judged = informative({
        key: head.task,
        outcome: graded,
        trajectory: steps,
        hasCorrection: feedback.some(({ correction }) => correction !== null),
        revealsSomething: revealsSomething(agent, head, steps),
      });
      const { outcome, wake } = await store.recordEpisode({
        tenant,
        id: episode,
        end: request.end,
        output,
        outcome: graded,
        informative: judged,
        unreflected: unreflectedReason(request, judged),
        tokens: request.tokens,
        costMicroUsd: request.costMicroUsd,
      });
      if (mode === 'live' && (head.subject !== null || feedback.length > 0)) {
        await store.settleJudgements(tenant, episode);
      }
      await Promise.all(wake.map((workflowId) => messenger.wake(workflowId)));
      return { outcome, informative: judged };
    },

    async storeFeedback({ tenant, ...given }) {
      const { existing } = await store.putFeedback(tenant, feedbackFor(given));
      return { existing };
    },
  };
}

/** The stored task; one that a client started without accepting it first is accepted here. */
async function taskAndPointer(
  store: Store,
  agent: Agent,
  start: TaskStart,
): Promise<{ readonly task: AcceptedTask; readonly pointer: Pointer | null }> {
  const { tenant, agent: agentId, task: id, input } = start;
  const scope = { tenant, agent: agentId };
  if (input !== undefined && start.mode === 'live') {
    const slices = slicesOf(agent, input);
    const subject = start.subject ?? null;
    const task = await store.acceptTask({ ...scope, id, input, subject, slices });
    return { task, pointer: await store.pointer(scope) };
  }
  const { task, pointer } = await store.taskAndPointer(scope, id);
  if (task === null) {
    throw new NotFoundError('task', id, 'start it with an input, or name one that was accepted');
  }
  return { task, pointer };
}

/** The pointer; an agent whose definition is new or changed is deployed first. */
async function deployed(
  { store, agents, strategies, messenger }: LifecycleDependencies,
  scope: Scope,
  agent: Agent,
  pointer: Pointer | null,
): Promise<Pointer> {
  const parameters = {
    model: agent.model.name,
    temperature: agent.model.temperature,
    maxModelCalls: agent.limits.modelCalls,
    recallLimit: agent.recallLimit,
  };
  const { policyDigest, toolDigests } = agents.digests(scope.agent);
  const defined: Definition = { policyDigest, toolDigests, parameters };
  if (pointer !== null) {
    const { row } = await strategies.strategy(scope, pointer.active);
    if (isDeepStrictEqual(row.definition, defined)) return pointer;
  }
  const definition = { ...defined, instructions: agent.instructions };
  const deployment = await store.deploy(scope, definition, SYSTEM);
  // Watched like a promotion; the first one has nothing to be compared with.
  if (pointer !== null && deployment.active !== pointer.active) await messenger.wakeLearner(scope);
  return deployment;
}

function assignedVersion(
  start: TaskStart,
  task: AcceptedTask,
  pointer: Pointer,
): { version: VersionId; arm: Arm } {
  if (start.run !== undefined) return { version: start.run.version, arm: 'active' };
  return assign(pointer, task.subject ?? task.id, task.slices);
}

function episodeOf(start: TaskStart, task: AcceptedTask): EpisodeId {
  if (start.run === undefined) return task.episode;
  const { episode, replicate } = start.run;
  return (replicate ?? 1) === 1 ? episode : runEpisodeIdOf(episode, String(replicate));
}

/** An exploration has other limits than a task, and has to be told. */
function instructionsFor(agent: Agent, mode: TaskStart['mode'], modelCalls: number): string {
  if (mode !== 'explore') return agent.instructions;
  return `${agent.instructions}\nYou have ${String(modelCalls)} turns.`;
}

/** Instructions, then what was learned: stable text first, so that prompt caches of providers hit. */
export function systemMessage(instructions: string, recalled: readonly RecalledLesson[]): string {
  if (recalled.length === 0) return instructions;
  const lines = recalled.map(({ lesson, revision, text }) => {
    const indented = text.split('\n').join('\n  ');
    return `- [${lesson}@${String(revision)}] ${indented}`;
  });
  return `${instructions}\n\n# Lessons\n${lines.join('\n')}`;
}

function contextOf(
  agent: Agent,
  head: OpenEpisode,
  number: number,
  { temperature, modelCalls }: { readonly temperature: number; readonly modelCalls: number },
  hasLocalModel: boolean,
): TaskContext {
  const isLive = head.mode === 'live';
  const offered = agent.tools.map((tool): OfferedTool => ({
    name: tool.name,
    timeoutSeconds: tool.timeoutSeconds ?? 60,
    needsApproval: tool.needsApproval ?? false,
    isAllowed: isLive || tool.sandbox !== undefined,
  }));
  const builtIn = RESERVED_TOOL_NAMES.filter((name) =>
    name === 'ask_person' ? agent.mayAsk && isLive : agent.scratchpad,
  ).map((name): OfferedTool => ({
    name,
    timeoutSeconds: 30,
    needsApproval: false,
    isAllowed: true,
  }));
  return {
    episode: head.id,
    number,
    version: head.version,
    arm: head.arm,
    model: head.model,
    temperature,
    modelTimeoutSeconds: agent.model.timeoutSeconds,
    limits: {
      modelCalls,
      tokens: agent.limits.tokens,
      costMicroUsd: agent.limits.costMicroUsd ?? null,
      toolCallsPerTurn: agent.limits.toolCallsPerTurn,
      badCalls: agent.limits.badCalls,
    },
    tools: [...offered, ...builtIn],
    slices: Object.entries(head.slices).map(([key, value]) => `${key}=${value}`),
    recalled: head.recalled.length,
    isLocal: !isLive && hasLocalModel,
    reflects: agent.learning.reflect,
  };
}

/** Why nothing will be learned from an episode; null where its reflection has yet to say. */
function unreflectedReason(
  { mode, reflects }: RecordRequest,
  judged: { readonly value: boolean; readonly reason: string },
): string | null {
  if (mode !== 'live') return null;
  if (reflects === 'never') return 'the agent learns nothing: learning.reflect is never';
  return judged.value ? null : judged.reason;
}

function revealsSomething(agent: Agent, head: OpenEpisode, steps: readonly Step[]): boolean {
  return observedCalls(agent, head.input, steps).some(({ facts }) => facts.length > 0);
}
