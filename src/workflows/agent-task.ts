import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';

import type {
  RecordAnswer,
  RecordRequest,
  TaskContext,
  TaskStart,
} from '../activities/task-activities.js';
import type { TaskEnd } from '../domain/episode.js';
import { UNJUDGED } from '../domain/judging.js';
import { UNPAID } from '../domain/learning-budget.js';
import { NOTHING_SPENT, planTurn, stopReason, type TaskTally } from '../domain/turn.js';
import { isBudgetSpent } from './budget-hold.js';
import { isHistoryLong } from './history-length.js';
import {
  cancelTask,
  giveFeedback,
  recordedResult,
  taskProgress,
  type AgentTaskResult,
  type TaskProgress,
} from './messages.js';
import { dashboardIn, pageMemo } from './page-memo.js';
import { openPersonDesk } from './person-desk.js';
import type { reflectAndUpdate } from './reflect-and-update.js';
import { searchAttributes } from './search-attributes.js';
import { callModel, recall, recordEpisode, storeFeedback } from './task-steps.js';
import { runCall, type CallSetting } from './tool-calls.js';

export interface AgentTaskInput extends TaskStart {
  /** What an earlier run of this workflow hands on. */
  readonly resumed?: {
    readonly context: TaskContext;
    readonly tally: TaskTally;
    readonly isWithoutFeedback?: boolean;
  };
  /** Continue as new after this many history events; the server's own suggestion unless told. */
  readonly maxHistoryEvents?: number;
}

export type { AgentTaskResult };

type Closing = Pick<RecordRequest, 'output' | 'outputStep' | 'stopped'>;

/**
 * One task of an agent, from the pinned strategy version to the recorded episode. Model and tools are
 * activities; the conversation stays in the store; what it teaches is a child that outlives it.
 */
export async function agentTask(input: AgentTaskInput): Promise<AgentTaskResult> {
  const { tenant, agent } = input;
  let phase: TaskProgress['phase'] = 'starting';
  let cancelled: string | undefined;
  let tally = input.resumed?.tally ?? NOTHING_SPENT;
  let recorded: AgentTaskResult | undefined;
  let isContinued = false;
  let isWithoutFeedback = input.resumed?.isWithoutFeedback ?? input.resumed === undefined;
  const work = new CancellationScope();

  const desk = openPersonDesk();
  setHandler(taskProgress, () => {
    const waiting = desk.waiting();
    return {
      phase: waiting.length > 0 ? 'needs_review' : phase,
      modelCalls: tally.modelCalls,
      toolCalls: tally.toolCalls,
      waiting,
    };
  });
  setHandler(cancelTask, ({ actor, reason }) => {
    cancelled ??= `${actor}: ${reason}`;
    work.cancel();
    return undefined;
  });

  // Whoever waits has the result before what is learned from it begins.
  setHandler(recordedResult, async () => {
    await condition(() => recorded !== undefined || isContinued);
    return recorded ?? null;
  });

  const begun = input.resumed?.context ?? (await recalled(input));
  if ('category' in begun) return (recorded = begun);
  const context = begun;
  setHandler(giveFeedback, (feedback) => {
    isWithoutFeedback = false;
    return storeFeedback({ tenant, episode: context.episode, ...feedback });
  });
  if (input.mode === 'live' && input.resumed === undefined) {
    upsertSearchAttributes(searchAttributes.started(context));
  }

  const calls: CallSetting = { start: input, context, ask: desk.ask };
  /** Turns of model and tools, until an answer, a budget, or a history that grew long. */
  const converse = async (): Promise<Closing> => {
    for (;;) {
      const stop = stopReason(tally, context.limits);
      if (stop !== undefined) return { output: null, stopped: stop };
      if (isHistoryLong(input)) {
        isContinued = true;
        await condition(allHandlersFinished);
        await continueAsNew<typeof agentTask>({
          ...input,
          resumed: { context, tally, isWithoutFeedback },
        });
      }
      phase = 'thinking';
      const isLast = tally.modelCalls + 1 >= context.limits.modelCalls;
      const { episode, temperature } = context;
      const request = { tenant, agent, episode, temperature, step: tally.nextStep } as const;
      const reply = await callModel(context, { ...request, tools: isLast ? 'none' : 'offered' });
      tally = {
        ...tally,
        modelCalls: tally.modelCalls + 1,
        tokens: tally.tokens + reply.tokens,
        costMicroUsd: tally.costMicroUsd + reply.costMicroUsd,
        nextStep: tally.nextStep + 1,
      };
      if (reply.toolCalls.length === 0) {
        const { text, isTextStored } = reply;
        const closed = { output: text, stopped: null };
        return isTextStored === true ? { ...closed, outputStep: request.step } : closed;
      }
      phase = 'acting';
      const names = context.tools.map(({ name }) => name);
      const turn = planTurn(reply.toolCalls, names, tally, context.limits);
      tally = turn.tally;
      const kinds = await Promise.all(turn.planned.map((planned) => runCall(calls, planned)));
      const malformed = kinds.filter(
        (kind, index) => kind === 'refused' && turn.planned[index]?.kind === 'run',
      ).length;
      tally = { ...tally, badCalls: tally.badCalls + malformed };
    }
  };

  let closing: Closing;
  let isUnpaid = false;
  try {
    closing = await work.run(converse);
  } catch (error) {
    if (isCancellation(error)) closing = { output: null, stopped: 'cancelled' };
    else closing = { output: null, stopped: failureOf(error) };
    isUnpaid = input.run !== undefined && isBudgetSpent(error);
    if (isCancellation(error)) cancelled ??= 'cancelled in Temporal';
  }

  const result = await CancellationScope.nonCancellable(async (): Promise<AgentTaskResult> => {
    phase = 'grading';
    const { episode, version } = context;
    const end: TaskEnd =
      cancelled !== undefined ? 'cancelled' : closing.output === null ? 'failed' : 'done';
    const graded = await recordEpisode({
      tenant,
      agent,
      episode,
      mode: input.mode,
      reflects: context.reflects,
      end,
      ...closing,
      steps: tally.nextStep,
      ...(isWithoutFeedback && { isWithoutFeedback }),
      tokens: tally.tokens,
      costMicroUsd: tally.costMicroUsd,
    });
    const { outcome } = graded;
    recorded = {
      episode,
      end,
      score: outcome.score,
      category: outcome.category,
      missing: outcome.missing ?? null,
      // It broke off for want of budget, which says nothing of how it would have gone.
      ...(isUnpaid && UNPAID_OUTCOME),
      version,
      modelCalls: tally.modelCalls,
      toolCalls: tally.toolCalls,
      cost: tally.costMicroUsd > 0 ? tally.costMicroUsd : tally.tokens,
    };
    if (input.mode === 'live') {
      await startReflection(input, context, graded);
      // After the start, which the end of the task waits for.
      upsertSearchAttributes(searchAttributes.ended(outcome));
    }
    phase = 'ended';
    await condition(allHandlersFinished);
    return recorded;
  });
  setCurrentDetails(endDetails(result, context, closing));
  return result;
}

