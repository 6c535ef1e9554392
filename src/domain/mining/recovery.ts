import type { ToolStep, Trajectory } from '../episode.js';
import type { EpisodeId, TaskId } from '../ids.js';
import type { Evidence, LessonDraft } from '../lesson.js';
import { seedOf } from '../random.js';
import { differencesOf } from './argument-difference.js';
import { jsonObjectIn } from './json-object.js';
import { recoveryText, type ArgumentDifference } from './recovery-note.js';

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
 * is one of a list. Free text, such as SQL, gives nothing.
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
    const draft = success === undefined ? undefined : draftOf(step, success, context);
    if (draft === undefined) continue;
    const told = drafts.get(draft.key);
    drafts.set(draft.key, {
      ...draft,
      evidence: [...draft.evidence, ...(told?.evidence ?? [])],
    });
  }
  return [...drafts.values()].reverse();
}

function draftOf(
  failed: ToolStep,
  success: ToolStep,
  context: MiningContext,
): LessonDraft | undefined {
  if (failed.result.ok) return undefined;
  const { tool } = failed;
  const { code, content } = failed.result;
  if (PASSING.test(code) || REFUSED.test(code)) return undefined;
  const before = jsonObjectIn(failed.arguments);
  const after = jsonObjectIn(success.arguments);
  if (before === undefined || after === undefined) return undefined;
  const differences = differencesOf(before, after, content);
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
    case 'type':
    case 'format':
    case 'word':
      return `${difference.kind}:${difference.key}:${difference.from}>${difference.to}`;
  }
}
