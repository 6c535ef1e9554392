/**
 * Words as the simulated model compares them: lower case, without function words, plurals cut. It has no
 * dictionary: two words are alike only when their stems are the same.
 */

const FUNCTION_WORDS = new Set(
  'a all an and are at by each for from have in is it its of on or that the their there this to was were which who whose with'.split(
    ' ',
  ),
);

/** The stems of the words that carry meaning, each once, in order. */
export function stemsOf(text: string): readonly string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return [...new Set(words.filter((word) => !FUNCTION_WORDS.has(word)).map(stemOf))];
}

function stemOf(word: string): string {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.length > 4 && /(?:ss|sh|ch|x)es$/.test(word)) return word.slice(0, -2);
  if (word.length > 3 && word.endsWith('s') && !/(?:ss|us|is)$/.test(word))
    return word.slice(0, -1);
  return word;
}

/** How alike two sets of stems are: the harmonic mean of the shares that each has of the other. */
export function likeness(left: readonly string[], right: readonly string[]): number {
  const shared = left.filter((stem) => right.includes(stem)).length;
  return shared === 0 ? 0 : (2 * shared) / (left.length + right.length);
}

/** The share of `wanted` that `offered` contains; a tie goes to the shorter offer. */
export function coverage(wanted: readonly string[], offered: readonly string[]): number {
  if (wanted.length === 0) return 0;
  const shared = wanted.filter((stem) => offered.includes(stem)).length;
  return shared === 0 ? 0 : shared / wanted.length + (0.1 * shared) / offered.length;
}
