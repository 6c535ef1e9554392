import type { EpisodeId, TaskId } from '../ids.js';
import type { LessonDraft } from '../lesson.js';
import { sayingOf } from '../validation/saying.js';
import { seedOf } from '../random.js';

/** A lesson as a model wrote it, of an episode it has read. */
export interface ReflectedLesson {
  readonly kind: 'rule' | 'case';
  readonly title: string;
  readonly text: string;
  readonly when: string;
  readonly notWhen: string;
  readonly rationale: string;
  /** Steps that it says show it. */
  readonly steps: readonly number[];
}

/** The episode that was reflected upon, by which model. */
export interface ReflectedOn {
  readonly episode: EpisodeId;
  readonly task: TaskId;
  readonly outcome: number | null;
  readonly hasFailed: boolean;
  readonly steps: number;
  readonly model: string;
}

/** Longer titles are cut: a model does not count characters. */
const MAX_TITLE_CHARACTERS = 120;
/** The word of a model that has read one episode. */
const AUTHORITY = 0.5;
/** A reflection is no measurement: what it cites is believed less than what a miner saw. */
const RELIABILITY = 0.5;

/**
 * What a model reflected as drafts. Equal sayings have equal keys, so that a lesson told again adds
 * support; a step that is not there stays, for validation to refuse. Reflection has medium trust, and
 * validation takes it from what only repeats a tool or user.
 */
export function reflectedDrafts(
  lessons: readonly ReflectedLesson[],
  { episode, task, outcome, hasFailed, steps, model }: ReflectedOn,
): LessonDraft[] {
  const drafts = lessons.map((lesson): LessonDraft => {
    const text = lesson.text.trim();
    const when = lesson.when.trim();
    return {
      key: `reflection/${seedOf(sayingOf(text), sayingOf(when)).toString(36)}/${sayingOf(lesson.title).slice(0, 60)}`,
      kind: lesson.kind,
      title: lesson.title.trim().slice(0, MAX_TITLE_CHARACTERS),
      trigger: { predicates: [], when, notWhen: lesson.notWhen.trim() },
      body: { form: 'text', text },
      rationale: lesson.rationale.trim(),
      evidence: [
        {
          episode,
          task,
          steps: lesson.steps.length > 0 ? [...new Set(lesson.steps)] : lastOf(steps),
          role: hasFailed ? 'failure' : 'success',
          outcome,
          reliability: RELIABILITY,
        },
      ],
      sources: [{ channel: 'reflection', principal: model, authority: AUTHORITY }],
      trust: 'medium',
      toolVersions: {},
    };
  });
  return [...new Map(drafts.map((draft) => [draft.key, draft])).values()];
}

function lastOf(steps: number): number[] {
  return steps > 0 ? [steps - 1] : [];
}
