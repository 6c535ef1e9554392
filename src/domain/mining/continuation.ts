import type { ToolStep, Trajectory } from '../episode.js';
import type { Json, JsonObject } from '../json.js';
import type { LessonDraft } from '../lesson.js';
import { isSame } from './argument-difference.js';
import { isPlace, PLACE_PATTERN } from './http-call.js';
import { isJsonObject, jsonObjectIn, textOf } from './json-object.js';
import { NAME_PATTERN } from './recovery-note.js';
import { attemptsOf, type MiningContext } from './recovery.js';
import { scalarType } from './scalar-form.js';

/** A tool that answers in parts: where an answer says how it goes on, and which argument takes that. */
export interface ContinuationNote {
  readonly tool: string;
  readonly place?: string | undefined;
  /** The argument. */
  readonly key: string;
  /** The field of the answer. */
  readonly from: string;
}

const NOTE = new RegExp(
  `^\`(${NAME_PATTERN})\`(?: on \`(${PLACE_PATTERN})\`)? answers in parts: send \`(${NAME_PATTERN})\` as \`(${NAME_PATTERN})\` of the last answer until there is none\\.$`,
);

/** The note as it stands in a prompt, or undefined where a name would not fit the fixed form. */
export function continuationText({ tool, place, key, from }: ContinuationNote): string | undefined {
  const where = place === undefined ? '' : ` on \`${place}\``;
  const text = `\`${tool}\`${where} answers in parts: send \`${key}\` as \`${from}\` of the last answer until there is none.`;
  return isContinuationText(text) ? text : undefined;
}

/** What such a note says; undefined for a text that is anything else. */
export function continuationNoteIn(text: string): ContinuationNote | undefined {
  const [, tool, place, key, from] = NOTE.exec(text) ?? [];
  if (tool === undefined || key === undefined || from === undefined) return undefined;
  if (place !== undefined && !isPlace(place)) return undefined;
  return { tool, ...(place !== undefined && { place }), key, from };
}

/** Whether a text is such a note. */
export function isContinuationText(text: string): boolean {
  return continuationNoteIn(text) !== undefined;
}

/** One number is like another; only a field called so says where to go on with one. */
const SAYS_NEXT = /next|cursor|continu|offset|page|token|after/i;
const MAX_DEPTH = 2;

/**
 * Notes about tools that answer in parts: a call was made again with one argument more, the value of
 * which is a field of the answer before. Neither the value nor anything else of the answer is copied.
 */
export function mineContinuations(trajectory: Trajectory, context: MiningContext): LessonDraft[] {
  const drafts = new Map<string, LessonDraft>();
  const attempts = attemptsOf(trajectory).filter(({ step }) => step.result.ok);
  for (const [at, first] of attempts.entries()) {
    const second = attempts
      .slice(at + 1)
      .find(({ step, place }) => step.tool === first.step.tool && place === first.place);
    if (first.given === undefined || second?.given === undefined) continue;
    const added = addedKey(first.given, second.given);
    const from = added && fieldOf(first.step, second.given[added]);
    if (added === undefined || from === undefined) continue;
    const note = { tool: first.step.tool, place: first.place, key: added, from };
    const draft = draftOf(note, [first.step.index, second.step.index], context);
    if (draft !== undefined && !drafts.has(draft.key)) drafts.set(draft.key, draft);
  }
  return [...drafts.values()];
}

/** The one key by which a call says more than the one before, all else being the same. */
function addedKey(before: JsonObject, after: JsonObject): string | undefined {
  const changed = Object.keys(after).filter((key) => !isSame(before[key], after[key]));
  const [key] = changed;
  const isMore = Object.keys(before).every((own) => Object.hasOwn(after, own));
  return changed.length === 1 && key !== undefined && isMore && !Object.hasOwn(before, key)
    ? key
    : undefined;
}

/** The field of a JSON answer that holds a value, by its dotted name. */
function fieldOf({ result }: ToolStep, value: Json | undefined): string | undefined {
  const answer = jsonObjectIn(result.content);
  if (answer === undefined || scalarType(value) === undefined) return undefined;
  const named = (object: JsonObject, prefix: string, depth: number): string[] =>
    Object.entries(object).flatMap(([key, inner]): string[] => {
      const name = `${prefix}${key}`;
      if (isJsonObject(inner)) return depth < MAX_DEPTH ? named(inner, `${name}.`, depth + 1) : [];
      const isValue = scalarType(inner) !== undefined && textOf(inner) === textOf(value);
      return isValue && SAYS_NEXT.test(key) ? [name] : [];
    });
  const [field, second] = named(answer, '', 1);
  return second === undefined ? field : undefined;
}

function draftOf(
  note: ContinuationNote,
  steps: readonly number[],
  { episode, task, outcome, toolDigests }: MiningContext,
): LessonDraft | undefined {
  const { tool, place, key, from } = note;
  const text = continuationText(note);
  if (text === undefined) return undefined;
  const digest = toolDigests[tool];
  const at = place === undefined ? [] : [place];
  return {
    key: ['continuation', tool, ...at, `${from}>${key}`].join('/'),
    kind: 'tool-note',
    title: [tool, ...at, 'in parts'].join(' ').slice(0, 120),
    trigger: { predicates: [], when: '', notWhen: '' },
    body: { form: 'text', text },
    rationale: `step ${steps[1] ?? 0} went on where the answer at step ${steps[0] ?? 0} ended`,
    evidence: [{ episode, task, steps, role: 'observation', outcome, reliability: 1 }],
    sources: [{ channel: 'tool_output', principal: tool, authority: 0 }],
    trust: 'low',
    toolVersions: digest === undefined ? {} : { [tool]: digest },
  };
}
