import {
  CancellationScope,
  condition,
  isCancellation,
  startChild,
  upsertSearchAttributes,
} from '@temporalio/workflow';

import type { EvaluationPlan } from '../activities/learning-activities.js';
import type { CandidateState } from '../domain/candidate.js';
import type { GateSummary } from '../domain/gate/gate-summary.js';
import { verdictText } from '../domain/gate/shift.js';
import type { JsonObject } from '../domain/json.js';
import { enterHold, leaveHold } from './budget-hold.js';
import type { Waiting } from './candidate-standing.js';
import { reserveAlpha, stopWatching, type CandidateLife } from './candidate-steps.js';
import { failureName } from './failure-name.js';
import { personOf, showDetails, takeWord, type Word } from './mailbox.js';
import type { Held } from './messages.js';
import { searchAttributes } from './search-attributes.js';
import type { EvaluationResult, shadowEvaluation } from './shadow-evaluation.js';

export type EvaluationEnd =
  | { readonly kind: 'passed'; readonly byPerson: boolean }
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'ended'; readonly state: CandidateState; readonly reason: string };

/** Shadow evaluation, verdict, and the person where one is asked for. */
export async function evaluateCandidate(
  life: CandidateLife,
  plan: EvaluationPlan,
): Promise<EvaluationEnd> {
  const { mailbox, enter } = life;
  if (plan.permission === 'frozen') {
    const reason = 'permission: found a frozen layer, expected one that may be learned';
    await enter(['evaluating'], 'rejected', reason);
    return { kind: 'ended', state: 'rejected', reason };
  }
  mailbox.word = mailbox.word?.kind === 'approve' ? null : mailbox.word;
  const found = await verdictOn(life, plan);
  if (found.kind !== 'judged') return found;
  const { name, verdict, detail, review } = found;
  upsertSearchAttributes(searchAttributes.verdict(name));
  mailbox.detail = { verdict };
  mailbox.record = [...mailbox.record, ...recordOf(plan, verdict, detail)];
  if (name === 'reject') {
    await enter(['evaluating'], 'rejected', verdict, detail);
    return { kind: 'ended', state: 'rejected', reason: verdict };
  }
  // What did not pass is never promoted without a person, whatever the permission.
  const needsPerson = name !== 'pass' || plan.permission === 'approve' || review !== null;
  const because = review === null ? verdict : `${verdict}; ${review}`;
  await enter(['evaluating'], needsPerson ? 'waiting' : 'passed', because, detail);
  if (!needsPerson) return { kind: 'passed', byPerson: false };
  // Waiting for a person holds no evaluation up; wanting the canary, or ending, frees the slot as well.
  await life.settle('evaluated');

  showDetails(mailbox, `**Waits for a person** to ${askedFor(name)} or veto. ${because}`);
  const untilMs = Date.now() + plan.approvalTimeoutMs;
  return waitForPerson(life, { kind: 'waiting', plan, name, verdict, untilMs });
}

/** Until a person has said a word, or nobody has in time. */
export async function waitForPerson(life: CandidateLife, waiting: Waiting): Promise<EvaluationEnd> {
  const { mailbox } = life;
  const { name, verdict, untilMs } = waiting;
  await life.handOver(waiting);
  await condition(() => mailbox.word !== null, Math.max(1, untilMs - Date.now()));
  return endOfWait(life, name, verdict);
}

/** What became of a candidate that waited with this verdict: a person's word, or nobody's in time. */
export async function endOfWait(
  { mailbox, enter }: CandidateLife,
  name: GateSummary['verdict'],
  verdict: string,
): Promise<EvaluationEnd> {
  const word = takeWord(mailbox);
  if (word === null) {
    const reason = `expired: nobody said ${askedFor(name)} in time; ${verdict}`;
    await enter(['waiting'], 'rejected', reason);
    return { kind: 'ended', state: 'rejected', reason };
  }
  if (word.kind === 'approve' && name === 'pass') {
    await enter(['waiting'], 'passed', `approved: ${word.decision.reason}`, {}, personOf(word));
    return { kind: 'passed', byPerson: true };
  }
  if (word.kind === 'approve') {
    const reason = `approve does not promote what did not pass (${verdict}); only force does`;
    await enter(['waiting'], 'rejected', reason, {}, personOf(word));
    return { kind: 'ended', state: 'rejected', reason };
  }
  return { kind: 'word', word };
}

function askedFor(name: GateSummary['verdict']): 'approve' | 'force' {
  return name === 'pass' ? 'approve' : 'force';
}

