import { lessonText, type LessonDraft } from '../lesson.js';
import { replacementRuleOf } from '../mining/replacement-rule.js';
import type { Check, EvidenceFacts } from './check.js';
import { claimsIn, isReplacement, isToolNote } from './fixed-form.js';
import { isQuotation, QUOTED_WORDS, wordsOf } from './quotation.js';

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
    const isQuoted = evidence.flatMap(textsOf).some((text) => isQuotation(said, text));
    if (!isQuoted) return null;
    const message = `quotes ${QUOTED_WORDS} words in a row of a task it cites; say it in general`;
    return { code: 'LEAKAGE', message };
  },
};

const evaluationLeakage: Check = {
  name: 'evaluation-leakage',
  check: (draft, { evaluation = [] }) => {
    const said = freeText(draft);
    if (!evaluation.some((text) => isQuotation(said, text))) return null;
    const message = `quotes ${QUOTED_WORDS} words in a row of a task kept for evaluation`;
    return { code: 'EVALUATION_LEAKAGE', message };
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
  if (body.form === 'text' && (claimsIn(text) !== undefined || isToolNote(text))) {
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

/** Whether a lesson carries tasks with it instead of what was learned from them. */
export const LEAKAGE_CHECKS: readonly Check[] = [leakage, evaluationLeakage];
