import { ActivityFailure, ApplicationFailure, condition } from '@temporalio/workflow';

import type { EvaluationPlan, RollbackRequest } from '../activities/learning-activities.js';
import { isEnd } from '../domain/candidate.js';
import { SYSTEM } from '../domain/feedback.js';
import { runCanary } from './canary-run.js';
import type { InRollout, OnProbation, Promoting } from './candidate-standing.js';
import { promote, rollBack, type CandidateEnd, type CandidateLife } from './candidate-steps.js';
import type { RolloutEnd, RolloutSetting } from './live-reading.js';
import { personOf, showDetails, takeWord, type Word } from './mailbox.js';
import { runProbation } from './probation-run.js';
import { safetyMs } from './safety-timer.js';

/** How a rollout ended; `evaluate-again` where what it stood on was taken away. */
export type RolledOut = CandidateEnd | 'evaluate-again';

type Stage = 'canary' | 'probation';

/** Canary, promotion and probation, from where it stands; a person or an alarm ends them early. */
export async function rollOut(life: CandidateLife, standing: InRollout): Promise<RolledOut> {
  const { mailbox } = life;
  const { plan, forcedBy, byPerson } = standing;
  const cleared = { plan, forcedBy, byPerson };
  const setting = settingOf(life, plan, forcedBy);
  let at = standing;
  if (at.kind === 'canary') {
    mailbox.stage = 'canary';
    const canary = await runCanary(setting, at.run, (run) =>
      life.handOver({ ...cleared, kind: 'canary', run }),
    );
    if (canary.kind !== 'passed') return undo(life, canary, 'canary');
    at = { ...cleared, kind: 'promoting', outcomes: canary.outcomes, looks: 0 };
  }
  if (at.kind === 'promoting') {
    const promoted = await promoteWhenAllowed(life, setting, at);
    if (typeof promoted !== 'number') return promoted;
    mailbox.stage = 'probation';
    setting.record(
      `promoted ${plan.version} over ${plan.baseline} after ${String(at.outcomes)} canary outcomes`,
    );
    await life.settle('canary-ended', { promoted: forcedBy === null });
    at = { ...cleared, kind: 'probation', from: promoted, run: null };
  }
  return survive(life, setting, at);
}

function settingOf(
  { of, workflowId, mailbox }: CandidateLife,
  plan: EvaluationPlan,
  forcedBy: Word | null,
): RolloutSetting {
  return {
    ...of,
    version: plan.version,
    baseline: plan.baseline,
    workflowId,
    policy: plan.rollout,
    seed: plan.seed,
    actor: forcedBy === null ? SYSTEM : personOf(forcedBy),
    note: forcedBy === null ? '' : `, forced: ${forcedBy.decision.reason}`,
    takeWake: () => {
      const was = mailbox.woken;
      mailbox.woken = false;
      return was;
    },
    mayScope: forcedBy === null,
    show: (line) => {
      showDetails(mailbox, line);
    },
    record: (line) => {
      mailbox.record = [...mailbox.record, `- ${line}`];
    },
    isWoken: () => mailbox.woken,
    isInterrupted: () => mailbox.word !== null,
  };
}

/**
 * Promotes, as soon as neither freeze, pin nor three rollbacks forbid it, and answers the number of the newest
 * task accepted before; a person, a pin or another baseline may end it first.
 */
async function promoteWhenAllowed(
  life: CandidateLife,
  { actor }: RolloutSetting,
  promoting: Promoting,
): Promise<number | RolledOut> {
  const { mailbox } = life;
  const { plan, forcedBy, byPerson } = promoting;
  const request: Parameters<typeof promote>[0] = {
    ...life.of,
    actor,
    reason: forcedBy === null ? 'canary without alarm' : `forced: ${forcedBy.decision.reason}`,
    detail: {
      canaryOutcomes: promoting.outcomes,
      baseline: plan.baseline,
      version: plan.version,
      seed: plan.seed,
      ...(forcedBy === null ? {} : { forcedBy: forcedBy.decision.actor }),
    },
  };
  for (let { looks } = promoting; ; looks += 1) {
    if (mailbox.word === null) await life.handOver({ ...promoting, looks });
    const isArmed = byPerson || (await life.settle('promotion-wanted')).isArmed;
    if (isArmed) {
      const promoted = await promoteOnce(life, request);
      if (promoted !== 'held') return promoted;
    }
    const why = isArmed ? 'the agent is frozen or pinned' : 'automatic promotion is off';
    showDetails(mailbox, `**Canary** is over; promotion waits: ${why}`);
    await condition(() => mailbox.woken || mailbox.word !== null, safetyMs(looks));
    mailbox.woken = false;
    if (mailbox.word !== null) return undo(life, { kind: 'interrupted', outcomes: 0 }, 'canary');
  }
}