interface Judged {
  readonly kind: 'judged';
  readonly name: GateSummary['verdict'];
  readonly verdict: string;
  readonly detail: JsonObject;
  /** Why a person must look whatever the permission of its layers; null where none has to. */
  readonly review: string | null;
}

/** The gate's verdict; `hold` at once where so many pairs as can be had could not lead to one. */
async function verdictOn(
  life: CandidateLife,
  plan: EvaluationPlan,
): Promise<Judged | EvaluationEnd> {
  const { of, mailbox } = life;
  const held = { kind: 'judged', name: 'hold', detail: {}, review: null } as const;
  showDetails(mailbox, `**Evaluation** of ${plan.version} against ${plan.baseline}: ${plan.title}`);
  const { alpha, isUnderpowered } = await reserveAlpha({ ...of, attempt: plan.attempt });
  if (isUnderpowered) return { ...held, verdict: 'hold: underpowered', detail: { alpha } };
  const found = await evaluateInShadow(life, plan, alpha);
  if (found.kind !== 'result') {
    const { tenant, agent, candidate } = of;
    await stopWatching({ tenant, agent, workflowId: `shadow/${candidate}` });
    if (found.kind === 'stopped') return found.end;
    const verdict = `inconclusive: its evaluation ended without a verdict (${found.by})`;
    return { ...held, name: 'inconclusive', verdict, detail: { alpha } };
  }
  const { summary, isBiased } = found.result;
  const { version, baseline, seed } = plan;
  const biased = 'the audits of its judge show a bias';
  return {
    kind: 'judged',
    name: summary.verdict,
    verdict: verdictText(summary),
    detail: { alpha, seed, version, baseline, ...verdictDetail(summary) },
    review: isBiased ? biased : plan.review,
  };
}

/** What a person needs of a verdict: which test, value, threshold, n, interval, seed, versions. */
function recordOf(plan: EvaluationPlan, verdict: string, detail: JsonObject): readonly string[] {
  const { version, baseline, seed, attempt } = plan;
  const evidence = Object.entries(detail).filter(([name]) => EVIDENCE.includes(name));
  return [
    `- evaluation ${String(attempt)} of ${version} against ${baseline}, seed ${String(seed)}: **${verdict}**`,
    ...(evidence.length === 0
      ? []
      : [`  - ${evidence.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ')}`]),
  ];
}

const EVIDENCE = ['alpha', 'n', 'effect', 'logE', 'threshold', 'label'];

/** Runs the evaluation to its end, or until a person stops it or it was on `hold` for too long. */
async function evaluateInShadow(
  life: CandidateLife,
  plan: EvaluationPlan,
  alpha: number,
): Promise<
  | { readonly kind: 'result'; readonly result: EvaluationResult }
  | { readonly kind: 'stopped'; readonly end: EvaluationEnd }
  /** Somebody ended it, or it failed for good: nothing was shown, and a person decides. */
  | { readonly kind: 'failed'; readonly by: string }
> {
  const { of, shadowQueue, mailbox } = life;
  const work = new CancellationScope();
  const { baseline, version, attempt, seed } = plan;
  mailbox.held = null;
  const evaluation = work.run(async () => {
    const child = await startChild<typeof shadowEvaluation>('shadowEvaluation', {
      workflowId: `shadow/${of.candidate}`,
      args: [{ ...of, shadowQueue, purpose: 'gate', attempt, baseline, version, alpha, seed }],
      staticSummary: `${plan.title}: ${version} against ${baseline}`,
      typedSearchAttributes: searchAttributes.owner(of),
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
  const isOver = (): boolean =>
    result !== undefined || failure !== undefined || mailbox.word !== null;
  const stop = async (): Promise<void> => {
    work.cancel();
    try {
      await evaluation;
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  };
  const heldBy = (): Held | null => mailbox.held;
  for (;;) {
    await condition(() => isOver() || heldBy() !== null);
    const held = heldBy();
    if (isOver() || held === null) break;
    const { pairs, until } = held;
    const verdict = `hold: the learning budget is spent after ${String(pairs)} pairs; it goes on at ${until}`;
    await enterHold(life, verdict);
    const isInTime = await condition(() => isOver() || heldBy() === null, plan.approvalTimeoutMs);
    if (!isInTime || mailbox.word !== null) {
      await stop();
      return { kind: 'stopped', end: await endOfWait(life, 'hold', verdict) };
    }
    await leaveHold(life);
  }
  if (result !== undefined) return { kind: 'result', result };
  const word = takeWord(mailbox);
  if (word === null) return { kind: 'failed', by: failureName(failure) };
  await stop();
  return { kind: 'stopped', end: { kind: 'word', word } };
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
