import { lessonText, type LessonDraft } from '../lesson.js';
import { replacementRuleOf } from '../mining/replacement-rule.js';
import { isRecoveryText } from '../mining/recovery-note.js';
import type { Check, EvidenceFacts } from './check.js';
import { claimsIn, isReplacement } from './fixed-form.js';
import { MAX_READ_CHARACTERS } from './normalise.js';

/** So many words in a row of a task's input or output are a quotation of it. */
const QUOTED_WORDS = 5;
/** A shorter answer of one word is found in any text. */
const MIN_ANSWER_CHARACTERS = 6;

const leakage: Check = {
  name: 'leakage',
  check: (draft, context) => {
    const said = wordsOf(freeText(draft)).join(' ');
    const cited = new Set<string>(draft.evidence.map(({ episode }) => episode));
    const evidence = context.evidence.filter(({ episode }) => cited.has(episode));
    const answered = wordsOf(replacedBy(draft)).join(' ');
    const isAnswer = evidence
      .flatMap(({ answers = [] }) => answers)
      .map((answer) => wordsOf(answer).join(' '))
      .some((answer) => answer !== '' && (answer === answered || holdsAnswer(said, answer)));
    if (isAnswer) return { code: 'LEAKAGE', message: 'holds the answer of a task it cites' };
    const quoted = new Set(gramsOf(said.split(' ')));
    const isQuoted = evidence
      .flatMap(textsOf)
      .some((text) => gramsOf(wordsOf(text)).some((gram) => quoted.has(gram)));
    if (!isQuoted) return null;
    const message = `quotes ${QUOTED_WORDS} words in a row of a task it cites; say it in general`;
    return { code: 'LEAKAGE', message };
  },
};

function holdsAnswer(said: string, answer: string): boolean {
  const isTelling = answer.includes(' ') || answer.length >= MIN_ANSWER_CHARACTERS;
  return isTelling && ` ${said} `.includes(` ${answer} `);
}

/** What a draft says beside its fixed form: a claim names columns, a correction quotes itself. */
function freeText(draft: LessonDraft): string {
  const { title, trigger, body } = draft;
  const around = [trigger.when, trigger.notWhen];
  const text = lessonText(body);
  if (isReplacement(draft)) return around.join('\n');
  if (body.form === 'text' && (claimsIn(text) !== undefined || isRecoveryText(text))) {
    return around.join('\n');
  }
  return [title, ...around, text].join('\n');
}

function replacedBy(draft: LessonDraft): string {
  return isReplacement(draft) ? (replacementRuleOf(lessonText(draft.body))?.write ?? '') : '';
}

function textsOf({ input, output }: EvidenceFacts): string[] {
  const values = [...Object.values(input), output];
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
}

function wordsOf(text: string): string[] {
  return (
    text
      .slice(0, MAX_READ_CHARACTERS)
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}_]+/gu) ?? []
  );
}

function gramsOf(words: readonly string[]): string[] {
  return words
    .slice(0, Math.max(0, words.length - QUOTED_WORDS + 1))
    .map((_, at) => words.slice(at, at + QUOTED_WORDS).join(' '));
}

/** Whether a lesson carries its evidence with it instead of what was learned from it. */
export const LEAKAGE_CHECKS: readonly Check[] = [leakage];
