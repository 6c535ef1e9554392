import type { Agent } from '../contracts/agent.js';
import {
  CRITICAL_STEP_SCHEMA,
  criticalStepMessages,
  readCriticalStep,
} from '../contracts/critical-step.js';
import { attribute } from '../domain/attribution.js';
import { unknownBlame, type Blame } from '../domain/attribution/blame.js';
import { blameOf, mayClimb, type LadderBlame } from '../domain/attribution/ladder.js';
import { spectrumBlame, type SpectrumEpisode } from '../domain/attribution/spectrum.js';
import { succeeded, type Outcome } from '../domain/episode.js';
import { planReplay, type ReplayPlan, type ReplayStore } from './forked-replay.js';
import type { ModelClient } from './model-activities.js';
import { askInForm } from './reply-in-form.js';
import type { Store, StoredEpisode } from './store.js';

export interface AttributionDependencies {
  readonly store: ReplayStore & {
    readonly cluster: (...of: Parameters<Store['cluster']>) => Promise<readonly SpectrumEpisode[]>;
  };
  readonly models: ModelClient;
}

/** What the rungs that read say, and the runs that would test it. */
export interface AttributionAnswer extends LadderBlame {
  readonly replay: ReplayPlan | null;
}

/** Failed and passed episodes, of each at most, that one is compared with. */
const CLUSTER_EACH = 10;
/** Twice, with a repair in between, within the deadline of the activity. */
const MODEL_TIMEOUT_MS = 25_000;

/**
 * Climbs the rungs of the ladder that only read: backward slice, spectrum of the episodes like it and,
 * where the agent names a model for it, that model's critical step. Stops at the first that is sure,
 * but asks the model in any case where the agent's settings want a forked replay, which it then plans.
 */
export async function attributeEpisode(
  { store, models }: AttributionDependencies,
  agent: Agent,
  episode: StoredEpisode & { readonly outcome: Outcome },
): Promise<AttributionAnswer> {
  const { steps: trajectory, output, outcome, input, recalled } = episode;
  const levels: Blame[] = [attribute({ trajectory, output, outcome, input, recalled })];
  const isFailure = outcome.score !== null && !succeeded(outcome);
  if (isFailure && mayClimb(levels)) {
    const others = await store.cluster(episode.scope.tenant, episode.id, CLUSTER_EACH);
    levels.push(spectrumBlame(trajectory, [{ trajectory, hasFailed: true }, ...others]));
  }
  const { reflectionModel, replays } = agent.learning;
  // A replay needs something to put in a step's place, however sure the rungs below are.
  const isAsked = mayClimb(levels) || replays > 0;
  if (isFailure && reflectionModel !== undefined && isAsked) {
    levels.push(await criticalStep(models, reflectionModel, agent, episode));
  }
  const blame = blameOf(levels, []);
  const replay = isFailure ? await planReplay(store, agent, episode, blame) : null;
  return { ...blame, replay };
}

/** A model that does not answer, or twice not in form, leaves the rung open: the ladder stands without it. */
async function criticalStep(
  models: ModelClient,
  model: string,
  agent: Agent,
  { steps: trajectory, input, outcome }: StoredEpisode & { readonly outcome: Outcome },
): Promise<Blame> {
  const answer = await askInForm(models, {
    model,
    messages: criticalStepMessages({ input, trajectory, outcome }),
    replySchema: CRITICAL_STEP_SCHEMA,
    read: (reply) => readCriticalStep(reply, trajectory),
    timeoutMs: Math.min(MODEL_TIMEOUT_MS, agent.model.timeoutSeconds * 1000),
  });
  return answer.ok ? answer.value : unknownBlame(answer.fault);
}
