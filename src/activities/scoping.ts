import { candidateId } from '../contracts/ids.js';
import { SYSTEM } from '../domain/feedback.js';
import { stratumOf } from '../domain/gate/live-outcome.js';
import type { CandidateId, EpisodeId, Scope } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { LessonDraft, LessonRevision, Trigger } from '../domain/lesson.js';
import { narrowTrigger } from '../domain/scoping.js';
import { candidateRow } from './candidate-reading.js';
import { closeOnActive } from './closing.js';
import type { EvaluationDependencies } from './evaluation-activities.js';
import type { LearningActivities } from './learning-activities.js';
import { changingPointer } from './pointer-change.js';
import type { CandidateRow } from './store.js';

type Scoping = Pick<LearningActivities, 'scopeOut' | 'noteDrift'>;

/** What the monitor of a promotion asks for where one slice alone lost, or where the world changed. */
export function createScopingActivities(dependencies: EvaluationDependencies): Scoping {
  const { store } = dependencies;
  return {
    async scopeOut({ tenant, agent, candidate, slices, others, reason, detail }) {
      const scope = { tenant, agent };
      const row = await candidateRow(store, tenant, candidate);
      const slice = stratumOf(slices);
      const narrowed = narrowedLessons(row, slices, others);
      const { baseline } = row;
      if (narrowed === null || baseline === null) return { candidate: null };
      await changingPointer(
        store,
        scope,
        ({ exceptions }) =>
          Promise.resolve(
            exceptions[slice] === baseline
              ? null
              : { exceptions: { ...exceptions, [slice]: baseline } },
          ),
        {
          actor: SYSTEM,
          action: 'scoped',
          reason,
          detail: { ...detail, candidate, slice, baseline },
        },
      );
      return { candidate: await openNarrower(dependencies, scope, row, narrowed, slice) };
    },

    async noteDrift({ tenant, agent, candidate, episodes, reason, detail }) {
      const object = { kind: 'candidate', id: candidate };
      const entry = { actor: SYSTEM, action: 'drift', object, reason, detail };
      await store.note({ tenant, agent }, entry);
      await learnAnew(dependencies, { tenant, agent }, episodes, { ...detail, candidate });
    },
  };
}

/**
 * The world changed: what recent failures were told is marked to be validated again, so that telling it anew
 * is no repetition, and they are reflected upon once more. Reflections end in any order; what they propose
 * enters when all of it is there, at once, so that no bundle is what happened to be proposed first.
 */
export async function learnAnew(
  { store, messenger }: EvaluationDependencies,
  scope: Scope,
  episodes: readonly EpisodeId[],
  detail: JsonObject,
): Promise<void> {
  const failed = await Promise.all(episodes.map((id) => store.episode(scope.tenant, id)));
  const told = new Map(
    failed
      .flatMap((episode) => episode?.recalled ?? [])
      .map(({ lesson, revision }) => [`${lesson}@${String(revision)}`, { lesson, revision }]),
  );
  const reason = 'drift: what recent failures were told has to be validated again';
  await store.disputeLessons(scope, [...told.values()], { actor: SYSTEM, reason, detail });
  const proposed = await Promise.all(
    episodes.map(async (episode) => ({
      episode,
      proposals: await messenger.reflectOnDrift(scope, episode),
    })),
  );
  await store.putProposalsTogether(scope, proposed);
  await messenger.wakeLearner(scope);
}

interface Narrowed {
  readonly lesson: LessonRevision;
  readonly trigger: Trigger;
}

/** The candidate's lessons with the slice left out; null where that is not all it changed. */
function narrowedLessons(
  { bundle, lessons }: CandidateRow,
  slices: Readonly<Record<string, string>>,
  others: readonly Readonly<Record<string, string>>[],
): readonly Narrowed[] | null {
  const isOfLessons = bundle.remove.length === 0 && Object.keys(bundle.parameters).length === 0;
  if (!isOfLessons || lessons.length === 0) return null;
  const narrowed = lessons.flatMap((lesson) => {
    const trigger = narrowTrigger(lesson.trigger, slices, others);
    return trigger === undefined ? [] : [{ lesson, trigger }];
  });
  return narrowed.length === lessons.length ? narrowed : null;
}

/** A candidate of the same lessons that leave the slice out, in a workflow of its own, closed at once. */
async function openNarrower(
  { store, agents, messenger }: EvaluationDependencies,
  scope: Scope,
  row: CandidateRow,
  narrowed: readonly Narrowed[],
  slice: string,
): Promise<CandidateId> {
  const id = candidateId(`${row.id}-narrow`);
  const title = `${row.title} but for ${slice}`.slice(0, 120);
  await store.applyMerge(scope, {
    results: [],
    revisions: narrowed.map(({ lesson, trigger }) => ({
      lesson: lesson.id,
      draft: draftOf(lesson, trigger, `it held but for ${slice}`),
      candidate: id,
    })),
    support: [],
    opened: { id, title, opener: null, workflowId: `reflect/${id}` },
  });
  await closeOnActive(store, agents, scope, id, title);
  await messenger.wakeLearner(scope);
  return id;
}

function draftOf(
  { id: _id, revision: _revision, contentHash: _hash, status: _status, ...draft }: LessonRevision,
  trigger: Trigger,
  rationale: string,
): LessonDraft {
  return { ...draft, trigger, rationale };
}
