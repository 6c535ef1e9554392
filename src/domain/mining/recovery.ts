import type { ToolStep, Trajectory } from '../episode.js';
import type { EpisodeId, TaskId } from '../ids.js';
import type { Json, JsonObject } from '../json.js';
import type { Evidence, LessonDraft } from '../lesson.js';
import { SCRATCHPAD_TOOL } from '../own-tools.js';
import { seedOf } from '../random.js';
import { termsOf } from '../retrieval/terms.js';
import { differencesOf, isKept, isSame } from './argument-difference.js';
import { flatArguments, httpTools, placeOf } from './http-call.js';
import { jsonObjectIn } from './json-object.js';
import { isPace, recoveryText, type ArgumentDifference } from './recovery-note.js';
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
  /time_?d?_?out|rate|unavailable|overload|busy|cancel|connection|network|abort|retry|(?<!\d)(?:408|425|429|50[0234])(?!\d)/i;
/** Refusals of what comes too fast: something has to be done between the calls. */
const TOO_FAST = /rate_?.?limit|too many|throttl|quota|too fast|slow down|(?<!\d)429(?!\d)/i;
/** Refusals of the runtime, which say nothing about a tool. */
const REFUSED = /^(?:TOOL_UNKNOWN|TOO_MANY_TOOL_CALLS|CALL_ID_DUPLICATE|LOOP_DETECTED)$/;

/** A call, as it is compared with others: of one tool, and where it is an HTTP request at one place. */
interface Attempt {
  readonly step: ToolStep;
  readonly place: string | undefined;
  /** Flat, so that what lies inside objects has a name; undefined where they are no object. */
  readonly given: JsonObject | undefined;
}

/**
 * Notes about tools from calls that failed and were then made otherwise. A note is written only where
 * the arguments of the next call of the same tool that succeeded differ in at most two things, and in a
 * way that has a name: added, removed, renamed, another type, another form, another unit, another word of
 * a list, or behind or before a piece of text that the error shows. What lies inside objects is compared by dotted names, and the calls of a general HTTP tool by
 * method and path. Where an attempt in between got past one error and into the next, what it changed is
 * compared, if it was kept until a call succeeded.
 *
 * Values are left out; a word is copied only where the tool itself or a change of case shows that it
 * is one of a list. A value that stands in another tool's answer is named by that tool, and the very same
 * call that succeeds after another tool was called names that one, with how many calls went well before
 * where the tool was called too fast. Free text, such as SQL, gives nothing.
 */
export function mineRecoveries(trajectory: Trajectory, context: MiningContext): LessonDraft[] {
  const attempts = attemptsOf(trajectory);
  const drafts = new Map<string, LessonDraft>();
  for (const [at, failed] of attempts.entries()) {
    const draft = draftOf(failed, attempts.slice(at + 1), trajectory, context);
    if (draft === undefined) continue;
    const told = drafts.get(draft.key);
    drafts.set(draft.key, {
      ...draft,
      evidence: [...(told?.evidence ?? []), ...draft.evidence],
    });
  }
  return [...drafts.values()];
}

/** The calls of a trajectory in their order, each with its place. */
export function attemptsOf(trajectory: Trajectory): readonly Attempt[] {
  const requests = httpTools(trajectory);
  return trajectory.flatMap((step) => {
    if (step.kind !== 'tool') return [];
    const written = jsonObjectIn(step.arguments);
    return {
      step,
      place: written !== undefined && requests.has(step.tool) ? placeOf(written) : undefined,
      given: written && flatArguments(written),
    };
  });
}

/** Calls of other tools that succeeded between two steps; a note to oneself is none. */
function between(trajectory: Trajectory, failed: ToolStep, success: ToolStep): readonly ToolStep[] {
  return trajectory.filter(
    (step): step is ToolStep =>
      step.kind === 'tool' &&
      step.index > failed.index &&
      step.index < success.index &&
      step.tool !== failed.tool &&
      step.tool !== SCRATCHPAD_TOOL &&
      step.result.ok,
  );
}

