import type { Agent } from '../contracts/agent.js';
import type { EvaluationInput, Evaluator } from '../contracts/evaluator.js';
import { judgeMessages, judgeScores, type Judge, type Question } from '../contracts/judge.js';
import { NotFoundError } from '../domain/errors.js';
import { SUCCESS_THRESHOLD, type Outcome } from '../domain/episode.js';
import { addAudit, emptyAudit, isJudgeBiased, judgeMargin } from '../domain/gate/judge-audit.js';
import type { CandidateId, EpisodeId, Scope, TenantId } from '../domain/ids.js';
import { informative } from '../domain/informative.js';
import {
  firstShown,
  isAudited,
  JUDGE_ABSTAINED,
  needsAnotherCall,
  needsAnotherScore,
  scoreOf,
  UNJUDGED,
  verdictOf,
  type ArmName,
  type PairScores,
} from '../domain/judging.js';
import type { AgentRegistry } from './agent-registry.js';
import { attempting } from './attempt.js';
import type { Messenger } from './messenger.js';
import type { ModelClient } from './model-activities.js';
import { observedCalls } from './observations.js';
import { payingClient, type PurseStore } from './learning-purse.js';
import type { JudgeCall, JudgedPair, PairRow, Store, StoredEpisode } from './store.js';
import type { RecordAnswer } from './task-activities.js';

export interface JudgeDependencies {
  readonly store: Pick<
    Store,
    | 'episode'
    | 'putJudgement'
    | 'judgementOf'
    | 'putJudgedOutcome'
    | 'spendJudgement'
    | 'feedbackOf'
    | 'putFeedback'
  > &
    PurseStore;
  readonly agents: Pick<AgentRegistry, 'agent' | 'resources'>;
  readonly models: ModelClient;
  readonly messenger: Pick<Messenger, 'wake'>;
}

export interface JudgeOutputRequest extends Scope {
  readonly episode: EpisodeId;
}

export interface JudgePairRequest extends Scope {
  readonly candidate: CandidateId;
  /** A pair of a version beside itself is never audited: it says nothing of a bias for candidates. */
  readonly purpose: 'gate' | 'diagnosis' | 'aa';
  /** Both arms as graded; those of category `unjudged` are for the judge. */
  readonly baseline: PairRow['baseline'];
  readonly candidateArm: PairRow['candidate'];
}

/** A judged live run; while the day's judgements are spent it waits, for so long after its end. */
export interface JudgedRun extends RecordAnswer {
  readonly waitsHours?: number;
}

export interface JudgeActivities {
  /**
   * The judge's outcome of a live episode, written to it, and whether there is something to learn from it then;
   * unknown where every judge abstains, or while the day's judgements are spent. Asked like a pair: again where the
   * judge contradicts itself, and one in ten audited. Paid once: a judged episode answers what is stored.
   */
  judgeOutput(request: JudgeOutputRequest): Promise<JudgedRun>;
  /**
   * The two arms of a pair as the judge scores them, blind to which is which: one call in either order
   * of outputs and a third where the two disagree. Void where first and second judge abstain. Paid once:
   * a pair that was judged answers what is stored.
   */
  judgePair(request: JudgePairRequest): Promise<Pick<PairRow, 'baseline' | 'candidate'>>;
}

/**
 * The margin m0 that superiority must exceed for an agent, from the audits of its judge by now, and whether
 * they show a bias that no margin can be trusted with: then nothing is promoted without a person. An
 * agent without a judge is graded by checkers, whose margin is 0.
 */
export async function marginFor(
  store: Pick<Store, 'judgeAudits'>,
  tenant: TenantId,
  { judge }: Pick<Agent, 'judge'>,
): Promise<{ readonly m0: number; readonly isBiased: boolean }> {
  if (judge === undefined) return { m0: 0, isBiased: false };
  const judges = judge.second === null ? [judge] : [judge, judge.second];
  const margins = [];
  for (const { version } of judges) {
    const audits = await store.judgeAudits(tenant, version);
    const audit = audits.reduce(addAudit, emptyAudit('model'));
    margins.push({ m0: judgeMargin(audit), isBiased: isJudgeBiased(audit) });
  }
  return {
    m0: Math.max(...margins.map(({ m0 }) => m0)),
    isBiased: margins.some(({ isBiased }) => isBiased),
  };
}

