import { requestOf } from './requests.js';

/** How an answer was graded. */
export interface Grade {
  readonly score: 0 | 1;
  readonly category: 'ok' | 'wrong-answer' | 'no-answer';
  readonly detail: string;
}

/**
 * Compares the last line of an answer with the right one: the same numbers, words and receipts in the
 * same order, whatever stands between them.
 */
export function gradeAnswer(request: string, output: string): Grade {
  const asked = requestOf(request);
  if (asked === undefined) throw new RangeError(`No right answer is known for: ${request}`);
  const last = output.trim().split('\n').at(-1) ?? '';
  const given = last
    .split(',')
    .map((part) => part.trim().replace(/[.`"*]+$|^[`"*]+/g, ''))
    .filter((part) => part !== '');
  if (given.length === 0) return { score: 0, category: 'no-answer', detail: 'There is no answer' };
  return given.join(', ') === asked.answer
    ? { score: 1, category: 'ok', detail: 'The answer is right' }
    : { score: 0, category: 'wrong-answer', detail: `Not the ${String(given.length)} right ones` };
}
