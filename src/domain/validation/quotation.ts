import { MAX_READ_CHARACTERS } from './normalise.js';

/** So many words in a row of another text are a quotation of it. */
export const QUOTED_WORDS = 5;

/** Whether one text holds so many words in a row of another one. */
export function isQuotation(text: string, of: string): boolean {
  const quoted = new Set(gramsOf(wordsOf(text)));
  return quoted.size > 0 && gramsOf(wordsOf(of)).some((gram) => quoted.has(gram));
}

/** The words that two texts are compared by, whatever their capitals and punctuation. */
export function wordsOf(text: string): string[] {
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
