import type { LessonKind, Predicate, Trust, Validity } from '../lesson.js';
import { NO_EVIDENCE_BOUND } from '../utility/uplift.js';
import {
  buildIndex,
  changeIndex,
  groupsNamed,
  isKnownTerm,
  termsIn,
  type Bm25Index,
} from './bm25.js';
import { isAbout, isWord, weighTerms } from './coverage.js';
import { allHold, type TaskFacts } from './predicates.js';
import { fuseRankings, rankDocuments, type Fused, type Ranked } from './ranking.js';
import { selectDiverse, withoutCopies } from './selection.js';
import { documentTerms, termsOf } from './terms.js';

/** What recall needs to know of a lesson that serves. */
export interface RecallableLesson {
  readonly id: string;
  readonly revision: number;
  readonly kind: LessonKind;
  readonly title: string;
  readonly text: string;
  readonly when: string;
  readonly predicates: readonly Predicate[];
  /** Stands: recalled wherever its predicates hold, before the others and not counted in k. */
  readonly guardrail: boolean;
  readonly trust: Trust;
  /** When it holds; always unless told. */
  readonly validity?: Validity;
  /** When the revision was stored, ISO 8601; '' where that is not known. */
  readonly storedAt: string;
}

/** The lessons of one strategy version, ready to be searched. A value: a change gives another one. */
export interface LessonIndex {
  readonly lessons: ReadonlyMap<string, RecallableLesson>;
  /** By scope: those that stand wherever it is allowed. */
  readonly guardrails: ReadonlyMap<string, readonly Guardrail[]>;
  /** Every scope a lesson has, by the name of its group in the index. */
  readonly scopes: ReadonlyMap<string, LessonScope>;
  /** Of the lessons that are searched for: guardrails are not. */
  readonly index: Bm25Index;
  /** When the newest lesson was stored; recency counts back from there, and needs no clock. */
  readonly newestAt: string;
}

interface Guardrail {
  readonly lesson: RecallableLesson;
  readonly terms: ReadonlySet<string>;
}

/** Lessons of one scope are allowed together or not at all: one look decides for all of them. */
type LessonScope = Pick<RecallableLesson, 'predicates' | 'trust' | 'validity'>;

export interface RecallRequest {
  readonly task: TaskFacts;
  /** Most lessons, guardrails apart. */
  readonly limit: number;
  readonly maxGuardrails?: number;
  readonly maxTokens?: number;
  /** ISO 8601; what is valid at no time of it is left out. Every time where it is not told. */
  readonly at?: string;
  /** Lessons of lower trust are left out. */
  readonly minTrust?: Trust;
  /** Lower bound of uplift of a lesson that was compared with its absence. */
  readonly boundOf?: (lesson: RecallableLesson) => number | undefined;
  /** Lessons near the task by meaning, nearest first; others than may be recalled are passed over. */
  readonly near?: readonly NearLesson[];
}

/** A lesson whose meaning is near that of a task: 1 says the same. */
export interface NearLesson {
  readonly lesson: string;
  readonly similarity: number;
}

export interface Recalled {
  readonly lesson: RecallableLesson;
  /** What it was ordered by, about 0 … 1; 0 for a guardrail, which is not searched for. */
  readonly score: number;
  readonly signals: Signals;
}

/** What the score was made of. */
export interface Signals {
  /** BM25 with the lift of neighbouring words. */
  readonly lexical: number;
  /** Lower bound of uplift; that of no evidence where it was not measured. */
  readonly uplift: number;
  /** Cosine of the vectors of lesson and task, where it was near by meaning. */
  readonly similarity?: number;
}

export const DEFAULT_MAX_GUARDRAILS = 5;
export const DEFAULT_MAX_TOKENS = 1_500;

/** Looked at for copies of one another. */
const POOL = 50;
/** Ranked before tokens are looked at, by words and by meaning each. */
export const CHOICE = 20;
/** How strongly the signals beside the words move a lesson up or down. */
const WEIGHTS = { uplift: 0.5, specificity: 0.1, recency: 0.05 };
const DAY_MS = 86_400_000;
const RECENCY_HALF_LIFE_DAYS = 30;
const TRUST_ORDER: readonly Trust[] = ['low', 'medium', 'high'];

