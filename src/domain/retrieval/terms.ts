/**
 * How a text becomes the terms it is searched by. Identifiers are taken apart (`StadiumID`,
 * `stadium_id` and `stadium id` give the same terms), since a task speaks of things in words and a
 * tool in names.
 */

const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a an and any are as at be been but by can could did do does each every find for from get give ' +
    'had has have how i if in into is it its list many me more most much my no not of on one or our ' +
    'return shall should show so some than that the their them then there these they this those to ' +
    'up us was we were what when where whether which who whose why will with without would you your'
  ).split(' '),
);

/** Runs of letters or of digits, a capital after a small letter beginning a new one. */
const PART = /\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lu}+|\p{Lo}+|\p{N}+/gu;

/** The terms of a text in reading order, repeated as often as they occur; stop words are left out. */
export function termsOf(text: string): string[] {
  const terms: string[] = [];
  for (const [part] of text.normalize('NFKC').matchAll(PART)) {
    const word = part.toLowerCase();
    if (!STOP_WORDS.has(word)) terms.push(singular(word));
  }
  return terms;
}

/** The terms of a titled text; those of the title count twice, for it says what the text is about. */
export function documentTerms(title: string, text: string): string[] {
  const titled = termsOf(title);
  return [...titled, ...titled, ...termsOf(text)];
}

/** Takes the English plural off: `countries` and `country`, `matches` and `match` are one term. */
export function singular(word: string): string {
  if (word.length <= 3 || !word.endsWith('s')) return word;
  if (/(?:ss|us|is)$/.test(word)) return word;
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ches|shes|sses|xes|zzes)$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}
