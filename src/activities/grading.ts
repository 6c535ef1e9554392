import type { Agent } from '../contracts/agent.js';
import type { EvaluationInput } from '../contracts/evaluator.js';
import { SUCCESS_THRESHOLD, type ModelStep, type Outcome } from '../domain/episode.js';
import { UNGRADED, UNJUDGED } from '../domain/judging.js';
import type { Conversation } from './store.js';

/** What of a run is graded. */
export interface GradedRun extends Conversation {
  readonly output: string | null;
  /** Set where the run ended without an answer of its own. */
  readonly stopped: string | null;
}

const TIMEOUT_MS = 15_000;

/**
 * The first evaluator that can tell decides; what ended without an answer needs none. What none can tell
 * is left to the agent's judge, which is a model and asked apart.
 */
export async function gradeRun(
  { evaluators, judge }: Pick<Agent, 'evaluators' | 'judge'>,
  { head, steps, output, stopped }: GradedRun,
  resources: EvaluationInput['resources'],
): Promise<Outcome> {
  if (stopped !== null) return stoppedOutcome(stopped);
  const input = {
    task: { id: head.task, input: head.input },
    output: output ?? '',
    trajectory: steps,
    resources,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  const isRefusal = lastReply(steps)?.isRefusal === true;
  for (const evaluator of evaluators) {
    const { score, missing, category, detail = '' } = await evaluator.evaluate(input);
    const { name, source } = evaluator;
    const by = { evaluator: name, source, detail: detail.slice(0, 500) };
    if (missing !== undefined) return ownFault({ ...by, category: category ?? 'unparsable' });
    if (score === null) continue;
    if (isRefusal && score < SUCCESS_THRESHOLD) return ownFault({ ...by, category: REFUSAL });
    return {
      ...by,
      score: Math.min(1, Math.max(0, score)),
      category: category ?? (score >= SUCCESS_THRESHOLD ? 'ok' : 'failed'),
    };
  }
  // A refusal that no evaluator called right is no matter of taste for a judge.
  if (isRefusal) return ownFault({ ...BY_RATCHET, category: REFUSAL });
  return {
    score: null,
    evaluator: judge?.version ?? 'none',
    source: 'none',
    category: judge === undefined ? UNGRADED : UNJUDGED,
    detail: 'no evaluator could tell',
    missing: 'infrastructure',
  };
}

/** Failure types that say nothing about the strategy: a pair with one of them is void. */
const INFRASTRUCTURE = [
  'ModelUnavailableError',
  'ModelRateLimitedError',
  'ModelAuthError',
  'ModelProtocolError',
  'UnavailableError',
  'SHADOW_UNMOCKED',
];

const REFUSAL = 'refusal';
const BY_RATCHET = { evaluator: 'ratchet', source: 'none', detail: '' } as const;

/** What a run could not help voids a pair; the rest (timeout, budget, crash) is its own fault. */
function stoppedOutcome(stopped: string): Outcome {
  const base = { ...BY_RATCHET, category: stopped };
  if (stopped === 'cancelled' || INFRASTRUCTURE.includes(stopped)) {
    return { ...base, score: null, missing: 'infrastructure' };
  }
  return ownFault(base);
}

/** No outcome, by a fault of the run itself: it counts as a failure (intention to treat), and as missing. */
function ownFault(base: Omit<Outcome, 'score' | 'missing'>): Outcome {
  return { ...base, score: 0, missing: 'arm' };
}

function lastReply(steps: GradedRun['steps']): ModelStep | undefined {
  return steps.findLast((step) => step.kind === 'model');
}
