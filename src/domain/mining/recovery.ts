import type { ToolStep, Trajectory } from '../episode.js';
import type { EpisodeId, TaskId } from '../ids.js';
import type { Json } from '../json.js';
import type { Evidence, LessonDraft } from '../lesson.js';
import { seedOf } from '../random.js';
import { termsOf } from '../retrieval/terms.js';
import { differencesOf, isSame } from './argument-difference.js';
import { jsonObjectIn } from './json-object.js';
import { recoveryText, type ArgumentDifference } from './recovery-note.js';
import { scalarType } from './scalar-form.js';

/** Where a trajectory was recorded, and under which schemas of the tools. */
export interface MiningContext {
  readonly episode: EpisodeId;
  readonly task: TaskId;
  /** 0 … 1, null where nobody could tell. */
  readonly outcome: number | null;
  readonly toolDigests: Readonly<Record<string, string>>;
}

/** Errors that pass by themselves: the next call succeeds whatever its arguments are. */
const PASSING =
  /time_?d?_?out|rate|unavailable|overload|busy|cancel|connection|network|abort|retry/i;
/** Refusals of the runtime, which say nothing about a tool. */
const REFUSED = /^(?:TOOL_UNKNOWN|TOO_MANY_TOOL_CALLS|CALL_ID_DUPLICATE|LOOP_DETECTED)$/;

/**
 * Notes about tools from calls that failed and were then made otherwise. A note is written only where
 * the arguments of the next call of the same tool that succeeded differ in at most two keys, and in a
 * way that has a name: added, removed, renamed, another type, another form, another word of a list.
 * Values are left out; a word is copied only where the tool itself or a change of case shows that it
 * is one of a list. A value that stands in another tool's answer is named by that tool, and the very same
 * call that succeeds after another tool was called names that one. Free text, such as SQL, gives nothing.
 */
export function mineRecoveries(trajectory: Trajectory, context: MiningContext): LessonDraft[] {
  const nextSuccess = new Map<string, ToolStep>();
  const drafts = new Map<string, LessonDraft>();
  for (const step of trajectory.toReversed()) {
    if (step.kind !== 'tool') continue;
    if (step.result.ok) {
      nextSuccess.set(step.tool, step);
      continue;
    }
    const success = nextSuccess.get(step.tool);
    const draft =
      success === undefined
        ? undefined
        : draftOf(step, success, between(trajectory, step, success), context);
    if (draft === undefined) continue;
    const told = drafts.get(draft.key);
    drafts.set(draft.key, {
      ...draft,
      evidence: [...draft.evidence, ...(told?.evidence ?? [])],
    });
  }
  return [...drafts.values()].reverse();
}

/** Calls of other tools that succeeded between two steps. */
function between(trajectory: Trajectory, failed: ToolStep, success: ToolStep): readonly ToolStep[] {
  return trajectory.filter(
    (step): step is ToolStep =>
      step.kind === 'tool' &&
      step.index > failed.index &&
      step.index < success.index &&
      step.tool !== failed.tool &&
      step.result.ok,
  );
}

function draftOf(
  failed: ToolStep,
  success: ToolStep,
  others: readonly ToolStep[],
  context: MiningContext,
): LessonDraft | undefined {
  if (failed.result.ok) return undefined;
  const { tool } = failed;
  const { code, content } = failed.result;
  if (PASSING.test(code) || REFUSED.test(code)) return undefined;
  const before = jsonObjectIn(failed.arguments);
  const after = jsonObjectIn(success.arguments);
  if (before === undefined || after === undefined) return undefined;
  const differences =
    differencesOf(before, after, content, (value) => sourceIn(value, others)) ??
    (isSame(before, after) ? firstOf(others, content) : undefined);
  if (differences === undefined) return undefined;
  const text = recoveryText({ tool, code, differences });
  if (text === undefined) return undefined;
  const digest = context.toolDigests[tool];
  const evidence: Evidence = {
    episode: context.episode,
    task: context.task,
    steps: [failed.index, success.index],
    role: 'observation',
    outcome: context.outcome,
    reliability: 1,
  };
  return {
    key: ['recovery', tool, code, shapeOf(content), ...differences.map(kindOf)].join('/'),
    kind: 'tool-note',
    title: `${tool} after ${code}`.slice(0, 120),
    trigger: { predicates: [], when: '', notWhen: '' },
    body: { form: 'text', text },
    rationale: `${tool} failed at step ${failed.index} and succeeded at step ${success.index}`,
    evidence: [evidence],
    sources: [{ channel: 'tool_output', principal: tool, authority: 0 }],
    trust: 'low',
    toolVersions: digest === undefined ? {} : { [tool]: digest },
  };
}

/** A value so short stands in many an answer by chance. */
const MIN_SOURCE_CHARACTERS = 3;

/** The last tool whose answer holds a value as a word of its own. */
function sourceIn(value: Json, others: readonly ToolStep[]): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const word = String(value);
  if (word.length < MIN_SOURCE_CHARACTERS || scalarType(value) === undefined) return undefined;
  return others.findLast(({ result }) => holdsWord(result.content, word))?.tool;
}

function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const around = text.charAt(at - 1) + text.charAt(at + word.length);
    if (!/[\p{L}\p{N}]/u.test(around)) return true;
  }
  return false;
}

/**
 * The tool that had to be called first where the very same call succeeded later: the only one in between,
 * or the one that the error speaks of.
 */
function firstOf(
  others: readonly ToolStep[],
  message: string,
): readonly ArgumentDifference[] | undefined {
  const tools = [...new Set(others.map(({ tool }) => tool))];
  const said = new Set(termsOf(message));
  const named = tools.filter((tool) => termsOf(tool).some((term) => said.has(term)));
  const [first, second] = tools.length === 1 ? tools : named;
  return first === undefined || second !== undefined ? undefined : [{ kind: 'first', key: first }];
}

/** Names the kind of a message without its words: values, quotations and numbers differ each time. */
function shapeOf(message: string): string {
  const shape = message
    .slice(0, 200)
    .toLowerCase()
    .replace(/(["'`])[^"'`]*\1/g, '?')
    .replace(/\d+/g, '#')
    .replace(/\s+/g, ' ');
  return seedOf(shape).toString(36);
}

function kindOf(difference: ArgumentDifference): string {
  switch (difference.kind) {
    case 'added':
    case 'removed':
      return `${difference.kind}:${difference.key}`;
    case 'renamed':
      return `renamed:${difference.from}>${difference.key}`;
    case 'source':
      return `source:${difference.key}:${difference.from}`;
    case 'first':
      return `first:${difference.key}`;
    case 'type':
    case 'format':
    case 'word':
      return `${difference.kind}:${difference.key}:${difference.from}>${difference.to}`;
  }
}
