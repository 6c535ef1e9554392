import {
  readReflection,
  REFLECTION_SCHEMA,
  reflectionMessages,
} from '../contracts/reflection-reply.js';
import type { SpectrumEpisode } from '../domain/attribution/spectrum.js';
import { succeeded, type Outcome } from '../domain/episode.js';
import type { LessonDraft } from '../domain/lesson.js';
import { reflectedDrafts } from '../domain/mining/reflected.js';
import type { ModelClient } from './model-activities.js';
import { askInForm } from './reply-in-form.js';
import type { StoredEpisode } from './store.js';

/** Lessons of a model, and why there are none. */
export interface ModelReflection {
  readonly drafts: readonly LessonDraft[];
  /** Null where the model was asked and answered in form. */
  readonly fault: string | null;
}

/** Episodes of the other outcome that one is held against. */
const MOST_CONTRASTS = 2;
/** Twice, with a repair in between, within the deadline of the activity. */
const TIMEOUT_MS = 25_000;

/**
 * Asks a model what one episode teaches, beside the episodes like it that ended otherwise. A reply that
 * is not in form is sent back once with what was wrong. A model that does not answer leaves nothing: the
 * miners do without it.
 */
export async function reflectWithModel(
  models: ModelClient,
  model: string,
  episode: StoredEpisode & { readonly outcome: Outcome },
  cluster: readonly SpectrumEpisode[],
  shifts: readonly string[] = [],
): Promise<ModelReflection> {
  const { steps: trajectory, input, outcome } = episode;
  const hasFailed = !succeeded(outcome);
  const contrast = cluster
    .filter((other) => other.hasFailed !== hasFailed)
    .slice(0, MOST_CONTRASTS)
    .map((other) => other.trajectory);
  const answer = await askInForm(models, {
    model,
    messages: reflectionMessages({ input, trajectory, outcome }, contrast, shifts),
    replySchema: REFLECTION_SCHEMA,
    read: readReflection,
    timeoutMs: TIMEOUT_MS,
  });
  if (!answer.ok) return { drafts: [], fault: answer.fault };
  const drafts = reflectedDrafts(answer.value, {
    episode: episode.id,
    task: episode.task,
    outcome: outcome.score,
    hasFailed,
    steps: trajectory.length,
    model,
  });
  return { drafts, fault: null };
}
