import { PERSONAL_PATTERNS, SECRET_PATTERNS } from './validation/sensitive-checks.js';

/** What is taken out of a text before it is written: secrets always, personal data where asked. */
export type Redaction = 'secrets' | 'personal';

/** What a secret goes on with where a pattern knows only its beginning. */
const REST_OF_TOKEN = /^[A-Za-z0-9+/=._~-]*/;
/** The name a password stands behind, which stays. */
const LABEL = /^[a-z][a-z _-]{2,15}["']?\s{0,3}(?:is|are|=|:|to)\s{0,3}["'`]?/i;
const PEM_BLOCK =
  /-----BEGIN [A-Z ]{0,30}(?:PRIVATE KEY|CERTIFICATE)(?:[\s\S]*?-----END [A-Z ]{0,40}-----|[\s\S]*)/g;

/**
 * The text with what looks like a secret replaced by `[secret]` and, where asked, personal data by its
 * kind in brackets. Patterns find keys, tokens, passwords beside their name, addresses, card, account,
 * telephone and national numbers; they do not find names of people. Everything else stays as it was.
 */
export function redacted(text: string, what: Redaction): string {
  const withoutSecrets = SECRET_PATTERNS.reduce(withoutSecret, text.replace(PEM_BLOCK, '[secret]'));
  if (what === 'secrets') return withoutSecrets;
  return PERSONAL_PATTERNS.reduce(
    (left, { pattern, kind, isOne }) =>
      left.replace(pattern, (found) => (isOne(found) ? `[${kind.replace(/^an? /, '')}]` : found)),
    withoutSecrets,
  );
}

function withoutSecret(text: string, pattern: RegExp): string {
  if (!pattern.test(text)) return text;
  let rest = text;
  let done = '';
  for (let match = pattern.exec(rest); match !== null; match = pattern.exec(rest)) {
    const [found] = match;
    const end = match.index + found.length;
    // An address keeps its host: what stands before the @ is the secret.
    const tail = found.endsWith('@') ? '' : (REST_OF_TOKEN.exec(rest.slice(end))?.[0] ?? '');
    const kept = LABEL.exec(found)?.[0] ?? '';
    const left = found.startsWith('://') ? '://[secret]@' : `${kept}[secret]`;
    done += rest.slice(0, match.index) + left;
    rest = rest.slice(end + tail.length);
  }
  return done + rest;
}
