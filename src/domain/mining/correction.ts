import { PRIOR_RELIABILITY, type Feedback } from '../feedback.js';
import type { EpisodeId, TaskId } from '../ids.js';
import type { JsonObject } from '../json.js';
import type { LessonDraft } from '../lesson.js';
import { differencesOf } from './argument-difference.js';
import { jsonObjectIn } from './json-object.js';
import { replacementRuleOf, replacementText, whenOf } from './replacement-rule.js';
import { replacedSpan } from './token-difference.js';

/** The episode whose output was corrected. */
export interface CorrectedEpisode {
  readonly episode: EpisodeId;
  readonly task: TaskId;
  /** 0 … 1, null where nobody could tell. */
  readonly outcome: number | null;
  /** How many steps its trajectory has; the last of them gave the output. */
  readonly steps: number;
}

/** Longer texts are documents; what was changed in one of them is no rule about writing. */
const MAX_TEXT_CHARACTERS = 20_000;

/**
 * What a correction teaches beyond its task: a rule to write one thing instead of another, where
 * exactly one contiguous piece of the output was replaced. A comment that begins with `When …:` says
 * for which tasks. Outputs that are JSON objects are compared by field: no text of them is.
 */
export function mineCorrection(
  produced: string,
  corrected: string,
  feedback: Feedback,
  context: CorrectedEpisode,
): LessonDraft[] {
  if (Math.max(produced.length, corrected.length) > MAX_TEXT_CHARACTERS) return [];
  const when = whenOf(feedback.comment);
  const before = jsonObjectIn(produced);
  const after = jsonObjectIn(corrected);
  const lesson =
    before === undefined && after === undefined
      ? fromText(produced, corrected, when)
      : fromFields(before, after, when);
  if (lesson === undefined) return [];
  const authority = PRIOR_RELIABILITY[feedback.role];
  return [
    {
      key: `correction/${lesson.key}`,
      kind: 'rule',
      title: lesson.title,
      trigger: { predicates: [], when, notWhen: '' },
      body: { form: 'text', text: lesson.text },
      rationale: `a correction by ${feedback.role === 'user' ? 'a' : 'an'} ${feedback.role} (${feedback.id}) replaced one piece of the output`,
      evidence: [
        {
          episode: context.episode,
          task: context.task,
          steps: context.steps > 0 ? [context.steps - 1] : [],
          role: 'failure',
          outcome: context.outcome,
          reliability: authority,
        },
      ],
      sources: [{ channel: 'feedback', principal: feedback.actor, authority }],
      trust: feedback.role === 'user' ? 'low' : 'medium',
      toolVersions: {},
    },
  ];
}

interface Taught {
  readonly key: string;
  readonly title: string;
  readonly text: string;
}

function fromText(produced: string, corrected: string, when: string): Taught | undefined {
  const span = replacedSpan(produced, corrected);
  return span === undefined ? undefined : replacing(span.corrected, span.produced, when);
}

/** A field that was renamed, or whose short value was given another type or form. */
function fromFields(
  before: JsonObject | undefined,
  after: JsonObject | undefined,
  when: string,
): Taught | undefined {
  if (before === undefined || after === undefined) return undefined;
  const differences = differencesOf(before, after, '');
  const [difference] = differences ?? [];
  if (difference === undefined || differences?.length !== 1) return undefined;
  if (difference.kind === 'renamed')
    return replacing(`"${difference.key}"`, `"${difference.from}"`, when);
  if (difference.kind !== 'type' && difference.kind !== 'format') return undefined;
  const { kind, key, from, to } = difference;
  const form = kind === 'type' ? `as ${to}, not as ${from}` : `in the form ${to}, not ${from}`;
  const prefix = when === '' ? '' : `When ${when}: `;
  return {
    key: keyOf([key, `${from}>${to}`, when]),
    title: `the form of ${key}`.slice(0, MAX_TITLE_CHARACTERS),
    text: `${prefix}Give \`${key}\` ${form}.`,
  };
}

function replacing(write: string, insteadOf: string, when: string): Taught | undefined {
  const text = replacementText({ write, insteadOf, when });
  // A backtick or a line break inside would end the fixed form, and so would too long a piece.
  if (replacementRuleOf(text) === undefined) return undefined;
  const title = `${write} instead of ${insteadOf}`;
  return {
    key: keyOf([write, insteadOf, when]),
    title:
      title.length <= MAX_TITLE_CHARACTERS ? title : `${title.slice(0, MAX_TITLE_CHARACTERS - 1)}…`,
    text,
  };
}

const MAX_TITLE_CHARACTERS = 120;

/** The same rule told again in other spacing or capitals is the same lesson. */
function keyOf(parts: readonly string[]): string {
  return parts
    .map((part) => part.toLowerCase().replace(/\s+/g, ' ').trim())
    .filter((part) => part !== '')
    .join('/');
}
