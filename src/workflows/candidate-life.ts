import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';

import type { EvaluationPlan, LearningActivities } from '../activities/learning-activities.js';
import { isEnd, type CandidateState } from '../domain/candidate.js';
import { wordsFor, type CandidateWord } from '../domain/candidate-words.js';
import { SYSTEM, type Actor } from '../domain/feedback.js';
import type { GateSummary } from '../domain/gate/gate-summary.js';
import type { CandidateId, Scope } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { Decision, Grant } from './messages.js';
import { runCanary, runProbation, type RolloutEnd, type RolloutSetting } from './rollout.js';
import { safetyMs } from './safety-timer.js';
import { searchAttributes } from './search-attributes.js';
import type { EvaluationResult, shadowEvaluation } from './shadow-evaluation.js';

const {
  planEvaluation,
  reserveAlpha,
  settleWithLearner,
  transition,
  rebase,
  promote,
  rollBack,
  stopWatching,
} = proxyActivities<LearningActivities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '500ms', maximumInterval: '30s' },
});

/** What a person decided about the candidate, in the order it was said. */
export type Word = {
  readonly kind: CandidateWord;
  readonly decision: Decision;
};

/** Messages as they arrive at the workflow that carries a candidate. */
export interface Mailbox {
  /** The first word that has not been acted upon. */
  word: Word | null;
  /** The word that is being carried out, until the state it leads to is written. */
  acting: Word | null;
  canaryGranted: boolean;
  evaluationGranted: boolean;
  woken: boolean;
  stage: CandidateState;
  detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** Refuses a word that does not fit the candidate's state, naming what was found and expected. */
export function checkWord(mailbox: Mailbox, kind: Word['kind'], decision: Decision): void {
  const refuse = (message: string, type: string): never => {
    throw ApplicationFailure.nonRetryable(message, type);
  };
  if (decision.reason.trim() === '') {
    refuse('reason: found an empty text, expected why; say it in a few words', 'InvalidInputError');
  }
  if (decision.role === 'user') {
    refuse(`role: found user, expected owner or expert; ask one of them to ${kind}`, 'DeniedError');
  }
  const { stage } = mailbox;
  const words = wordsFor(stage);
  if (!words.includes(kind)) {
    const allowed = words.join(', ') || 'nothing, it has ended';
    refuse(
      `${kind}: found a candidate that is ${stage}, expected one to ${kind}; possible: ${allowed}`,
      'ConflictError',
    );
  }
  const first = mailbox.acting ?? mailbox.word;
  if (first !== null) {
    refuse(`${kind}: ${first.kind} by ${first.decision.actor} came first`, 'ConflictError');
  }
}

export function grant(mailbox: Mailbox, given: Grant): void {
  if (given.kind === 'canary') mailbox.canaryGranted = true;
  if (given.kind === 'evaluation') mailbox.evaluationGranted = true;
  mailbox.woken = true;
}

type Rolled =
  | { readonly kind: 'ended'; readonly state: CandidateState; readonly reason: string }
  | { readonly kind: 'evaluate-again' };

export interface CandidateEnd {
  readonly state: CandidateState;
  readonly reason: string;
}

/** Carries one candidate from its evaluation to its end. */
export async function carryCandidate(
  scope: Scope & { readonly candidate: CandidateId; readonly shadowQueue: string },
  mailbox: Mailbox,
): Promise<CandidateEnd> {
  const { tenant, agent, candidate } = scope;
  const of = { tenant, agent, candidate };
  const { workflowId } = workflowInfo();
  upsertSearchAttributes(searchAttributes.candidate(candidate));

  const enter = async (
    from: readonly CandidateState[],
    to: CandidateState,
    reason: string,
    detail: JsonObject = {},
    actor: Actor = SYSTEM,
  ): Promise<void> => {
    await transition({ ...of, from, to, actor, reason, detail });
    mailbox.stage = to;
    mailbox.acting = null;
  };
  const settle = (
    step: 'evaluated' | 'canary-wanted' | 'canary-ended' | 'ended',
    promoted = false,
  ) => settleWithLearner({ ...of, workflowId, step, promoted });
  const end = async (
    state: CandidateState,
    reason: string,
    promoted = false,
  ): Promise<CandidateEnd> => {
    mailbox.stage = state;
    await stopWatching({ tenant, agent, workflowId });
    await settle('ended', promoted);
    setCurrentDetails(`**${state}**: ${reason}`);
    return { state, reason };
  };
  /** A veto or an abort ends the candidate wherever it is before its canary. */
  const endedByPerson = async (word: Word, from: CandidateState): Promise<CandidateEnd> => {
    const to = word.kind === 'abort' ? 'aborted' : 'rejected';
    const reason = `${word.kind}: ${word.decision.reason}`;
    await enter([from], to, reason, {}, personOf(word));
    return end(to, reason);
  };

  mailbox.stage = 'evaluating';
  for (;;) {
    const plan = await planEvaluation(of);
    const forced = await evaluate(scope, plan, mailbox, enter, () => settle('evaluated'));
    if (forced.kind === 'ended') return end(forced.state, forced.reason);
    if (forced.kind === 'word') {
      const { word } = forced;
      if (word.kind !== 'force') return await endedByPerson(word, mailbox.stage);
      // It queues for its canary like one that passed; what waits so holds no evaluation up.
      await enter([mailbox.stage], 'passed', `forced: ${word.decision.reason}`, {}, personOf(word));
    }
    const isForced = forced.kind === 'word';
    const word = isForced ? forced.word : null;

    await settle('canary-wanted');
    await condition(() => mailbox.canaryGranted || mailbox.word !== null);
    const spoken = takeWord(mailbox);
    if (spoken !== null && spoken.kind !== 'approve')
      return await endedByPerson(spoken, mailbox.stage);
    mailbox.acting = null;
    const base = await rebase(of);
    if (base.touches && !isForced) {
      await enter(
        ['passed', 'waiting'],
        'evaluating',
        'the baseline changed under lessons this one touches',
      );
      mailbox.canaryGranted = false;
      await settle('canary-ended');
      continue;
    }
    const current = base.changed ? await planEvaluation(of) : plan;
    const rolled = await rollOut(scope, current, mailbox, word);
    if (rolled.kind === 'evaluate-again') {
      await settle('canary-ended');
      mailbox.canaryGranted = false;
      mailbox.stage = 'evaluating';
      continue;
    }
    return end(rolled.state, rolled.reason, rolled.state === 'promoted' && !isForced);
  }

  /** Canary, promotion and probation; a person or an alarm ends them early. */
  async function rollOut(
    _scope: typeof scope,
    plan: EvaluationPlan,
    box: Mailbox,
    forcedBy: Word | null,
  ): Promise<Rolled> {
    const setting: RolloutSetting = {
      ...of,
      version: plan.version,
      workflowId,
      policy: plan.rollout,
      seed: plan.seed,
      actor: forcedBy === null ? SYSTEM : personOf(forcedBy),
      note: forcedBy === null ? '' : `, forced: ${forcedBy.decision.reason}`,
      takeWake: () => {
        const was = box.woken;
        box.woken = false;
        return was;
      },
      isWoken: () => box.woken,
      isInterrupted: () => box.word !== null,
    };
    box.stage = 'canary';
    const canary = await runCanary(setting);
    const undone = await undo(canary, 'canary', box);
    if (undone !== undefined) return undone;
    const evidence = canary.kind === 'passed' ? { canaryOutcomes: canary.outcomes } : {};
    const manual = forcedBy === null ? {} : { forcedBy: forcedBy.decision.actor };
    let cursor: number;
    try {
      const promoted = await promoteWhenAllowed({
        ...of,
        actor: forcedBy === null ? SYSTEM : personOf(forcedBy),
        reason: forcedBy === null ? 'canary without alarm' : `forced: ${forcedBy.decision.reason}`,
        detail: { ...evidence, ...manual },
      });
      if (promoted.kind !== 'promoted') return promoted;
      cursor = promoted.cursor;
    } catch (error) {
      if (!isFailureOf(error, 'StaleBaselineError')) throw error;
      const reason = 'another version became active during the canary';
      await rollBack({
        ...of,
        actor: SYSTEM,
        reason,
        detail: { stage: 'canary', automatic: true },
      });
      return { kind: 'ended', state: 'rolled-back', reason };
    }
    box.stage = 'probation';
    await settle('canary-ended', forcedBy === null);
    for (;;) {
      const probation = await runProbation(setting, cursor);
      const after = await undo(probation, 'probation', box);
      if (after !== undefined) return after;
      const reason = `probation of ${String(probation.kind === 'passed' ? probation.outcomes : 0)} outcomes without alarm`;
      try {
        await enter(['probation'], 'promoted', reason);
        return { kind: 'ended', state: 'promoted', reason };
      } catch (error) {
        // A rollback of another promotion took this one back meanwhile: the next look tells where to.
        if (!isFailureOf(error, 'ConflictError')) throw error;
      }
    }
  }

  /** Promotes, as soon as neither freeze nor pin forbids it; a person or a pin may end it before. */
  async function promoteWhenAllowed(
    request: Parameters<typeof promote>[0],
  ): Promise<{ kind: 'promoted'; cursor: number } | Rolled> {
    for (let looks = 0; ; looks += 1) {
      const { cursor, state } = await promote(request);
      if (state === 'probation') return { kind: 'promoted', cursor };
      const moved: RolloutEnd | undefined =
        state === 'canary' ? undefined : { kind: 'moved', to: state };
      const undone = moved && (await undo(moved, 'canary', mailbox));
      if (undone !== undefined) return undone;
      setCurrentDetails('**Canary** is over; promotion waits: the agent is frozen or pinned');
      await condition(() => mailbox.woken || mailbox.word !== null, safetyMs(looks));
      mailbox.woken = false;
      if (mailbox.word === null) continue;
      const stopped = await undo({ kind: 'interrupted', outcomes: 0 }, 'canary', mailbox);
      if (stopped !== undefined) return stopped;
    }
  }

  /** What an alarm, a person or another workflow makes of a rollout; undefined where it goes on. */
  async function undo(
    found: RolloutEnd,
    stage: 'canary' | 'probation',
    box: Mailbox,
  ): Promise<Rolled | undefined> {
    if (found.kind === 'passed') return undefined;
    if (found.kind === 'moved') {
      const { to } = found;
      if (!isEnd(to)) return { kind: 'evaluate-again' };
      return {
        kind: 'ended',
        state: to,
        reason: 'moved by a rollback of an earlier promotion or by a pin',
      };
    }
    if (found.kind === 'alarm') {
      const where = found.slice === null ? 'all tasks' : found.slice;
      const reason = `alarm in ${stage} on ${where} after ${String(found.outcomes)} outcomes`;
      const detail = {
        stage,
        automatic: true,
        slice: found.slice,
        logE: found.logE,
        outcomes: found.outcomes,
        at: found.at,
      };
      const { state } = await rollBack({ ...of, actor: SYSTEM, reason, detail });
      if (state === 'evaluating') return { kind: 'evaluate-again' };
      return { kind: 'ended', state: 'rolled-back', reason };
    }
    const word = takeWord(box);
    const reason = word === null ? 'interrupted' : `${word.kind}: ${word.decision.reason}`;
    const detail = { stage, automatic: false, outcomes: found.outcomes };
    const actor = word === null ? SYSTEM : personOf(word);
    const { state } = await rollBack({ ...of, actor, reason, detail });
    if (state === 'passed') {
      // Its canary was granted and could not begin: there is nothing to take back.
      const to = word?.kind === 'abort' ? 'aborted' : 'rejected';
      await enter(['passed'], to, reason, {}, actor);
      return { kind: 'ended', state: to, reason };
    }
    return { kind: 'ended', state: 'rolled-back', reason };
  }
}

type EvaluationEnd =
  | { readonly kind: 'passed' }
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'ended'; readonly state: CandidateState; readonly reason: string };

