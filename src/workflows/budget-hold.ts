import {
  ApplicationFailure,
  condition,
  getExternalWorkflowHandle,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';

import type { EvaluationPlan } from '../activities/learning-activities.js';
import { nextBudgetMs } from '../domain/learning-budget.js';
import { planEvaluation, type CandidateLife } from './candidate-steps.js';
import { showDetails } from './mailbox.js';
import { evaluationHeld } from './messages.js';
import { searchAttributes } from './search-attributes.js';

/** Whether a run was refused because the learning budget of the day is spent. */
export function isBudgetSpent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof ApplicationFailure && error.type === 'LearningBudgetError') return true;
  return isBudgetSpent(error.cause);
}

/**
 * An evaluation for which today pays no further pair: tells the workflow that carries the candidate, and
 * waits for tomorrow's budget. False where the evaluation ends before that.
 */
export async function waitForBudget(pairs: number, endsMs: number): Promise<boolean> {
  const untilMs = nextBudgetMs(Date.now());
  if (untilMs > endsMs) return false;
  const { parent } = workflowInfo();
  const carrier =
    parent === undefined ? undefined : getExternalWorkflowHandle(parent.workflowId, parent.runId);
  await carrier?.signal(evaluationHeld, { pairs, until: new Date(untilMs).toISOString() });
  await sleep(untilMs - Date.now());
  await carrier?.signal(evaluationHeld, null);
  return true;
}

/** Writes that a candidate is on `hold` for want of budget. */
export async function enterHold({ mailbox, enter }: CandidateLife, verdict: string): Promise<void> {
  upsertSearchAttributes(searchAttributes.verdict('hold'));
  mailbox.detail = { verdict };
  mailbox.record = [...mailbox.record, `- **${verdict}**`];
  await enter(['evaluating'], 'waiting', verdict);
  const asked = 'or for a person to force or veto';
  showDetails(mailbox, `**Waits for the learning budget**, ${asked}. ${verdict}`);
}

/** Goes on where the budget of another day is there. An approval promotes nothing that did not pass. */
export async function leaveHold({ mailbox, enter }: CandidateLife): Promise<void> {
  mailbox.word = mailbox.word?.kind === 'approve' ? null : mailbox.word;
  await enter(['waiting'], 'evaluating', 'the learning budget of another day');
}

/**
 * Holds a candidate for which today pays no pair, before any level is reserved. Answers the plan of the day that
 * does; null where a person spoke first, or the time to wait is over.
 */
export async function planWithinBudget(
  life: CandidateLife,
  { approvalTimeoutMs }: EvaluationPlan,
  verdict: string,
): Promise<EvaluationPlan | null> {
  const { of, mailbox } = life;
  await enterHold(life, verdict);
  const endsMs = Date.now() + approvalTimeoutMs;
  for (;;) {
    const waitMs = Math.min(nextBudgetMs(Date.now()), endsMs) - Date.now();
    const hasSpoken = await condition(() => mailbox.word !== null, waitMs);
    if (hasSpoken || Date.now() >= endsMs) return null;
    const plan = await planEvaluation(of);
    if (plan.isOutOfBudget) continue;
    await leaveHold(life);
    return plan;
  }
}
