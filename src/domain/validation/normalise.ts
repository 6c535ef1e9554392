import { lessonText, type LessonDraft } from '../lesson.js';

/** What is read of one text, in characters; `shape` refuses what is longer. */
export const MAX_READ_CHARACTERS = 20_000;

/** Zero-width, bidirectional, tag and other characters that are not seen. */
const INVISIBLE =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u{e0000}-\u{e0fff}]/gu;

/** Letters of other scripts that look like Latin ones. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  а: 'a',
  в: 'b',
  с: 'c',
  е: 'e',
  ѐ: 'e',
  ё: 'e',
  һ: 'h',
  і: 'i',
  ї: 'i',
  ј: 'j',
  к: 'k',
  м: 'm',
  н: 'h',
  о: 'o',
  р: 'p',
  ԛ: 'q',
  ѕ: 's',
  т: 't',
  у: 'y',
  ѵ: 'v',
  ԝ: 'w',
  х: 'x',
  ѡ: 'w',
  ԁ: 'd',
  ɡ: 'g',
  ı: 'i',
  ɑ: 'a',
  α: 'a',
  ε: 'e',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  γ: 'y',
  η: 'n',
  ω: 'w',
};

/**
 * A text as patterns read it: compatibility forms folded, accents and invisible characters gone, small
 * letters, look-alikes taken for the Latin letters they imitate, percent escapes read, letters that
 * were spaced out joined. Words stay in their order; nothing is ever shown in this form.
 */
export function folded(text: string): string {
  const plain = visible(text)
    .replace(/%([2-7][0-9a-f])/gi, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .replace(/[\u0250-\u03ff\u0400-\u052f]/gu, (letter) => LOOKALIKES[letter] ?? letter)
    .replace(/[’‘]/g, "'");
  return plain.replace(/(?<!\p{L})(?:\p{L}[ .*_-]){4,}\p{L}(?!\p{L})/gu, (spaced) =>
    spaced.replace(/[^\p{L}]/gu, ''),
  );
}

/** A text cut to what is read, without characters that are not seen. */
export function visible(text: string): string {
  return text.slice(0, MAX_READ_CHARACTERS).normalize('NFKC').replace(INVISIBLE, '');
}

const JOINING =
  '[\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Oriya}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}]';
/** A joiner between two letters whose shape depends on it: it is part of how the word is written. */
const SHAPING = new RegExp(`(?<=${JOINING}\\p{M}?)[\\u200c\\u200d](?=${JOINING})`, 'gu');
/** What makes one picture of several characters; no more than that. */
const PICTURE =
  /(?<=\p{Extended_Pictographic})\ufe0f|(?<=[0-9#*])\ufe0f(?=\u20e3)|(?<=\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d(?=\p{Extended_Pictographic})/gu;

/** Whether a text holds a character that cannot be seen and that no way of writing needs. */
export function hasInvisible(text: string): boolean {
  return text.replace(SHAPING, '').replace(PICTURE, '').search(INVISIBLE) >= 0;
}

/** The sentences of a text, whole lines at most; a full stop within a name or number ends none. */
export function sentencesOf(text: string): string[] {
  return text
    .slice(0, MAX_READ_CHARACTERS)
    .split(/(?<!\b(?:e\.g|i\.e|etc|vs|cf)\.)(?<=[.!?])["')\]]?\s+|\n+/iu)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** Every text of a draft that a person or a model may read. */
export function allTexts(draft: LessonDraft): string[] {
  const { title, trigger, body, rationale } = draft;
  const values = trigger.predicates.flatMap(({ field, value }) => [field, value].flat());
  return [title, lessonText(body), trigger.when, trigger.notWhen, rationale, ...values];
}
