import { personalDataIn } from './sensitive/personal.js';
import { secretsIn, type Span } from './sensitive/secrets.js';

/** What is taken out of a text before it is written: secrets always, personal data where asked. */
export type Redaction = 'secrets' | 'personal';

/**
 * The text with what looks like a secret replaced by `[secret]` and, where asked, personal data by its
 * kind in brackets. Found are keys, tokens and passwords, addresses, card, account, telephone and national
 * numbers, days of birth; not names of people. Everything else stays as it was.
 */
export function redacted(text: string, what: Redaction): string {
  const withoutSecrets = replaced(text, secretsIn(text), () => 'secret');
  if (what === 'secrets') return withoutSecrets;
  return replaced(withoutSecrets, personalDataIn(withoutSecrets), ({ kind }) =>
    kind.replace(/^an? /, ''),
  );
}

function replaced<T extends Span>(
  text: string,
  spans: readonly T[],
  nameOf: (span: T) => string,
): string {
  let done = '';
  let from = 0;
  for (const span of spans) {
    done += `${text.slice(from, span.start)}[${nameOf(span)}]`;
    from = span.end;
  }
  return done + text.slice(from);
}
