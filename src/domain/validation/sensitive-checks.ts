import type { Check } from './check.js';
import { allTexts, folded, visible } from './normalise.js';

/** Keys, tokens and passwords; some patterns know only how one begins. */
export const SECRET_PATTERNS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,30}(?:PRIVATE KEY|CERTIFICATE)/,
  /\beyJ[\w-]{8,400}\.[\w-]{8,}\./,
  /\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,}/,
  /\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}/,
  /\bxox[abposr]-[\w-]{10,}|\bhf_[A-Za-z0-9]{20,}|\bnpm_[A-Za-z0-9]{20,}|\bSG\.[\w-]{16,}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w-]{10,}/,
  /:\/\/[^\s/:@]{1,64}:[^\s/@]{1,128}@/,
  /\bbearer\s+[A-Za-z0-9._~+/-]{16,}/i,
  /\b(?:passw(?:or)?d|pwd|passphrase|secret|api[ _-]?key|access[ _-]?key|token|pin)["']?\s{0,3}(?:is|are|=|:|to)\s{0,3}["'`]?(?=\S{0,60}\d)(?=\S{0,60}[a-z!@#$%^&*])[^\s"'`,()[\]]{6,64}/i,
];

const secret: Check = {
  name: 'secret',
  check: (draft) => {
    const isThere = allTexts(draft)
      .map(visible)
      .some(
        (text) => SECRET_PATTERNS.some((pattern) => pattern.test(text)) || holdsRandomToken(text),
      );
    return isThere ? { code: 'SECRET', message: 'holds what looks like a key or password' } : null;
  },
};

const RANDOM_TOKEN = /(?<![\w/+-])[A-Za-z0-9+/_-]{20,200}={0,2}(?![\w/+-])/g;
/** Bits a character; prose and names of that length stay below, random keys above. */
const MIN_ENTROPY = 3.7;

/** Random text has capitals, small letters and digits in no order; identifiers have words. */
function holdsRandomToken(text: string): boolean {
  return [...text.matchAll(RANDOM_TOKEN)].some(([token]) => {
    const isMixed = /[a-z]/.test(token) && /[A-Z]/.test(token) && /\d/.test(token);
    const changes = token.match(/[a-z][A-Z0-9]|[A-Z][a-z0-9]|\d[A-Za-z]/g)?.length ?? 0;
    return isMixed && changes >= token.length / 4 && entropyOf(token) >= MIN_ENTROPY;
  });
}

function entropyOf(token: string): number {
  const counts = new Map<string, number>();
  for (const letter of token) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / token.length) * Math.log2(count / token.length);
  return bits;
}

const EMAIL =
  /[^\s@<>()"',;:=]{1,64}\s?(?:@|\[at\]|\(at\))\s?[^\s@.<>()"',;:=]{1,63}(?:\s?(?:\.|\[dot\]|\(dot\))\s?[^\s@.<>()"',;:=]{2,63})+/i;
const PHONE =
  /(?<![\w.+-])(?:\+\d{1,3}[\s.-]?(?:\(?\d{1,4}\)?[\s.-]?){2,5}\d{2,4}|\(\d{3}\)\s?\d{3}[\s.-]\d{4}|\d{3}[-.]\d{3}[-.]\d{4}|0\d{2,4}[\s/-]\d{3,4}[\s-]?\d{3,5})(?![\w-])/;
const NATIONAL_ID = /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/;
const CARD = /(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])/g;
const IBAN = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])/g;

const personalData: Check = {
  name: 'personal-data',
  check: (draft) => {
    for (const text of allTexts(draft)) {
      const kind = personalKind(`${visible(text)}\n${unescaped(text)}`);
      if (kind !== undefined) {
        return { code: 'PERSONAL_DATA', message: `holds ${kind}; name the kind of thing instead` };
      }
    }
    return null;
  },
};

/** What personal data looks like, every place of it, and whether what was found is what it looks like. */
export const PERSONAL_PATTERNS: readonly {
  readonly kind: string;
  readonly pattern: RegExp;
  readonly isOne: (found: string) => boolean;
}[] = [
  { kind: 'an e-mail address', pattern: new RegExp(EMAIL, 'gi'), isOne: () => true },
  { kind: 'an account number', pattern: IBAN, isOne: isIban },
  { kind: 'a card number', pattern: CARD, isOne: isCard },
  { kind: 'a telephone number', pattern: new RegExp(PHONE, 'g'), isOne: () => true },
  { kind: 'a national id', pattern: new RegExp(NATIONAL_ID, 'g'), isOne: () => true },
];

function personalKind(text: string): string | undefined {
  return PERSONAL_PATTERNS.find(({ pattern, isOne }) =>
    [...text.matchAll(pattern)].some(([found]) => isOne(found)),
  )?.kind;
}

/** Percent escapes of an address read; everything else as it is. */
function unescaped(text: string): string {
  return /%(?:40|2e)/i.test(text) ? visible(text).replace(/%40/g, '@').replace(/%2e/gi, '.') : '';
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

/** ISO 13616: the country and check digits moved to the end, letters as 10 … 35, 1 modulo 97. */
function isIban(found: string): boolean {
  const plain = found.replaceAll(' ', '').toUpperCase();
  // What follows in the sentence may have been taken along: the number may end earlier.
  for (let end = Math.min(plain.length, 34); end >= 15; end -= 1) {
    let rest = 0;
    for (const letter of plain.slice(4, end) + plain.slice(0, 4)) {
      const value = Number.parseInt(letter, 36);
      rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
    }
    if (rest === 1 && end === plain.length) return true;
    if (rest === 1 && found.includes(' ')) return true;
  }
  return false;
}

const TOP_LEVEL = 'com|net|org|edu|gov|mil|io|xyz|info|biz|ru|cn|tk|top|site|online|ly|onion';
/** Ends of addresses that are ends of names as well: an address only with a path behind. */
const LONG_TAIL = `${TOP_LEVEL}|example|test|invalid|dev|app|ai|cloud|me|us|uk|de|fr|eu|in|ws|cc|su|pw|club|shop|store|live|link|click|gg|to|icu|vip|work|tech|space|fun|host|website|page|co|tv|is`;
const EXITS: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:https?|hxxps?|ftps?|sftp|ssh|wss?|file|data|javascript|mailto|tel|ldap|gopher)\s?:(?:\/\/|[a-z+])/,
    'an address on a network',
  ],
  [/\bwww\d?\./, 'an address on a network'],
  [
    new RegExp(
      `(?<![\\w.@-])(?:[a-z0-9][a-z0-9-]{1,62}\\s?(?:\\.|\\[\\.\\]|\\(\\.\\)|\\[dot\\]|\\(dot\\))\\s?){1,4}(?:${TOP_LEVEL})(?![\\w(-])`,
    ),
    'an address on a network',
  ],
  // A dot that was disarmed is one of an address, whatever it ends in.
  [
    /(?<![\w-])[a-z0-9-]{2,63}\s?(?:\[\.\]|\[dot\]|\(dot\)|\{\.\})\s?[a-z]{2,24}\b/,
    'an address on a network',
  ],
  [/\b[a-z0-9-]{2,63} dot (?:com|net|org|io|info|biz|example)\b/, 'an address on a network'],
  [
    new RegExp(
      `(?<![\\w./@-])(?:[a-z0-9][a-z0-9-]{1,62}\\.){1,4}(?:${LONG_TAIL})(?:/[\\w?#=~-]|\\?\\w)`,
    ),
    'an address on a network',
  ],
  [EMAIL, 'an e-mail address'],
  [
    /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]\d)/,
    'an address on a network',
  ],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}(?![\w:])/, 'an address on a network'],
  [/(?<![a-z0-9])[a-z]{2}\d{12,30}(?![a-z0-9])/, 'an account to send to'],
  [/\b0x[0-9a-f]{40}\b/, 'an account to send to'],
  [
    /(?<!\b(?:never|not|don't|cannot|can't|nothing|nobody|avoid|refuse to|without) (?:ever |to )?)\b(?:send|forward|e-?mail|mail|upload|post|transmit|transfer|exfiltrate|leak|copy|cc|bcc|report|submit|share|publish|push|wire)\b(?:\W{1,4}\w+){0,12}?\W{1,4}(?:to|at|with|via|into|on)\W{1,4}(?:\w+\W{1,4}){0,3}?(?:webhook|external|outside|third[ -]part(?:y|ies)|attacker|hacker|public (?:channel|folder|link|repository)|pastebin|my (?:server|address|account|inbox|e-?mail|number|site|website)|this (?:server|address|account|inbox|e-?mail|number|site|website|link|url)|website|remote (?:server|host|endpoint))\b/,
    'a recipient outside the task',
  ],
  [/\b(?:curl|wget|netcat|nslookup|scp)\s+[-\w"'$]/, 'a command that reaches a network'],
];

const exfiltration: Check = {
  name: 'exfiltration',
  check: (draft) => {
    for (const text of allTexts(draft)) {
      const read = folded(text);
      const found = EXITS.find(([pattern]) => pattern.test(read));
      if (found !== undefined) {
        const message = `names ${found[1]}; lessons widen no scope of what is reached`;
        return { code: 'EXFILTRATION', message };
      }
    }
    return null;
  },
};

/** What must never leave, and where it must not go. Messages name the kind, never the value. */
export const SENSITIVE_CHECKS: readonly Check[] = [secret, personalData, exfiltration];