/** Model judges, for outcomes that no evaluator before them could tell. */
export function createJudgeActivities(dependencies: JudgeDependencies): JudgeActivities {
  const { store, agents, messenger } = dependencies;

  return {
    judgeOutput: ({ tenant, agent: agentId, episode }) =>
      attempting(async ({ signal }) => {
        const scope = { tenant, agent: agentId };
        const agent = agents.agent(agentId);
        const run = await endedRun(store, tenant, episode);
        const held = run.outcome;
        if (held !== null && held.category !== UNJUDGED) return answerOf(store, agent, run, held);
        const { judgementsPerDay, attributionHours } = agent.learning;
        if (!(await store.spendJudgement(scope, judgementsPerDay))) {
          const outcome = unknownOutcome(agent, "the day's judgements are spent");
          const unjudged = { outcome, informative: { value: false, reason: 'unjudged' } };
          return judgementsPerDay === 0 ? unjudged : { ...unjudged, waitsHours: attributionHours };
        }
        const judged = await judgeAlone(dependencies, agent, run, signal);
        await auditAlone(dependencies, agent, run, judged, signal);
        const { wake } = await store.putJudgedOutcome(tenant, episode, judged);
        await Promise.all(wake.map((workflowId) => messenger.wake(workflowId)));
        return answerOf(store, agent, run, judged);
      }),

    judgePair: (request) =>
      attempting(async ({ signal }) => {
        const { tenant, agent: agentId, candidate, purpose, baseline, candidateArm } = request;
        const held = await store.judgementOf(tenant, candidateArm.episode);
        if (held !== null) return armsOf(request, held.scores);
        const agent = agents.agent(agentId);
        const runs = {
          baseline: await endedRun(store, tenant, baseline.episode),
          candidate: await endedRun(store, tenant, candidateArm.episode),
        };
        const models = payingClient(dependencies.models, store, agent, { tenant, agent: agentId });
        const paid = { ...dependencies, models };
        const { judge, calls, scores } = await judgeRuns(paid, agent, runs, signal);
        const isAuditDue =
          scores !== null && purpose !== 'aa' && isAudited(judge.version, candidateArm.episode);
        const judged: JudgedPair = {
          candidate,
          judge: judge.version,
          arms: { baseline: baseline.episode, candidate: candidateArm.episode },
          scores,
          calls,
          isAuditDue,
          audit: isAuditDue ? await audited(paid, agent, judge, runs, signal) : null,
        };
        const stored = await store.putJudgement({ tenant, agent: agentId }, judged);
        return armsOf(request, stored.scores);
      }),
  };
}

/** One run on its own, by the first judge or, where that abstains, the second. */
async function judgeAlone(
  dependencies: JudgeDependencies,
  agent: Agent,
  { input, output }: StoredEpisode,
  signal: AbortSignal,
): Promise<Outcome> {
  const question = { input, outputs: [output ?? ''] };
  for (const judge of judgesOf(agent)) {
    const scores: (number | null)[] = [];
    let said = '';
    while (needsAnotherScore(scores)) {
      const { scores: given, reason } = await ask(dependencies, judge, question, signal);
      scores.push(given?.[0] ?? null);
      said = said === '' ? reason : said;
    }
    const score = scoreOf(scores);
    if (score !== null) return outcomeOf(judge, score, said);
  }
  return { ...unknownOutcome(agent, 'every judge abstained'), category: JUDGE_ABSTAINED };
}

function unknownOutcome(agent: Agent, detail: string): Outcome {
  const evaluator = judgeOf(agent).version;
  return {
    score: null,
    evaluator,
    source: 'none',
    category: UNJUDGED,
    detail,
    missing: 'infrastructure',
  };
}

/**
 * A tenth of what a judge says of live runs is checked by its auditor, whose word is that of an expert: it is
 * weighed with the judge's, and becomes part of the record that the judge is weighed by. Where it has none,
 * people audit.
 */
async function auditAlone(
  dependencies: JudgeDependencies,
  agent: Agent,
  run: StoredEpisode,
  { evaluator, score }: Outcome,
  signal: AbortSignal,
): Promise<void> {
  const judge = judgesOf(agent).find(({ version }) => version === evaluator);
  if (score === null || judge?.auditor == null || !isAudited(judge.version, run.id)) return;
  const found = await auditorScore(dependencies, agent, judge.auditor, run, signal);
  if (found === null) return;
  await dependencies.store.putFeedback(run.scope.tenant, {
    id: `audit/${run.id}`,
    episode: run.id,
    actor: `auditor ${judge.auditor.name}`,
    role: 'expert',
    score: found,
    correction: null,
    comment: null,
    act: 'audit',
  });
}

async function answerOf(
  store: Pick<Store, 'feedbackOf'>,
  agent: Agent,
  { scope, id, task, input, steps }: StoredEpisode,
  outcome: Outcome,
): Promise<RecordAnswer> {
  const feedback = await store.feedbackOf(scope.tenant, id);
  const found = informative({
    key: task,
    outcome,
    trajectory: steps,
    hasCorrection: feedback.some(({ correction }) => correction !== null),
    revealsSomething: observedCalls(agent, input, steps).some(({ facts }) => facts.length > 0),
  });
  return { outcome, informative: found };
}

type Runs = Readonly<Record<ArmName, StoredEpisode>>;

