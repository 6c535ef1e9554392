import { sentencesOf } from './normalise.js';

/** Pairs of letters that most words of European languages are made of. */
const COMMON_PAIRS: ReadonlySet<string> = new Set(
  (
    'th he in er an re nd on en at ou ed ha to or it is hi es ng st ar te se ea le nt al ti ve ra ro ri ne de co me ' +
    'io ic ll be ce ch om as ta la li ma ec el us ho ur si ca tr il et ee no wi ly ns un lo ac pe di ot so ss ie ol mo ' +
    'em id ec pr ge sh pl su ul po ad ct am ai ev pa wa im bl op tu ut ir do wh ow tt oo gh bu fo rs ck ke ay ig iv ' +
    'ty ts qu ab ex pp rm da na sc sp rd fi ui ue ei sa ag mp ap ry ep iz ks lt go up of if by my we os fr ye od ga vi ' +
    'ku au mi ka ld cl oc cr ny rt ff mm nn rr cu hr br wo ki ub nc ew ak ze gr gi ob av'
  ).split(' '),
);

/** Small words that are no words when read from the end. */
const REVERSED: ReadonlySet<string> = new Set(
  'eht dna lla uoy ruoy htiw morf siht taht rof ot si fo eb ton od yna yreve dnes erongi esu'.split(
    ' ',
  ),
);

const WORD = /(?<![\p{L}\p{N}_`./\\-])[\p{L}\p{N}]{2,40}(?![\p{L}\p{N}_`/\\(=-])/gu;
const LATIN_WORD = /^[A-Za-z]{3,}$/;
const MIN_PAIRS = 12;
const MIN_WORDS = 3;
/** Letters with accents are in many words of Polish, Czech or Finnish, and in none that was shifted. */
const ACCENTED = /[^\0-\x7f]/;
const MIN_ACCENTED = 2;
/** Prose has nine in ten of its pairs in the list; letters replaced or shifted have three in ten. */
const MIN_SHARE = 0.5;
/** Digits that are read as letters within words: `1gn0r3`. */
const LEET = /^(?=.*\p{L})(?:\p{L}*\d\p{L}+){1,}\d*$|^(?:\d\p{L}+)+\d?$|^\p{L}+\d+\p{L}+\d*$/u;
const UNIT = /^\d+\p{L}{1,3}$/u;

/** Whether a sentence of a text is no language as it stands: letters replaced, reversed or spelt in digits. */
export function holdsGibberish(text: string): boolean {
  return sentencesOf(text).some((sentence) => {
    const words = [...sentence.matchAll(WORD)].map(([word]) => word);
    return isShifted(words) || isReversed(words) || isSpeltInDigits(words);
  });
}

function isShifted(words: readonly string[]): boolean {
  const plain = words.filter((word) => LATIN_WORD.test(word) && !/^[A-Z]+$/.test(word));
  if (plain.length < MIN_WORDS) return false;
  if (words.filter((word) => ACCENTED.test(word)).length >= MIN_ACCENTED) return false;
  let pairs = 0;
  let common = 0;
  for (const word of plain) {
    const letters = word.toLowerCase();
    for (let at = 0; at + 1 < letters.length; at += 1) {
      pairs += 1;
      if (COMMON_PAIRS.has(letters.slice(at, at + 2))) common += 1;
    }
  }
  return pairs >= MIN_PAIRS && common / pairs < MIN_SHARE;
}

function isReversed(words: readonly string[]): boolean {
  const turned = new Set(
    words.map((word) => word.toLowerCase()).filter((word) => REVERSED.has(word)),
  );
  return turned.size >= 2 && [...turned].some((word) => word.length > 2);
}

function isSpeltInDigits(words: readonly string[]): boolean {
  const spelt = words.filter((word) => LEET.test(word) && !UNIT.test(word));
  return new Set(spelt).size >= MIN_WORDS && spelt.length >= words.length / 3;
}
