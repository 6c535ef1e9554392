/**
 * How a text becomes the terms it is searched by. Identifiers are taken apart (`StadiumID`,
 * `stadium_id` and `stadium id` give the same terms), since a task speaks of things in words and a
 * tool in names. Letters of every script are terms; stop words and plurals are those of English.
 */

const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a an and any are as at be been but by can could did do does each every find for from get give ' +
    'had has have how i if in into is it its list many me more most much my no not of on one or our ' +
    'return shall should show so some than that the their them then there these they this those to ' +
    'up us was we were what when where whether which who whose why will with without would you your'
  ).split(' '),
);

/**
 * Runs of letters or of digits, a capital after a small letter beginning a new one. Marks belong to the
 * letter before them: in many scripts they are its vowel.
 */
const PART =
  /(?:\p{Lu}\p{M}*)+(?=\p{Lu}\p{M}*\p{Ll})|(?:\p{Lu}\p{M}*)?(?:\p{Ll}\p{M}*)+|(?:\p{Lu}\p{M}*)+|(?:[\p{Lo}\p{Lm}]\p{M}*)+|\p{N}+/gu;

/** Written without spaces between words, or with words that grow by what they are joined to. */
const UNSPACED =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]/u;
const LETTER = /[\p{Lo}\p{Lm}]\p{M}*/gu;

const ASCII = /^[\0-\x7f]*$/;
/** Soft hyphens and joiners: they shape a word and are no part of it. */
const INVISIBLE = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;
/** Accents of Latin, Greek and Cyrillic letters, points of Hebrew and Arabic ones: often left out. */
const ACCENT = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]/g;
/** Letters that do not come apart into one without its stroke. */
const PLAIN: ReadonlyMap<string, string> = new Map([
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['ø', 'o'],
  ['ł', 'l'],
  ['đ', 'd'],
  ['ı', 'i'],
]);

/**
 * The terms of a text in reading order, repeated as often as they occur; stop words are left out.
 *
 * Where a script puts no spaces between words, each two neighbouring letters are a term, and one that
 * stands alone is one itself, as in Lucene's CJK analyzer: a dictionary would find words, but others in
 * the next release of Node, and a recall must find the same for ever.
 */
export function termsOf(text: string): string[] {
  const terms: string[] = [];
  const isPlain = ASCII.test(text);
  const normal = isPlain ? text : text.normalize('NFKC').replace(INVISIBLE, '');
  for (const [part] of normal.matchAll(PART)) {
    if (!isPlain && UNSPACED.test(part)) {
      terms.push(...neighbours(part));
      continue;
    }
    const word = isPlain ? part.toLowerCase() : folded(part);
    if (!STOP_WORDS.has(word)) terms.push(singular(word));
  }
  return terms;
}

function neighbours(run: string): string[] {
  const letters = run.match(LETTER) ?? [];
  if (letters.length < 2) return letters;
  return letters.slice(1).map((letter, at) => `${letters[at] ?? ''}${letter}`);
}

/** In small letters and without accents: `İptal`, `iptal` and `IPTAL` are one word. */
function folded(word: string): string {
  const plain = word.toLowerCase().normalize('NFKD').replace(ACCENT, '').normalize('NFC');
  return plain.replace(/[ßæœøłđı]/g, (letter) => PLAIN.get(letter) ?? letter);
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
