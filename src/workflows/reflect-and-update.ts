import {
  allHandlersFinished,
  condition,
  executeChild,
  makeContinueAsNewFunc,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import type { JudgeActivities } from '../activities/judge-activities.js';
import type { ExplorationPlan, LearningActivities } from '../activities/learning-activities.js';
import type { Proposed } from '../activities/store.js';
import type { CandidateId, EpisodeId, Scope } from '../domain/ids.js';
import { nextJudgementMs } from '../domain/judging.js';
import type { agentTask } from './agent-task.js';
import { UNPAID } from '../domain/learning-budget.js';
import { carryCandidate } from './candidate-life.js';
import { testBlame } from './forked-replay.js';
import type { CarriedOn } from './candidate-standing.js';
import { isHistoryLong } from './history-length.js';
import { checkWord, emptyMailbox, grant, showDetails, type Mailbox } from './mailbox.js';
import { searchAttributes } from './search-attributes.js';
import {
  abort,
  approve,
  candidateProgress,
  evaluationHeld,
  force,
  granted,
  outcomesWaiting,
  rollback,
  veto,
  type Decision,
  type Grant,
} from './messages.js';

const local = proxyLocalActivities<LearningActivities>({
  startToCloseTimeout: '60s',
  localRetryThreshold: '2m',
});
const { attribute, propose, validate, markReflected, fateOf } = local;
const scheduled = proxyActivities<LearningActivities>({ startToCloseTimeout: '60s' });
const { wakeLearner } = scheduled;

/** Paid calls, three at most a judge; what is judged already is not paid for again. */
const { judgeOutput } = proxyActivities<JudgeActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '5m' },
});

const LOOK_AGAIN_MS = 10 * 60_000;

export interface ReflectInput extends Scope {
  /** The episode to learn from; absent for a candidate that came from elsewhere. */
  readonly episode?: EpisodeId;
  readonly candidate?: CandidateId;
  readonly informative?: { readonly value: boolean; readonly reason: string };
  /** The episode waits for the agent's judge: asked first, and where `alone` nothing comes after it. */
  readonly judge?: 'alone' | 'and-reflect';
  /** Proposes and ends: the workflow of this episode carries an earlier candidate. */
  readonly isDetached?: boolean;
  /** One of several episodes that are reflected upon anew: its proposals are answered, not stored. */
  readonly isAnew?: boolean;
  /** What an earlier run of this workflow hands on, once it carries a candidate. */
  readonly resumed?: CarriedOn;
  /** Continue as new after this many history events; the server's own suggestion unless told. */
  readonly maxHistoryEvents?: number;
}

export interface ReflectResult {
  /** `nothing-learned`, `merged`, or the end of the candidate. */
  readonly end: string;
  readonly candidate: string | null;
  readonly reason: string;
  /** Of an episode that is reflected upon anew: for whoever started it to store with those of the others. */
  readonly proposed?: readonly Proposed[];
}

/**
 * Learns from one episode. Finds the step that failed, proposes, validates, and hands the proposals to
 * the learner; where they open a candidate, this workflow carries it to its end, so that one workflow
 * id holds the whole life of one change.
 */
export async function reflectAndUpdate(input: ReflectInput): Promise<ReflectResult> {
  const { tenant, agent } = input;
  const mailbox: Mailbox = { ...emptyMailbox(), ...input.resumed?.mailbox };
  const grants: Grant[] = [];
  let candidate: CandidateId | null = input.candidate ?? null;

  setHandler(candidateProgress, () => ({
    stage: mailbox.stage,
    candidate,
    detail: mailbox.detail,
  }));
  setHandler(granted, (given) => {
    grants.push(given);
    grant(mailbox, given);
  });
  setHandler(evaluationHeld, (held) => {
    mailbox.held = held;
  });
  setHandler(outcomesWaiting, () => {
    mailbox.woken = true;
  });
  const words = [
    ['approve', approve],
    ['veto', veto],
    ['force', force],
    ['abort', abort],
    ['rollback', rollback],
  ] as const;
  for (const [word, update] of words) {
    setHandler(
      update,
      async (decision: Decision) => {
        if (decision.expectedVersion !== undefined) {
          // No local activity: the candidate's own steps are, and two at once replay otherwise (ADR 48).
          const { expectActive } = patched('word-by-activity') ? scheduled : local;
          await expectActive({ tenant, agent, word, expected: decision.expectedVersion });
          // What was so at the door may be so no more.
          checkWord(mailbox, word, decision, candidate);
        }
        mailbox.word = { kind: word, decision };
        return `${word} accepted`;
      },
      { validator: (decision: Decision) => checkWord(mailbox, word, decision, candidate) },
    );
  }

  if (candidate !== null && input.resumed !== undefined) {
    showDetails(mailbox, mailbox.shown);
    return carry(input, candidate, mailbox);
  }
  let { informative } = input;
  if (input.judge !== undefined && input.episode !== undefined) {
    const of = { tenant, agent, episode: input.episode };
    setCurrentDetails('**Waits for the judge** of what no evaluator could tell');
    ({ informative } = await judged(of));
    if (input.judge === 'alone') informative = { value: false, reason: 'judged' };
    else if (!informative.value) await markReflected({ ...of, result: informative.reason });
  }
  if (informative?.value === false) {
    return { end: 'nothing-learned', candidate: null, reason: informative.reason };
  }
  if (candidate === null && input.episode !== undefined) {
    const of = { tenant, agent, episode: input.episode };
    const accepted = await analyse(of, input.isAnew === true);
    await markReflected({ ...of, result: accepted.reason });
    if (input.isAnew === true) {
      const { proposed, reason } = accepted;
      return { end: 'merged', candidate: null, reason, proposed };
    }
    // A workflow task that was lost is run again, and then finds what it proposed before to be known: its
    // candidate is open by then, and the learner counts on this workflow to carry it.
    if (accepted.count === 0 && grants.length === 0) {
      return { end: 'nothing-learned', candidate: null, reason: accepted.reason };
    }
    await wakeLearner({ tenant, agent });
    if (input.isDetached === true) {
      return { end: 'merged', candidate: null, reason: accepted.reason };
    }
    // A learner that died between merging and telling leaves nobody to tell; looking bounds the wait.
    while (!(await condition(() => grants.length > 0, LOOK_AGAIN_MS))) {
      const fate = await fateOf({ ...of, workflowId: workflowInfo().workflowId });
      if (fate.kind === 'merged' && fate.candidate !== null) {
        grants.push({ kind: 'merged', into: fate.candidate });
      }
    }
    const [first] = grants;
    if (first?.kind === 'merged') {
      await condition(allHandlersFinished);
      return { end: 'merged', candidate: first.into, reason: accepted.reason };
    }
    if (first !== undefined) candidate = first.candidate;
  }
  if (candidate === null) {
    return { end: 'nothing-learned', candidate: null, reason: 'there is nothing to carry' };
  }
  return carry(input, candidate, mailbox);
}