const UNPAID_OUTCOME = { score: null, missing: 'infrastructure', category: UNPAID } as const;

/** What the task begins with; its end where the learning budget of the day does not pay for a run of it. */
async function recalled(input: AgentTaskInput): Promise<TaskContext | AgentTaskResult> {
  try {
    return await recall(input);
  } catch (error) {
    const { run } = input;
    if (run === undefined || !isBudgetSpent(error)) throw error;
    const { episode, version } = run;
    const outcome = UNPAID_OUTCOME;
    const spent = { cost: 0, modelCalls: 0, toolCalls: 0 };
    return { episode, version, end: 'cancelled', ...outcome, ...spent };
  }
}

/** The failure type that ended the conversation: of an activity's cause where there is one. */
function failureOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof ApplicationFailure) return cause.type ?? 'failure';
  if (error instanceof ApplicationFailure) return error.type ?? 'failure';
  if (cause instanceof Error) return cause.name;
  throw error;
}

function endDetails(result: AgentTaskResult, context: TaskContext, closing: Closing): string {
  const score = result.score === null ? 'unknown' : String(result.score);
  const lines = [
    `**${result.end}** (score ${score}, ${result.category})`,
    `Strategy ${result.version}, arm ${context.arm}, ${String(context.recalled)} lessons recalled`,
    `${String(result.modelCalls)} model calls, ${String(result.toolCalls)} tool calls`,
  ];
  if (closing.stopped !== null) lines.push(`Stopped: ${closing.stopped}`);
  return lines.join('  \n');
}

/**
 * Starts what learns from the episode, where it is to be learned from, or where a judge must be asked: there,
 * so that nobody who waits for the answer waits for a second model.
 */
async function startReflection(
  { tenant, agent, task }: AgentTaskInput,
  { episode, reflects }: TaskContext,
  { outcome, informative }: RecordAnswer,
): Promise<void> {
  const isUnjudged = outcome.category === UNJUDGED;
  const isReflected = reflects === 'always' || (reflects === 'informative' && informative.value);
  if (!isReflected && !isUnjudged) return;
  const judge = isReflected ? 'and-reflect' : 'alone';
  try {
    await startChild<typeof reflectAndUpdate>('reflectAndUpdate', {
      workflowId: `reflect/${episode}`,
      args: [{ tenant, agent, episode, informative, ...(isUnjudged && { judge }) }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `Reflect on ${task}: ${informative.reason}`,
      memo: pageMemo(dashboardIn(workflowInfo().memo), tenant),
      typedSearchAttributes: searchAttributes.owner({ tenant, agent }),
    });
  } catch (error) {
    // Feedback that came just after the end was stored has started it already: then it reads what there is.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