export const NO_LESSONS: LessonIndex = {
  lessons: new Map(),
  guardrails: new Map(),
  scopes: new Map(),
  index: buildIndex([]),
  newestAt: '',
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
  const scopes = new Map(before.scopes);
  const guardrails = new Map(before.guardrails);
  for (const id of new Set([...remove, ...put.map(({ id: own }) => own)])) {
    const old = lessons.get(id);
    lessons.delete(id);
    if (old?.guardrail !== true) continue;
    const scope = scopeOf(old);
    const left = (guardrails.get(scope) ?? []).filter(({ lesson }) => lesson.id !== id);
    if (left.length === 0) guardrails.delete(scope);
    else guardrails.set(scope, left);
  }
  const documents: { id: string; terms: readonly string[]; group: string }[] = [];
  const standing = new Map<string, Guardrail[]>();
  for (const lesson of put) {
    const group = scopeOf(lesson);
    const terms = documentTerms(lesson.title, `${lesson.when}\n${lesson.text}`);
    lessons.set(lesson.id, lesson);
    scopes.set(group, lesson);
    if (!lesson.guardrail) documents.push({ id: lesson.id, terms, group });
    else standing.set(group, [...(standing.get(group) ?? []), { lesson, terms: new Set(terms) }]);
  }
  for (const [scope, added] of standing) {
    guardrails.set(scope, [...(guardrails.get(scope) ?? []), ...added]);
  }
  const unsearched = put.filter(({ guardrail }) => guardrail).map(({ id }) => id);
  return {
    lessons,
    guardrails,
    scopes,
    index: changeIndex(before.index, { put: documents, remove: [...remove, ...unsearched] }),
    newestAt: put.reduce((at, { storedAt }) => (storedAt > at ? storedAt : at), before.newestAt),
  };
}

function scopeOf({ predicates, trust, validity }: RecallableLesson): string {
  return JSON.stringify([predicates, trust, validity ?? null]);
}

/**
 * The lessons that fit a task: guardrails, then what the task's words found, each part in the
 * order of ids, so that the same lessons are the same prompt and a provider's prompt cache hits. A lesson
 * that has next to nothing in common with the task is not recalled, even when there is room.
 */
export function recallLessons(from: LessonIndex, request: RecallRequest): Recalled[] {
  return recallWithChoice(from, request).recalled;
}

/** The same, with everything that was ranked: what is known of any other lesson did not matter. */
export function recallWithChoice(
  from: LessonIndex,
  request: RecallRequest,
): { readonly recalled: Recalled[]; readonly ranked: readonly RecallableLesson[] } {
  const terms = termsOf(queryText(request.task));
  const maxTokens = request.maxTokens ?? DEFAULT_MAX_TOKENS;
  const scopes = [...from.scopes]
    .filter(([, scope]) => isAllowed(scope, request))
    .map(([name]) => name);
  const standing = standingFor(from, request, scopes, new Set(terms), maxTokens);
  const used = standing.reduce((sum, { lesson }) => sum + approximateTokens(lesson.text), 0);
  const choice = fitting(from, request, scopes, terms);
  const chosen = selectDiverse(choice, Math.max(0, request.limit), maxTokens - used);
  const recalled = [
    ...standing,
    ...chosen
      .map(({ lesson, score, signals }) => ({ lesson, score, signals }))
      .sort((left, right) => byId(left.lesson, right.lesson)),
  ];
  return { recalled, ranked: [...standing, ...choice].map(({ lesson }) => lesson) };
}

/** What a recall depends on of the words of a task, without vectors. */
export interface TaskWords {
  /** Terms that some lesson of the version knows, each once. */
  readonly known: readonly string[];
  /** How many other words there are, each once. */
  readonly unknown: number;
}

/** Tasks of the same slices and the same words in this sense get the same lessons. */
export function taskWords(from: LessonIndex, task: TaskFacts): TaskWords {
  const terms = allTerms(task);
  const known = terms.filter((term) => isKnownTerm(from.index, term));
  return { known, unknown: terms.filter(isWord).length - known.filter(isWord).length };
}

/** The terms of a task, each once. */
export function allTerms(task: TaskFacts): readonly string[] {
  return [...new Set(termsOf(queryText(task)))];
}

/** What a task is searched by, as a text. */
export function queryText(task: TaskFacts): string {
  // A slice says which part of the traffic this is, which predicates look at; as words it would be in
  // every query of that part and pull up what happens to be named like it.
  const slices = new Set(Object.values(task.slices));
  return Object.values(task.input)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .filter((value) => !slices.has(value))
    .join('\n');
}

/** Rough token count of a text: four characters a token, as the budgets of prompts are meant. */
export function approximateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Where more stand than may: rules, then those with most predicates, then those that share most words. */
function standingFor(
  from: LessonIndex,
  request: RecallRequest,
  scopes: readonly string[],
  terms: ReadonlySet<string>,
  maxTokens: number,
): Recalled[] {
  const holding = scopes.flatMap((scope) => from.guardrails.get(scope) ?? []);
  const limit = request.maxGuardrails ?? DEFAULT_MAX_GUARDRAILS;
  const wanted = holding.length <= limit ? holding : mostFitting(holding, terms).slice(0, limit);
  let used = 0;
  return wanted
    .map(({ lesson }) => lesson)
    .sort(byId)
    .flatMap((lesson) => {
      const tokens = approximateTokens(lesson.text);
      if (used + tokens > maxTokens) return [];
      used += tokens;
      const uplift = request.boundOf?.(lesson) ?? NO_EVIDENCE_BOUND;
      return [{ lesson, score: 0, signals: { lexical: 0, uplift } }];
    });
}