/** The first judge, or the second where the first abstains. */
async function judgeRuns(
  dependencies: JudgeDependencies,
  agent: Agent,
  runs: Runs,
  signal: AbortSignal,
): Promise<{ judge: Judge; calls: readonly JudgeCall[]; scores: PairScores }> {
  const calls: JudgeCall[] = [];
  for (const judge of judgesOf(agent)) {
    const own: JudgeCall[] = [];
    while (needsAnotherCall(own.map((call) => call.scores))) {
      own.push(await judgeOnce(dependencies, judge, runs, own.length, signal));
    }
    calls.push(...own);
    const scores = verdictOf(own.map((call) => call.scores));
    if (scores !== null) return { judge, calls, scores };
  }
  return { judge: judgeOf(agent), calls, scores: null };
}

async function judgeOnce(
  dependencies: JudgeDependencies,
  judge: Judge,
  runs: Runs,
  call: number,
  signal: AbortSignal,
): Promise<JudgeCall> {
  const first = firstShown(runs.candidate.id, call);
  const order: readonly ArmName[] =
    first === 'baseline' ? ['baseline', 'candidate'] : ['candidate', 'baseline'];
  const outputs = order.map((arm) => runs[arm].output ?? '');
  const question = { input: runs.baseline.input, outputs };
  const { scores, reason } = await ask(dependencies, judge, question, signal);
  const [ofFirst, ofSecond] = scores ?? [];
  const model = judge.model.name;
  if (ofFirst === undefined || ofSecond === undefined) {
    return { model, first, scores: null, reason };
  }
  const isBaselineFirst = first === 'baseline';
  const baseline = isBaselineFirst ? ofFirst : ofSecond;
  const candidate = isBaselineFirst ? ofSecond : ofFirst;
  return { model, first, scores: { baseline, candidate }, reason };
}

async function ask(
  { models }: JudgeDependencies,
  judge: Judge,
  question: Question,
  signal: AbortSignal,
): Promise<ReturnType<typeof judgeScores>> {
  const reply = await models.complete({
    model: judge.model.name,
    messages: judgeMessages(judge, question),
    functions: [],
    temperature: judge.model.temperature,
    timeoutMs: judge.model.timeoutSeconds * 1000,
    signal,
  });
  return judgeScores(reply.text, question.outputs.length);
}

/** What the stronger checker says of an audited pair; null where there is none or it cannot tell. */
async function audited(
  dependencies: JudgeDependencies,
  agent: Agent,
  { auditor }: Judge,
  runs: Runs,
  signal: AbortSignal,
): Promise<JudgedPair['audit']> {
  if (auditor === null) return null;
  const baseline = await auditorScore(dependencies, agent, auditor, runs.baseline, signal);
  const candidate = await auditorScore(dependencies, agent, auditor, runs.candidate, signal);
  if (baseline === null || candidate === null) return null;
  return { baseline, candidate, auditor: auditor.name };
}

async function auditorScore(
  { agents }: JudgeDependencies,
  agent: Agent,
  auditor: Evaluator,
  run: StoredEpisode,
  signal: AbortSignal,
): Promise<number | null> {
  const input: EvaluationInput = {
    task: { id: run.task, input: run.input },
    output: run.output ?? '',
    trajectory: run.steps,
    resources: await agents.resources(agent.id),
    signal,
  };
  return (await auditor.evaluate(input)).score;
}

/** Arms that were graded without the judge keep their score: what stopped by itself has failed. */
function armsOf(
  { baseline, candidateArm }: JudgePairRequest,
  scores: PairScores,
): Pick<PairRow, 'baseline' | 'candidate'> {
  const scored = (arm: PairRow['baseline'], score: number | undefined): PairRow['baseline'] => {
    if (arm.category !== UNJUDGED) return arm;
    return score === undefined
      ? { ...arm, score: null, category: JUDGE_ABSTAINED }
      : { ...arm, score, category: categoryOf(score), missing: null };
  };
  return {
    baseline: scored(baseline, scores?.baseline),
    candidate: scored(candidateArm, scores?.candidate),
  };
}

function outcomeOf(judge: Judge, score: number, reason: string): Outcome {
  const { version: evaluator } = judge;
  return { score, evaluator, source: 'judge', category: categoryOf(score), detail: reason };
}

function categoryOf(score: number): string {
  return score >= SUCCESS_THRESHOLD ? 'ok' : 'judged-wrong';
}

function judgesOf(agent: Agent): readonly Judge[] {
  const first = judgeOf(agent);
  return first.second === null ? [first] : [first, first.second];
}

function judgeOf(agent: Agent): Judge {
  if (agent.judge !== undefined) return agent.judge;
  throw new NotFoundError(
    'judge',
    agent.id,
    'give the agent a `judge`, or evaluators that can tell',
  );
}

async function endedRun(
  store: Pick<Store, 'episode'>,
  tenant: TenantId,
  id: EpisodeId,
): Promise<StoredEpisode> {
  const found = await store.episode(tenant, id);
  if (found !== null) return found;
  throw new NotFoundError('episode', id, 'expected a run that has ended');
}