type Enter = (
  from: readonly CandidateState[],
  to: CandidateState,
  reason: string,
  detail?: JsonObject,
  actor?: Actor,
) => Promise<void>;

/** Shadow evaluation, verdict, and the person where one is asked for. */
async function evaluate(
  scope: Scope & { readonly candidate: CandidateId; readonly shadowQueue: string },
  plan: EvaluationPlan,
  mailbox: Mailbox,
  enter: Enter,
  giveUpSlot: () => Promise<void>,
): Promise<EvaluationEnd> {
  const { tenant, agent, candidate } = scope;
  mailbox.word = mailbox.word?.kind === 'approve' ? null : mailbox.word;
  const held = 'hold: the learning budget has nothing left today';
  let verdict: string = held;
  let detail: JsonObject = {};
  let name: GateSummary['verdict'] = 'hold';
  if (!plan.isOutOfBudget) {
    setCurrentDetails(`**Evaluation** of ${plan.version} against ${plan.baseline}: ${plan.title}`);
    const { alpha } = await reserveAlpha({ tenant, agent, candidate });
    const found = await evaluateInShadow(scope, plan, alpha, mailbox);
    if (found.kind === 'word') {
      await stopWatching({ tenant, agent, workflowId: `shadow/${candidate}` });
      return found;
    }
    const { summary } = found.result;
    name = summary.verdict;
    verdict = `${summary.verdict}: ${summary.reason}`;
    detail = { alpha, seed: plan.seed, ...verdictDetail(summary) };
  }
  upsertSearchAttributes(searchAttributes.verdict(name));
  mailbox.detail = { verdict };
  if (name === 'reject') {
    await enter(['evaluating'], 'rejected', verdict, detail);
    return { kind: 'ended', state: 'rejected', reason: verdict };
  }
  const needsPerson = name !== 'pass' || plan.permission === 'approve';
  await enter(['evaluating'], needsPerson ? 'waiting' : 'passed', verdict, detail);
  if (!needsPerson) return { kind: 'passed' };
  // Waiting for a person holds no evaluation up; wanting the canary, or ending, frees the slot as well.
  await giveUpSlot();

  const asked = name === 'pass' ? 'approve' : 'force';
  setCurrentDetails(`**Waits for a person** to ${asked} or veto. ${verdict}`);
  const answered = await condition(() => mailbox.word !== null, plan.approvalTimeoutMs);
  const word = takeWord(mailbox);
  if (!answered || word === null) {
    const reason = `expired: nobody said ${asked} in time; ${verdict}`;
    await enter(['waiting'], 'rejected', reason);
    return { kind: 'ended', state: 'rejected', reason };
  }
  if (word.kind === 'approve' && name === 'pass') {
    await enter(['waiting'], 'passed', `approved: ${word.decision.reason}`, {}, personOf(word));
    return { kind: 'passed' };
  }
  if (word.kind === 'approve') {
    const reason = `approve does not promote what did not pass (${verdict}); only force does`;
    await enter(['waiting'], 'rejected', reason, {}, personOf(word));
    return { kind: 'ended', state: 'rejected', reason };
  }
  return { kind: 'word', word };
}

