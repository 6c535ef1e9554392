import type { Answer, ExpectedAnswer } from './messages.js';

/** Why an answer does not fit the call it is for; null where it does. */
export function answerFault(
  { text, allow }: Pick<Answer, 'text' | 'allow'>,
  expects: ExpectedAnswer,
): string | null {
  if (allow !== undefined && typeof allow !== 'boolean') {
    return `answer.allow: found ${JSON.stringify(allow)}, expected true or false`;
  }
  if (expects === 'text') {
    if (typeof text !== 'string' || text.trim() === '') {
      return `answer.text: found ${foundOf(text)}, expected the answer to the question`;
    }
    return allow === undefined
      ? null
      : `answer.allow: found ${String(allow)}, expected none: this is a question, answered in words`;
  }
  if (expects === 'allow') {
    return allow === undefined
      ? 'answer.allow: found none, expected true or false: this call waits for permission'
      : null;
  }
  return allow === undefined && text === undefined
    ? 'answer: found neither, expected allow (make it again or not) or text (what its result was)'
    : null;
}

function foundOf(text: unknown): string {
  return text === undefined ? 'none' : JSON.stringify(text);
}
