import { NATIONAL_IDS } from './national-ids.js';
import type { Span } from './secrets.js';

/**
 * Where in a text personal data stands: addresses, card, account, telephone and national numbers, places
 * and days of birth. Names of people are not found.
 */

interface PersonalForm {
  readonly kind: string;
  readonly pattern: RegExp;
  /** How much of the group `id`, or of the whole where the pattern has none, is it; 0 where nothing is. */
  readonly lengthOf: (found: string) => number;
}

export interface PersonalSpan extends Span {
  /** With its article: `a card number`. */
  readonly kind: string;
}

export const EMAIL =
  /[^\s@<>()"',;:=]{1,64}\s?(?:@|\[at\]|\(at\))\s?[^\s@.<>()"',;:=]{1,63}(?:\s?(?:\.|\[dot\]|\(dot\))\s?[^\s@.<>()"',;:=]{2,63})+/i;
const PHONE =
  /(?<![\w.+-])(?:\+\d{1,3}[\s.-]?(?:\(?\d{1,4}\)?[\s.-]?){2,5}\d{2,4}|\(\d{3}\)\s?\d{3}[\s.-]\d{4}|\d{3}[-.]\d{3}[-.]\d{4}|0\d{2,4}[\s/-]\d{3,4}[\s-]?\d{3,5}|0[1-9](?:[ .-]\d{2}){4}|[6-9]\d{4} \d{5})(?![\w-])/g;
const NAMED_PHONE =
  /\b(?:phone|telephone|tel|mobile|cell|call|whatsapp|fax|telefon|tél|móvil)\b[^\d\n]{0,20}(?<id>\+?\d(?:[ ().-]{0,2}\d){8,13})(?!\d)/giu;
const CARD = /(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])/g;
const MIN_IBAN = 15;
const MAX_IBAN = 34;
const IBAN = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])/g;
const BIRTH =
  /\b(?:born(?: on)?|birth ?(?:date|day)|date of birth|dob|geboren(?: am)?|né(?:e)? le|fecha de nacimiento)\b[^\d\n]{0,12}(?<id>\d{1,4}[-./ ]\d{1,2}[-./ ]\d{1,4})(?!\d)/giu;
const STREETS: readonly RegExp[] = [
  /(?<!\w)\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq)\b/g,
  /(?<!\w)\d{1,4},? (?:bis |ter )?(?:rue|avenue|boulevard|place|chemin|allée|impasse|quai) (?:de |du |des |la |le |les |l'|d'){0,2}[A-ZÀ-Ý][\p{L}-]+/gu,
  /(?<!\p{L})[A-ZÄÖÜ][\p{Ll}-]+(?:straße|strasse|weg|gasse|platz|allee) \d{1,4}[a-z]?(?!\w)/gu,
];
/** Five places of a degree are a metre: a door, not a town. */
const POSITION = /(?<![\d.])-?\d{1,2}\.\d{5,},? {0,2}-?\d{1,3}\.\d{5,}(?!\d)/g;

const whole = (found: string): number => found.length;

function wholeIf(isOne: (found: string) => boolean): (found: string) => number {
  return (found) => (isOne(found) ? found.length : 0);
}

const FORMS: readonly PersonalForm[] = [
  { kind: 'an e-mail address', pattern: new RegExp(EMAIL, 'gi'), lengthOf: whole },
  { kind: 'an account number', pattern: IBAN, lengthOf: ibanLength },
  { kind: 'a card number', pattern: CARD, lengthOf: wholeIf(isCard) },
  ...NATIONAL_IDS.map(({ pattern, isOne }) => {
    return { kind: 'a national id', pattern, lengthOf: wholeIf(isOne) };
  }),
  { kind: 'a telephone number', pattern: PHONE, lengthOf: whole },
  { kind: 'a telephone number', pattern: NAMED_PHONE, lengthOf: whole },
  { kind: 'a date of birth', pattern: BIRTH, lengthOf: whole },
  ...STREETS.map((pattern) => ({ kind: 'a street address', pattern, lengthOf: whole })),
  { kind: 'a position', pattern: POSITION, lengthOf: whole },
].map(({ pattern, ...form }) => ({ ...form, pattern: withPlaces(pattern) }));

function withPlaces(pattern: RegExp): RegExp {
  return new RegExp(pattern, [...new Set(`${pattern.flags}dg`)].join(''));
}

/** The places of what looks like personal data, in reading order, none over another. */
export function personalDataIn(text: string): PersonalSpan[] {
  const found: PersonalSpan[] = [];
  for (const { kind, pattern, lengthOf } of FORMS) {
    for (const { 0: all, indices, groups } of text.matchAll(pattern)) {
      const place = indices?.groups?.['id'] ?? indices?.[0];
      const length = lengthOf(groups?.['id'] ?? all);
      if (place === undefined || length === 0) continue;
      const [start] = place;
      const end = start + length;
      // What an earlier form has is its own: a card number is no telephone number.
      if (found.some((other) => start < other.end && other.start < end)) continue;
      found.push({ kind, start, end });
    }
  }
  return found.sort((left, right) => left.start - right.start);
}

/** Luhn: every second digit from the right doubled, the sum divisible by ten. */
function isCard(found: string): boolean {
  const digits = (found.match(/\d/g) ?? []).map(Number);
  if (digits.length < 13 || digits.length > 19 || new Set(digits).size === 1) return false;
  const sum = digits.reverse().reduce((total, digit, at) => {
    const doubled = at % 2 === 0 ? digit : digit * 2;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/**
 * ISO 13616: the country and check digits moved to the end, letters as 10 … 35, 1 modulo 97. What follows
 * in the sentence may have been taken along where there are spaces: the number may end earlier.
 */
function ibanLength(found: string): number {
  for (let length = found.length; length >= MIN_IBAN; length -= 1) {
    if (length < found.length && !/\s/.test(found[length] ?? '')) continue;
    const plain = found.slice(0, length).replaceAll(' ', '').toUpperCase();
    if (plain.length >= MIN_IBAN && plain.length <= MAX_IBAN && restOf(plain) === 1) return length;
  }
  return 0;
}

function restOf(plain: string): number {
  let rest = 0;
  for (const letter of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(letter, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
