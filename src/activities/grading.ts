import type { Agent } from '../contracts/agent.js';
import type { EvaluationInput } from '../contracts/evaluator.js';
import type { Outcome } from '../domain/episode.js';
import { UNJUDGED } from '../domain/judging.js';
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
  for (const evaluator of evaluators) {
    const { score, category, detail } = await evaluator.evaluate(input);
    if (score === null) continue;
    return {
      score: Math.min(1, Math.max(0, score)),
      evaluator: evaluator.name,
      source: evaluator.source,
      category: category ?? (score >= 0.5 ? 'ok' : 'failed'),
      detail: (detail ?? '').slice(0, 500),
    };
  }
  return {
    score: null,
    evaluator: judge?.version ?? 'none',
    source: 'none',
    category: judge === undefined ? 'unknown' : UNJUDGED,
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

/** An arm's own fault counts as a failure (intention to treat); what it could not help does not. */
function stoppedOutcome(stopped: string): Outcome {
  const base = { evaluator: 'ratchet', source: 'none', category: stopped, detail: '' } as const;
  if (stopped === 'cancelled' || INFRASTRUCTURE.includes(stopped)) {
    return { ...base, score: null, missing: 'infrastructure' };
  }
  return { ...base, score: 0 };
}
