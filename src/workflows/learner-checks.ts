import { executeChild, proxyActivities, workflowInfo } from '@temporalio/workflow';

import type { LearningActivities } from '../activities/learning-activities.js';
import type { AaSummary } from '../domain/gate/aa-check.js';
import type { Diagnosis } from '../domain/gate/diagnosis.js';
import type { CandidateId, Scope } from '../domain/ids.js';
import { seedOf } from '../domain/random.js';
import type { Watched } from './learner-watch.js';
import { searchAttributes } from './search-attributes.js';
import type { shadowEvaluation, ShadowEvaluationInput } from './shadow-evaluation.js';

const { planAaCheck, noteAaCheck } = proxyActivities<LearningActivities>({
  startToCloseTimeout: '60s',
});

function evaluate(
  input: Omit<ShadowEvaluationInput, 'shadowQueue' | 'alpha'>,
  staticSummary: string,
) {
  const { candidate } = input;
  return executeChild<typeof shadowEvaluation>('shadowEvaluation', {
    workflowId: `shadow/${candidate}`,
    args: [{ ...input, shadowQueue: `${workflowInfo().taskQueue}-shadow`, alpha: 0.05 }],
    staticSummary,
    typedSearchAttributes: searchAttributes.owner(input),
  });
}

/** Paired replays of what serves and what did before: was it the promotion, or the world? */
export async function replayPairs(
  scope: Scope,
  candidate: CandidateId,
  { version, baseline, cursor }: Pick<Watched, 'version' | 'baseline' | 'cursor'>,
  slice: string | null = null,
): Promise<{ readonly conclusion: Diagnosis; readonly pairs: number; readonly seed: number }> {
  const seed = seedOf('diagnosis', String(cursor));
  const { diagnosis, pairs } = await evaluate(
    {
      ...scope,
      candidate,
      purpose: 'diagnosis',
      baseline,
      version,
      attempt: cursor,
      seed,
      ...(slice === null ? {} : { slice }),
    },
    `Drift or regression? ${version} against ${baseline}`,
  );
  return { conclusion: diagnosis ?? 'unresolved', pairs, seed };
}

/** Baseline beside baseline, through the same pairs as a gate; null where there was nothing to check with. */
export async function checkPairs(
  scope: Scope,
): Promise<(AaSummary & { readonly discordance: number }) | null> {
  const plan = await planAaCheck(scope);
  if (plan === null) return null;
  const { baseline, attempt, candidate } = plan;
  const seed = seedOf('aa', scope.agent, String(attempt));
  const { aa } = await evaluate(
    { ...scope, candidate, purpose: 'aa', baseline, version: baseline, attempt, seed },
    `A/A check of ${baseline}`,
  );
  if (aa === null || aa.discordance === null) return null;
  const found = { ...aa, discordance: aa.discordance };
  await noteAaCheck({ ...scope, ...found, baseline, seed });
  return found;
}