function draftOf(
  failed: Attempt,
  later: readonly Attempt[],
  trajectory: Trajectory,
  context: MiningContext,
): LessonDraft | undefined {
  const { step, place } = failed;
  const { tool, result } = step;
  if (result.ok || REFUSED.test(result.code)) return undefined;
  const { code, content } = result;
  const same = later.filter((other) => other.step.tool === tool && other.place === place);
  const success = same.find((other) => other.step.result.ok);
  if (success === undefined) return undefined;
  const next = same.find((other) => isOtherwise(other.step, step)) ?? success;
  const differences = PASSING.test(code)
    ? paceOf(failed, success, trajectory)
    : differencesBetween(failed, next, success, trajectory);
  if (differences === undefined) return undefined;
  const text = recoveryText({ tool, place, code, differences });
  if (text === undefined) return undefined;
  const digest = context.toolDigests[tool];
  const steps = [...new Set([step.index, next.step.index, success.step.index])];
  const evidence: Evidence = {
    episode: context.episode,
    task: context.task,
    steps,
    role: 'observation',
    outcome: context.outcome,
    reliability: 1,
  };
  const at = place === undefined ? [] : [place];
  return {
    key: ['recovery', tool, ...at, code, shapeOf(content), ...differences.map(kindOf)].join('/'),
    kind: 'tool-note',
    title: [tool, ...at, 'after', code].join(' ').slice(0, 120),
    trigger: { predicates: [], when: '', notWhen: '' },
    body: { form: 'text', text },
    rationale: `${tool} failed at step ${step.index} and succeeded at step ${success.step.index}`,
    evidence: [evidence],
    sources: [{ channel: 'tool_output', principal: tool, authority: 0 }],
    trust: 'low',
    toolVersions: digest === undefined ? {} : { [tool]: digest },
  };
}

/** Whether a later call ended in another way than one that failed: well, or with another error. */
function isOtherwise({ result }: ToolStep, { result: failed }: ToolStep): boolean {
  if (result.ok || failed.ok) return true;
  return result.code !== failed.code || shapeOf(result.content) !== shapeOf(failed.content);
}

/** What got past the error, if it was still so in the call that succeeded. */
function differencesBetween(
  failed: Attempt,
  next: Attempt,
  success: Attempt,
  trajectory: Trajectory,
): readonly ArgumentDifference[] | undefined {
  const [before, after, last] = [failed.given, next.given, success.given];
  if (before === undefined || after === undefined || last === undefined) return undefined;
  const message = failed.step.result.content;
  const others = between(trajectory, failed.step, next.step);
  const differences =
    differencesOf(before, after, message, (value) => sourceIn(value, others)) ??
    (isSame(before, after)
      ? (paceOf(failed, next, trajectory) ?? firstOf(others, message))
      : undefined);
  return differences?.every((difference) => isKept(difference, after, last)) === true
    ? differences
    : undefined;
}

/**
 * What has to be done between calls of a tool that was called too fast: the only other tool that was
 * called before the very same call succeeded, after as many calls as were made since it was called last.
 */
function paceOf(
  failed: Attempt,
  success: Attempt,
  trajectory: Trajectory,
): readonly ArgumentDifference[] | undefined {
  const { result, tool, index } = failed.step;
  if (result.ok || !success.step.result.ok || !TOO_FAST.test(`${result.code} ${result.content}`)) {
    return undefined;
  }
  if (!isSame(failed.given, success.given)) return undefined;
  const others = new Set(between(trajectory, failed.step, success.step).map((step) => step.tool));
  const [key, second] = others;
  if (key === undefined || second !== undefined) return undefined;
  const earlier = trajectory.filter(
    (step): step is ToolStep => step.kind === 'tool' && step.index < index,
  );
  const last = earlier.findLastIndex((step) => step.tool === key);
  const every = earlier.slice(last + 1).filter((step) => step.tool === tool).length;
  return isPace(every) ? [{ kind: 'pace', key, every }] : undefined;
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
    case 'pace':
      return `pace:${difference.key}:${difference.every}`;
    case 'affix':
      return `affix:${difference.key}:${difference.place}:${difference.affix}`;
    case 'unit':
      return `unit:${difference.key}:${difference.by}:${difference.factor}`;
    case 'type':
    case 'format':
    case 'word':
      return `${difference.kind}:${difference.key}:${difference.from}>${difference.to}`;
  }
}