/** To the candidate's end, in as many runs as its history asks for. */
async function carry(
  input: ReflectInput,
  candidate: CandidateId,
  mailbox: Mailbox,
): Promise<ReflectResult> {
  const { tenant, agent, resumed } = input;
  const shadowQueue = `${workflowInfo().taskQueue}-shadow`;
  const of = { tenant, agent, candidate, shadowQueue };
  const ended = await carryCandidate(of, mailbox, resumed?.standing ?? null, async (standing) => {
    if (!isHistoryLong(input)) return;
    await condition(allHandlersFinished);
    const { memo, typedSearchAttributes } = workflowInfo();
    // What was added since the start is not carried over unless it is named.
    const goOn = makeContinueAsNewFunc<typeof reflectAndUpdate>({
      ...(memo === undefined ? {} : { memo }),
      typedSearchAttributes,
    });
    await goOn({ ...input, candidate, resumed: { mailbox, standing } });
  });
  await condition(allHandlersFinished);
  return { end: ended.state, candidate, reason: ended.reason };
}

/**
 * What the judge makes of an episode. Beyond the limit of a day it waits for the next one, as long as its outcome
 * may still count (GATE 2.7); nobody who waits for what is learned waits with it.
 */
async function judged(
  of: Scope & { readonly episode: EpisodeId },
): Promise<Awaited<ReturnType<typeof judgeOutput>>> {
  const endedMs = workflowInfo().startTime.getTime();
  for (;;) {
    const answer = await judgeOutput(of);
    const { waitsHours: windowHours } = answer;
    if (windowHours === undefined) return answer;
    const { episode } = of;
    const nextMs = nextJudgementMs({ episode, nowMs: Date.now(), endedMs, windowHours });
    if (nextMs === null) return answer;
    await markReflected({ ...of, result: answer.informative.reason });
    setCurrentDetails(
      `**Waits for the judge**: the day's judgements are spent; asked again at ${new Date(nextMs).toISOString()}`,
    );
    await sleep(nextMs - Date.now());
  }
}

/** Attribution, proposals and their validation; a second look in the sandbox where nothing was found. */
async function analyse(
  of: Scope & { readonly episode: EpisodeId },
  isAnew: boolean,
): Promise<{ count: number; reason: string; proposed: readonly Proposed[] }> {
  const blame = await testBlame(of, await attribute(of));
  const { step, method, confidence, isVerified } = blame;
  const told = { step, method, confidence, isVerified };
  let proposed = await propose({ ...of, exploration: null, blame: told });
  if (proposed.exploration !== null && (await hasExplored(of, proposed.exploration))) {
    const exploration = proposed.exploration.episode;
    proposed = await propose({ ...of, exploration, blame: told });
  }
  if (proposed.drafts.length === 0) {
    return { count: 0, reason: `nothing to propose (blame: ${blame.reason})`, proposed: [] };
  }
  const { drafts } = proposed;
  const { answers, held } = await validate({
    ...of,
    drafts,
    ...(isAnew && { isHeldBack: true }),
  });
  const accepted = answers.filter(({ code }) => code === null);
  setCurrentDetails(
    answers
      .map(
        ({ title, code, message }) =>
          `- ${title}: ${code === null ? 'proposed' : `${code} ${message}`}`,
      )
      .join('\n'),
  );
  const refused = answers.find(({ code }) => code !== null);
  return {
    count: accepted.length,
    proposed: held ?? [],
    reason:
      accepted.length > 0
        ? `${String(accepted.length)} lessons proposed`
        : `refused: ${refused?.code ?? ''} ${refused?.message ?? ''}`,
  };
}

/** Runs a task again in the sandbox; false where the learning budget of the day does not pay for it. */
async function hasExplored(
  of: Scope & { readonly episode: EpisodeId },
  { task, version, episode, modelCalls, model }: ExplorationPlan,
): Promise<boolean> {
  const { tenant, agent } = of;
  const own = model === null ? {} : { model };
  const { category } = await executeChild<typeof agentTask>('agentTask', {
    workflowId: `explore/${of.episode}`,
    taskQueue: `${workflowInfo().taskQueue}-shadow`,
    args: [
      {
        tenant,
        agent,
        task,
        mode: 'explore',
        run: { version, episode, candidate: null, modelCalls, ...own },
      },
    ],
    staticSummary: `explore ${task} with ${String(modelCalls)} model calls`,
    typedSearchAttributes: searchAttributes.owner(of, 'explore'),
  });
  return category !== UNPAID;
}