function mostFitting(
  guardrails: readonly Guardrail[],
  terms: ReadonlySet<string>,
): readonly Guardrail[] {
  return guardrails
    .map((guardrail) => ({
      guardrail,
      isNote: Number(guardrail.lesson.kind !== 'rule'),
      predicates: guardrail.lesson.predicates.length,
      shared: [...terms].filter((term) => guardrail.terms.has(term)).length,
    }))
    .sort(
      (left, right) =>
        left.isNote - right.isNote ||
        right.predicates - left.predicates ||
        right.shared - left.shared ||
        byId(left.guardrail.lesson, right.guardrail.lesson),
    )
    .map(({ guardrail }) => guardrail);
}

/** The lessons about a task with what they are chosen by, best first. */
function fitting(
  from: LessonIndex,
  request: RecallRequest,
  groups: readonly string[],
  terms: readonly string[],
) {
  const weights = weighTerms(groupsNamed(from.index, groups), terms);
  const found = rankDocuments(from.index, { terms, limit: POOL, groups }).filter((document) =>
    isAbout(document.terms, weights, isNearAlready(from.lessons.get(document.id))),
  );
  const lexical = withoutCopies(found, CHOICE);
  return withNear(from, request, groups, lexical)
    .flatMap(({ id, relevance, lexical: words, similarity, terms: own }) => {
      const lesson = from.lessons.get(id);
      if (lesson === undefined) return [];
      const uplift = request.boundOf?.(lesson) ?? NO_EVIDENCE_BOUND;
      const score =
        relevance *
        (1 +
          WEIGHTS.uplift * (uplift - NO_EVIDENCE_BOUND) +
          WEIGHTS.specificity * (1 - 1 / (1 + lesson.predicates.length)) +
          WEIGHTS.recency * recencyOf(lesson, from.newestAt));
      const tokens = approximateTokens(lesson.text);
      const signals = { lexical: words, uplift, ...(similarity !== null && { similarity }) };
      return [{ lesson, score, signals, tokens, terms: new Set(own) }];
    })
    .sort((left, right) => right.score - left.score || byId(left.lesson, right.lesson));
}

/** Its predicates speak of the task, or it is about what the agent acts with, which tasks seldom name. */
function isNearAlready(lesson: RecallableLesson | undefined): boolean {
  return lesson !== undefined && (lesson.predicates.length > 0 || lesson.kind === 'tool-note');
}

/** Fused with what is near by meaning, where anything is. */
function withNear(
  from: LessonIndex,
  request: RecallRequest,
  groups: readonly string[],
  lexical: readonly Ranked[],
): readonly Fused[] {
  const allowed = new Set(groups);
  const near = (request.near ?? []).flatMap(({ lesson: id, similarity }) => {
    const lesson = from.lessons.get(id);
    if (lesson === undefined || lesson.guardrail) return [];
    const scope = scopeOf(lesson);
    return allowed.has(scope) ? [{ id, similarity, terms: termsIn(from.index, scope, id) }] : [];
  });
  if (near.length === 0) return lexical.map((found) => ({ ...found, similarity: null }));
  return fuseRankings(lexical, near.slice(0, CHOICE));
}

/** Whether a revision may be recalled for a task when it is searched for. */
export function mayFind(
  from: LessonIndex,
  request: RecallRequest,
  { lesson: id, revision }: { readonly lesson: string; readonly revision: number },
): boolean {
  const lesson = from.lessons.get(id);
  if (lesson === undefined || lesson.revision !== revision || lesson.guardrail) return false;
  return isAllowed(lesson, request);
}

function isAllowed(
  { predicates, trust, validity }: LessonScope,
  { task, at, minTrust }: RecallRequest,
): boolean {
  if (TRUST_ORDER.indexOf(trust) < TRUST_ORDER.indexOf(minTrust ?? 'low')) return false;
  if (at !== undefined && validity !== undefined) {
    if (validity.from !== null && at < validity.from) return false;
    if (validity.until !== null && at >= validity.until) return false;
  }
  return allHold(predicates, task);
}

/** 1 for lessons as new as the newest of the version, to the day; half as much a half-life earlier. */
function recencyOf({ storedAt }: RecallableLesson, newestAt: string): number {
  const ageDays = Math.floor((Date.parse(newestAt) - Date.parse(storedAt)) / DAY_MS);
  return Number.isNaN(ageDays) ? 0 : 0.5 ** (ageDays / RECENCY_HALF_LIFE_DAYS);
}

function byId(left: RecallableLesson, right: RecallableLesson): number {
  return left.id < right.id ? -1 : 1;
}
