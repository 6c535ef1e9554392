import type { Predicate } from '../lesson.js';
import { buildIndex, changeIndex, searchIndex, type Bm25Index } from './bm25.js';
import { allHold, type TaskFacts } from './predicates.js';
import { termsOf } from './terms.js';

/** What recall needs to know of a lesson that serves. */
export interface RecallableLesson {
  readonly id: string;
  readonly revision: number;
  readonly title: string;
  readonly text: string;
  readonly when: string;
  readonly predicates: readonly Predicate[];
  /** A standing rule: recalled wherever its predicates hold, before the others and not counted in k. */
  readonly guardrail: boolean;
}

/** The lessons of one strategy version, ready to be searched. A value: a change gives another one. */
export interface LessonIndex {
  readonly lessons: ReadonlyMap<string, RecallableLesson>;
  /** By id. */
  readonly guardrails: readonly RecallableLesson[];
  /** Every set of predicates a lesson has, by the name of its group in the index. */
  readonly scopes: ReadonlyMap<string, readonly Predicate[]>;
  /** Of the lessons that are searched for: guardrails are not. */
  readonly index: Bm25Index;
}

export interface RecallRequest {
  readonly task: TaskFacts;
  /** Most lessons, guardrails apart. */
  readonly limit: number;
  readonly maxGuardrails?: number;
  readonly maxTokens?: number;
  /** Lessons held out of this task, so that they can be compared with their absence. */
  readonly heldOut?: ReadonlySet<string>;
}

export interface Recalled {
  readonly lesson: RecallableLesson;
  /** BM25 score; 0 for a guardrail, which is not searched for. */
  readonly score: number;
}

export const DEFAULT_MAX_GUARDRAILS = 5;
export const DEFAULT_MAX_TOKENS = 1_500;

export const NO_LESSONS: LessonIndex = {
  lessons: new Map(),
  guardrails: [],
  scopes: new Map(),
  index: buildIndex([]),
};

export function indexLessons(lessons: Iterable<RecallableLesson>): LessonIndex {
  return changeLessons(NO_LESSONS, { put: lessons, remove: [] });
}

/** The lessons after a bundle: what it removes is gone, what it puts replaces its earlier revision. */
export function changeLessons(
  before: LessonIndex,
  change: {
    readonly put: Iterable<RecallableLesson>;
    readonly remove: Iterable<string>;
  },
): LessonIndex {
  const put = [...change.put];
  const remove = [...change.remove];
  const lessons = new Map(before.lessons);
  for (const id of remove) lessons.delete(id);
  for (const lesson of put) lessons.set(lesson.id, lesson);
  const scopes = new Map(before.scopes);
  const documents = put
    .filter(({ guardrail }) => !guardrail)
    .map((lesson) => {
      const group = scopeOf(lesson);
      scopes.set(group, lesson.predicates);
      return {
        id: lesson.id,
        terms: termsOf(`${lesson.title}\n${lesson.when}\n${lesson.text}`),
        group,
      };
    });
  const unsearched = put.filter(({ guardrail }) => guardrail).map(({ id }) => id);
  return {
    lessons,
    guardrails: [...lessons.values()]
      .filter(({ guardrail }) => guardrail)
      .sort((left, right) => (left.id < right.id ? -1 : 1)),
    scopes,
    index: changeIndex(before.index, { put: documents, remove: [...remove, ...unsearched] }),
  };
}

/** Lessons with the same predicates apply to the same tasks: one look decides for all of them. */
function scopeOf({ predicates }: RecallableLesson): string {
  return JSON.stringify(predicates);
}

/**
 * The lessons that fit a task, guardrails first, then by score; equal scores by id, so that the same
 * task and version always give the same prompt. A lesson that shares no term with the task is not
 * recalled, even when there is room.
 */
export function recallLessons(from: LessonIndex, request: RecallRequest): Recalled[] {
  const { task, limit, heldOut } = request;
  const guardrails = from.guardrails
    .filter(({ id, predicates }) => heldOut?.has(id) !== true && allHold(predicates, task))
    .slice(0, request.maxGuardrails ?? DEFAULT_MAX_GUARDRAILS)
    .map((lesson) => ({ lesson, score: 0 }));
  const hits = searchIndex(from.index, termsOf(queryText(task)), {
    limit: Math.max(0, limit),
    only: (scope) => allHold(from.scopes.get(scope) ?? [], task),
    ...(heldOut !== undefined && { except: heldOut }),
  }).flatMap(({ id, score }) => {
    const lesson = from.lessons.get(id);
    return lesson === undefined ? [] : [{ lesson, score }];
  });
  return withinTokens([...guardrails, ...hits], request.maxTokens ?? DEFAULT_MAX_TOKENS);
}

/** Rough token count of a text: four characters a token, as the budgets of prompts are meant. */
export function approximateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/**
 * What a task is searched by: the values of its input, but for those that are its slices. A slice
 * says which part of the traffic this is, which predicates look at; as words it would be in every
 * query of that part and pull up what happens to be named like it.
 */
function queryText(task: TaskFacts): string {
  const slices = new Set(Object.values(task.slices));
  return Object.values(task.input)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .filter((value) => !slices.has(value))
    .join('\n');
}

/** Leaves out a lesson that no longer fits and goes on with the next, which may be shorter. */
function withinTokens(recalled: readonly Recalled[], maxTokens: number): Recalled[] {
  let used = 0;
  return recalled.filter(({ lesson }) => {
    const tokens = approximateTokens(lesson.text);
    if (used + tokens > maxTokens) return false;
    used += tokens;
    return true;
  });
}
