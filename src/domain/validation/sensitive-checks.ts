import { EMAIL, personalDataIn } from '../sensitive/personal.js';
import { secretsIn } from '../sensitive/secrets.js';
import type { LessonDraft } from '../lesson.js';
import type { Check } from './check.js';
import { claimsIn } from './fixed-form.js';
import { allTexts, folded, visible } from './normalise.js';

/** A password and its value as a claim has them, side by side; not how it is kept. */
const CLAIMED =
  /\b(?:password|passwd|pwd|passcode|passphrase|passwort|kennwort|contrasena|mot de passe) (?:is |ist |es |est )?(?=\S*\d)(?=\S*\p{L})(?!(?:sha|md|argon|pbkdf|bcrypt|scrypt|base|utf|aes|rsa|des|ed|hmac|crc|oauth|saml|v|x)\d)[\p{L}\p{N}]{6,}/u;

/** Names and glosses of a claim cannot be parted by a colon: a name is read as the words it is made of. */
function claimsSecret({ body }: LessonDraft): boolean {
  if (body.form !== 'text' || claimsIn(body.text) === undefined) return false;
  return folded(body.text)
    .split(/[,();\n]| -- /)
    .some((part) => CLAIMED.test(part.replaceAll('_', ' ').replace(/ +/g, ' ').trim()));
}

const secret: Check = {
  name: 'secret',
  check: (draft) => {
    const isThere = allTexts(draft)
      .map(visible)
      .some((text) => secretsIn(text).length > 0);
    return isThere || claimsSecret(draft)
      ? { code: 'SECRET', message: 'holds what looks like a key or password' }
      : null;
  },
};

const personalData: Check = {
  name: 'personal-data',
  check: (draft) => {
    for (const text of allTexts(draft)) {
      const [found] = personalDataIn(`${visible(text)}\n${unescaped(text)}`);
      if (found !== undefined) {
        const message = `holds ${found.kind}; name the kind of thing instead`;
        return { code: 'PERSONAL_DATA', message };
      }
    }
    return null;
  },
};

/** Percent escapes of an address read; everything else as it is. */
function unescaped(text: string): string {
  return /%(?:40|2e)/i.test(text) ? visible(text).replace(/%40/g, '@').replace(/%2e/gi, '.') : '';
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
