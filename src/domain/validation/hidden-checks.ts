import type { Check } from './check.js';
import { holdsGibberish } from './gibberish.js';
import { allTexts, hasInvisible, MAX_READ_CHARACTERS } from './normalise.js';

const CONTROL = /[\p{Cc}\p{Co}\p{Cs}]/u;
const TEXT_CONTROL = /[\n\t]/g;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
/** Greek letters that pass for Latin ones; `Δt` and `µm` are honest. */
const GREEK_LOOKALIKE = /[αενικορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ]/u;

const hiddenCharacters: Check = {
  name: 'hidden-characters',
  check: (draft) => {
    for (const text of allTexts(draft)) {
      const read = text.slice(0, MAX_READ_CHARACTERS);
      if (hasInvisible(read) || CONTROL.test(read.replace(TEXT_CONTROL, ' '))) {
        return refusal('holds characters that are not seen');
      }
      if ([...read.matchAll(WORD)].some(([word]) => mixesScripts(word))) {
        return refusal('holds a word of letters of several scripts that look alike');
      }
    }
    return null;
  },
};

function refusal(message: string) {
  return { code: 'HIDDEN_CHARACTERS' as const, message };
}

function mixesScripts(word: string): boolean {
  if (!/\p{Script=Latin}/u.test(word)) return false;
  return /[\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Cherokee}]/u.test(word)
    ? true
    : /\p{Script=Greek}/u.test(word) && GREEK_LOOKALIKE.test(word);
}

const RUN = /[A-Za-z0-9+/_-]{24,}={0,2}/g;
const ENCODED: readonly RegExp[] = [
  /(?:%[0-9a-f]{2}){3}/i,
  /(?:\\u[0-9a-f]{4}|\\x[0-9a-f]{2}){3}/i,
  /(?:&#x?[0-9a-f]{1,6};){3}/i,
  /(?<![0-9a-f])[0-9a-f]{32,}(?![0-9a-f])/i,
  /(?<!\d)(?:[01]{8}\s?){3}(?!\d)/,
  /(?:^|\s)(?:[.-]{1,6}[\s/]+){6}/,
  // Bytes in hexadecimal, one after the other.
  /(?<![0-9a-z])(?:0x)?(?:[0-9a-f]{2}[\s,:]){7}[0-9a-f]{2}(?![0-9a-z])/i,
];

const encoding: Check = {
  name: 'encoding',
  check: (draft) => {
    for (const text of allTexts(draft)) {
      const read = text.slice(0, MAX_READ_CHARACTERS);
      const isEncoded =
        [...read.matchAll(RUN)].some(([run]) => looksEncoded(run)) ||
        ENCODED.some((pattern) => pattern.test(read)) ||
        holdsGibberish(read);
      if (isEncoded) {
        return { code: 'OBFUSCATED', message: 'holds text in an encoding that hides what it says' };
      }
    }
    return null;
  },
};

/** Base64 mixes cases and digits within words; names and paths are words with separators. */
function looksEncoded(run: string): boolean {
  if (run.endsWith('=')) return true;
  if (/^[a-z0-9_-]+$/.test(run) || /^[A-Z0-9_-]+$/.test(run)) return false;
  const longest = Math.max(...run.split(/[_/-]/).map((part) => part.length));
  const changes = run.match(/[a-z][A-Z0-9]|[A-Z0-9][a-z]|\d[A-Z]|[A-Z]\d/g)?.length ?? 0;
  return longest >= 16 && /\d/.test(run) && changes >= run.length / 5;
}

/** What stands in a text that a reader does not see, or cannot read. */
export const HIDDEN_CHECKS: readonly Check[] = [hiddenCharacters, encoding];
