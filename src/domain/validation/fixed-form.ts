import { isContinuationText } from '../mining/continuation.js';
import { isProcedureStep } from '../mining/procedure-step.js';
import { isRecoveryText } from '../mining/recovery-note.js';
import { replacementRuleOf } from '../mining/replacement-rule.js';
import { lessonText, type LessonDraft } from '../lesson.js';

const WORD = String.raw`[\p{L}\p{N}]+`;
const ITEM = String.raw`[\p{L}\p{N}_]+(?: ${WORD}){0,6}`;
const CLAIM = new RegExp(
  String.raw`^[\p{L}\p{N}_]+\(${ITEM}(?:, ?${ITEM})*\)(?: -- ${WORD}(?: ${WORD}){0,7})?$`,
  'u',
);

/** The parts of one schema claim that are words rather than names. */
export interface ClaimGlosses {
  readonly names: readonly string[];
  readonly glosses: readonly string[];
}

/**
 * The claims that a text consists of, `table(column gloss, column) -- gloss`, joined by newline or
 * `; `; undefined where anything else stands in it.
 */
export function claimsIn(text: string): ClaimGlosses | undefined {
  const claims = text.split(/\n|; /);
  if (!claims.every((claim) => CLAIM.test(claim))) return undefined;
  const names: string[] = [];
  const glosses: string[] = [];
  for (const claim of claims) {
    const open = claim.indexOf('(');
    const close = claim.indexOf(')');
    names.push(claim.slice(0, open));
    for (const item of claim.slice(open + 1, close).split(/, ?/)) {
      const [name = '', ...gloss] = item.split(' ');
      names.push(name);
      if (gloss.length > 0) glosses.push(gloss.join(' '));
    }
    const tableGloss = claim.slice(close + 1).replace(/^ -- /, '');
    if (tableGloss !== '') glosses.push(tableGloss);
  }
  return { names, glosses };
}

/** Whether a text is what a miner wrote about calls of a tool: all its words are ours but for names. */
export function isToolNote(text: string): boolean {
  return isRecoveryText(text) || isContinuationText(text);
}

/**
 * Whether a draft's text is a statement of fact in a form of ours: a schema claim, a note on
 * calls of a tool, the calls of a procedure, or a replacement rule where a person's correction is its source.
 */
export function isFixedForm(draft: LessonDraft): boolean {
  if (draft.body.form === 'steps') return draft.body.steps.every(isProcedureStep);
  if (draft.body.form !== 'text') return false;
  const text = lessonText(draft.body);
  if (claimsIn(text) !== undefined || isToolNote(text)) return true;
  return isReplacement(draft);
}

/** Whether a draft is a replacement rule that came from feedback and from nothing else. */
export function isReplacement(draft: LessonDraft): boolean {
  return (
    draft.body.form === 'text' &&
    draft.sources.length > 0 &&
    draft.sources.every(({ channel }) => channel === 'feedback' || channel === 'operator') &&
    replacementRuleOf(draft.body.text) !== undefined
  );
}

/** So many words of one name may be a sentence. */
const SENTENCE = 3;

/** Names that may be sentences, read as such. */
function spokenBy(names: readonly string[]): string[] {
  const sentences = names
    .map((name) => name.replace(/(?<=\p{Ll})(?=\p{Lu})/gu, '_').split('_'))
    .map((words) => words.filter((word) => word !== ''))
    .filter((words) => words.length >= SENTENCE)
    .map((words) => words.join(' '));
  return [...sentences, sentences.join(' ')];
}

/**
 * The texts of a draft that can instruct a model. A claim does so by its glosses, read one by one and once
 * strung together, and by names that are sentences; a table may well be called `judge`.
 */
export function instructingTexts(draft: LessonDraft): string[] {
  const claims = draft.body.form === 'text' ? claimsIn(draft.body.text) : undefined;
  const around = [draft.title, draft.trigger.when, draft.trigger.notWhen];
  if (claims === undefined) return [lessonText(draft.body), ...around];
  return [
    ...claims.glosses,
    claims.glosses.join(' '),
    ...spokenBy(claims.names),
    draft.trigger.when,
    draft.trigger.notWhen,
  ];
}
