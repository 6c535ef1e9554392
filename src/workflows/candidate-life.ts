import {
  CancellationScope,
  condition,
  ContinueAsNew,
  patched,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';

import type { EvaluationPlan } from '../activities/learning-activities.js';
import type { CandidateId, Scope } from '../domain/ids.js';
import { planWithinBudget } from './budget-hold.js';
import {
  endOfWait,
  evaluateCandidate,
  waitForPerson,
  type EvaluationEnd,
} from './candidate-evaluation.js';
import { rollOut } from './candidate-rollout.js';
import type { InCanary, Queued, Standing, Waiting } from './candidate-standing.js';
import {
  abandon,
  candidateLife,
  planEvaluation,
  rebase,
  stopWatching,
  type CandidateEnd,
  type CandidateLife,
} from './candidate-steps.js';
import { failureName } from './failure-name.js';
import { personOf, showDetails, takeWord, type Mailbox, type Word } from './mailbox.js';
import { dashboardIn, pageMemo } from './page-memo.js';
import { searchAttributes } from './search-attributes.js';

/** Carries one candidate from its evaluation, or from where an earlier run left it, to its end. */
export async function carryCandidate(
  { shadowQueue, ...of }: Scope & { readonly candidate: CandidateId; readonly shadowQueue: string },
  mailbox: Mailbox,
  resumed: Standing | null,
  handOver: CandidateLife['handOver'],
): Promise<CandidateEnd> {
  const { workflowId } = workflowInfo();
  const life = candidateLife({ of, shadowQueue, workflowId, mailbox, handOver });
  if (resumed === null) showWhose(of);
  let standing = resumed;
  try {
    for (;;) {
      if (standing === null) mailbox.stage = 'evaluating';
      const ended = await onceThrough(life, standing);
      if (ended !== 'evaluate-again') return ended;
      standing = null;
      // Another baseline, or what stood beside it was taken back: a new test, at a level of its own.
      mailbox.canaryGranted = false;
      await life.settle('sent-back');
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    // Cancelled, or failed for good: nobody would watch it from here on, or give back what it holds.
    const reason = `its workflow ended without it: ${failureName(error)}`;
    await CancellationScope.nonCancellable(() => abandon({ ...of, reason }));
    throw error;
  }
}

/** In the list of workflows and on its page; both are handed on by a run that continues as new. */
function showWhose({ tenant, candidate }: CandidateLife['of']): void {
  upsertSearchAttributes(searchAttributes.candidate(candidate));
  // Until here its memo links the page of the tenant: there was no candidate when it started.
  if (patched('candidate-page')) {
    upsertMemo(pageMemo(dashboardIn(workflowInfo().memo), tenant, candidate));
  }
}

/** Evaluation, the wait for its turn, canary and probation. */
async function onceThrough(
  life: CandidateLife,
  resumed: Standing | null,
): Promise<CandidateEnd | 'evaluate-again'> {
  let at = resumed;
  if (at === null || at.kind === 'waiting') {
    const cleared = await judge(life, at);
    if ('state' in cleared) return cleared;
    at = cleared;
  }
  if (at.kind === 'queued') {
    const granted = await takeTurn(life, at);
    if (granted === 'evaluate-again' || 'state' in granted) return granted;
    at = granted;
  }
  const rolled = await rollOut(life, at);
  return rolled === 'evaluate-again' ? rolled : end(life, rolled);
}

/** The verdict, and the person's word where one is asked for. */
async function judge(life: CandidateLife, waiting: Waiting | null): Promise<CandidateEnd | Queued> {
  const { mailbox } = life;
  const { plan, found } =
    waiting === null
      ? await planAndEvaluate(life)
      : { plan: waiting.plan, found: await waitForPerson(life, waiting) };
  if (found.kind === 'ended') return end(life, found);
  const forcedBy = found.kind === 'word' && found.word.kind === 'force' ? found.word : null;
  if (found.kind === 'word' && forcedBy === null) return endedByPerson(life, found.word);
  if (forcedBy !== null) {
    // It queues for its canary like one that passed; what waits so holds no evaluation up.
    const reason = `forced: ${forcedBy.decision.reason}`;
    await life.enter([mailbox.stage], 'passed', reason, {}, personOf(forcedBy));
  }
  const byPerson = forcedBy !== null || (found.kind === 'passed' && found.byPerson);
  await life.settle('canary-wanted', { byPerson });
  return { kind: 'queued', plan, forcedBy, byPerson };
}

/** Its turn, on the baseline that serves by then. */
async function takeTurn(
  life: CandidateLife,
  queued: Queued,
): Promise<CandidateEnd | 'evaluate-again' | InCanary> {
  const { of } = life;
  const { plan, forcedBy } = queued;
  const stopped = await waitForCanary(life, queued);
  if (stopped !== null) return endedByPerson(life, stopped);
  const base = await rebase(of);
  if (base.touches && forcedBy === null) {
    const reason = 'the baseline changed under lessons this one touches';
    await life.enter(['passed', 'waiting'], 'evaluating', reason);
    return 'evaluate-again';
  }
  const current = base.changed ? await planEvaluation(of) : plan;
  return { ...queued, kind: 'canary', plan: current, run: null };
}

async function planAndEvaluate(
  life: CandidateLife,
): Promise<{ readonly plan: EvaluationPlan; readonly found: EvaluationEnd }> {
  const first = await planEvaluation(life.of);
  if (!first.isOutOfBudget || first.permission === 'frozen') {
    return { plan: first, found: await evaluateCandidate(life, first) };
  }
  const verdict = 'hold: the learning budget has nothing left today';
  const plan = await planWithinBudget(life, first, verdict);
  return plan === null
    ? { plan: first, found: await endOfWait(life, 'hold', verdict) }
    : { plan, found: await evaluateCandidate(life, plan) };
}

/** Until its turn has come; a word that ends the candidate before is answered. */
async function waitForCanary(
  { mailbox, settle, handOver }: CandidateLife,
  queued: Queued,
): Promise<Word | null> {
  for (;;) {
    await handOver(queued);
    await condition(() => mailbox.canaryGranted || mailbox.word !== null);
    const word = takeWord(mailbox);
    if (word === null) return null;
    if (word.kind !== 'approve') return word;
    // Its turn comes no sooner, but where automatic promotion is off it comes at all.
    await settle('canary-wanted', { byPerson: true });
    mailbox.acting = null;
  }
}

async function end(
  { of: { tenant, agent }, workflowId, mailbox, settle }: CandidateLife,
  { state, reason, ...survived }: CandidateEnd,
): Promise<CandidateEnd> {
  mailbox.stage = state;
  await stopWatching({ tenant, agent, workflowId });
  await settle('ended', { promoted: state === 'promoted', end: state, ...survived });
  showDetails(mailbox, `**${state}**: ${reason}`);
  return { state, reason };
}

/** A veto or an abort ends the candidate wherever it is before its canary. */
async function endedByPerson(life: CandidateLife, word: Word): Promise<CandidateEnd> {
  const to = word.kind === 'abort' ? 'aborted' : 'rejected';
  const reason = `${word.kind}: ${word.decision.reason}`;
  await life.enter([life.mailbox.stage], to, reason, {}, personOf(word));
  return end(life, { state: to, reason });
}