async function promoteOnce(
  life: CandidateLife,
  request: Parameters<typeof promote>[0],
): Promise<number | RolledOut | 'held'> {
  try {
    const { cursor, state } = await promote(request);
    if (state === 'probation') return cursor;
    return state === 'canary' ? 'held' : await undo(life, { kind: 'moved', to: state }, 'canary');
  } catch (error) {
    if (!isFailureOf(error, 'StaleBaselineError')) throw error;
    return sendBack(life);
  }
}

/** Another version became active during the canary, by a deployment or a person: nothing was shown of it. */
async function sendBack({ of }: CandidateLife): Promise<RolledOut> {
  const reason = 'another version became active during the canary';
  const detail = { stage: 'canary', automatic: true };
  const request = { ...of, actor: SYSTEM, reason, detail, to: 'evaluating' } as const;
  const { state } = await rollBack(request);
  return isEnd(state) ? { state, reason } : 'evaluate-again';
}

async function survive(
  life: CandidateLife,
  setting: RolloutSetting,
  onProbation: OnProbation,
): Promise<RolledOut> {
  let { run } = onProbation;
  for (;;) {
    const probation = await runProbation(setting, onProbation.from, run, (reached) =>
      life.handOver({ ...onProbation, run: reached }),
    );
    run = null;
    if (probation.kind !== 'passed') return undo(life, probation, 'probation');
    const reason = `probation of ${String(probation.outcomes)} outcomes without alarm`;
    try {
      await life.enter(['probation'], 'promoted', reason);
      const { watch, read } = probation;
      const watched = { ...(watch && { watch }), ...(read && { read }) };
      return { state: 'promoted', reason, ...watched };
    } catch (error) {
      // A rollback of another promotion took this one back meanwhile: the next look tells where to.
      if (!isFailureOf(error, 'ConflictError')) throw error;
    }
  }
}

/** What an alarm, a person or another workflow makes of a rollout. */
async function undo(
  life: CandidateLife,
  found: Exclude<RolloutEnd, { readonly kind: 'passed' }>,
  stage: Stage,
): Promise<RolledOut> {
  switch (found.kind) {
    case 'moved': {
      const reason = 'moved by a rollback of another promotion, by a pin or by a person';
      if (!isEnd(found.to)) return 'evaluate-again';
      return { state: found.to, reason, ...suspectOf(found) };
    }
    case 'alarm': {
      const { slice, category } = found;
      const where =
        category === undefined ? (slice ?? 'all tasks') : `critical category ${category}`;
      const reason = `alarm in ${stage} on ${where} after ${String(found.outcomes)} outcomes`;
      const { kind: _kind, failures: _failures, ...evidence } = found;
      const detail = { stage, automatic: true, ...evidence };
      const back = await takenBack(life, { ...life.of, actor: SYSTEM, reason, detail }, null);
      return back === 'evaluate-again' ? back : { ...back, ...suspectOf(found) };
    }
    case 'silent': {
      const { outcomes, missing, test = 'missing outcomes' } = found;
      const reason =
        found.test === undefined
          ? `outcomes of ${String(missing)} tasks never came in ${stage}: what cannot be seen does not stay`
          : `outcomes of ${String(missing)} tasks in ${stage} had nothing to be compared with: it was never tested`;
      const detail = { stage, automatic: true, test, outcomes, missing };
      return takenBack(life, { ...life.of, actor: SYSTEM, reason, detail }, null);
    }
    case 'interrupted': {
      const word = takeWord(life.mailbox);
      const reason = word === null ? 'interrupted' : `${word.kind}: ${word.decision.reason}`;
      const detail = { stage, automatic: false, outcomes: found.outcomes };
      const actor = word === null ? SYSTEM : personOf(word);
      const to = word?.kind === 'abort' ? 'aborted' : 'rolled-back';
      return takenBack(life, { ...life.of, actor, reason, detail, to }, word);
    }
  }
}

/** What the learner needs in order to tell whether a promotion that was taken back, or the world, did it. */
function suspectOf({ failures }: Pick<CandidateEnd, 'failures'>): Pick<CandidateEnd, 'failures'> {
  return failures === undefined ? {} : { failures };
}

async function takenBack(
  { enter }: CandidateLife,
  request: RollbackRequest,
  word: Word | null,
): Promise<RolledOut> {
  const { actor, reason } = request;
  const { state } = await rollBack(request);
  if (state === 'evaluating') return 'evaluate-again';
  if (state !== 'passed') return { state, reason };
  // Its canary was granted and could not begin: there is nothing to take back.
  const to = word?.kind === 'abort' ? 'aborted' : 'rejected';
  await enter(['passed'], to, reason, {}, actor);
  return { state: to, reason };
}

function isFailureOf(error: unknown, type: string): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  return error.cause instanceof ApplicationFailure && error.cause.type === type;
}