async function evaluateInShadow(
  scope: Scope & { readonly candidate: CandidateId; readonly shadowQueue: string },
  plan: EvaluationPlan,
  alpha: number,
  mailbox: Mailbox,
): Promise<{ kind: 'result'; result: EvaluationResult } | { kind: 'word'; word: Word }> {
  const { candidate } = scope;
  const work = new CancellationScope();
  const { baseline, version, attempt, seed } = plan;
  const evaluation = work.run(async () => {
    const child = await startChild<typeof shadowEvaluation>('shadowEvaluation', {
      workflowId: `shadow/${candidate}`,
      args: [{ ...scope, purpose: 'gate', attempt, baseline, version, alpha, seed }],
      staticSummary: `${plan.title}: ${version} against ${baseline}`,
      typedSearchAttributes: searchAttributes.owner(scope),
    });
    return child.result();
  });
  let result: EvaluationResult | undefined;
  let failure: unknown;
  void evaluation.then(
    (found) => {
      result = found;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  await condition(() => result !== undefined || failure !== undefined || mailbox.word !== null);
  if (result !== undefined) return { kind: 'result', result };
  const word = takeWord(mailbox);
  if (word === null) throw failure instanceof Error ? failure : new Error(String(failure));
  work.cancel();
  try {
    await evaluation;
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  return { kind: 'word', word };
}

function isFailureOf(error: unknown, type: string): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  return error.cause instanceof ApplicationFailure && error.cause.type === type;
}

function takeWord(mailbox: Mailbox): Word | null {
  const { word } = mailbox;
  mailbox.word = null;
  mailbox.acting = word;
  return word;
}

function personOf({ decision }: Word): Actor {
  return { id: decision.actor, role: decision.role };
}

function verdictDetail(summary: GateSummary): JsonObject {
  const { n, effect, logE, threshold, label, slices } = summary;
  return {
    n,
    effect: { ...effect },
    logE,
    threshold,
    label,
    slices: slices.map((slice) => ({ ...slice })),
  };
}
