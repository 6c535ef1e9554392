import { claimsIn } from './fixed-form.js';

const TOKEN = /[\p{L}_]+|\p{N}+/gu;
const NUMBER = /^\p{N}+$/u;
const OBJECT = /^\p{L}{3,}$/u;

/** In so long a text the numbers behind things tell instances apart; in a short one they may be its point. */
const MIN_TOKENS = 20;

/** A number behind one of these counts or measures, and one of nothing but itself names no thing. */
const COUNTS: ReadonlySet<string> = new Set(
  (
    'about above after all and are any approximately are around before below between code column correct ' +
    'count equal error every exactly first for from has have http into last least length limit line max ' +
    'maximum min minimum more most next not number offset only other over page per port python rank return ' +
    'row score size status step than that the then time times top total under until value version was were ' +
    'when with within year'
  ).split(' '),
);

/** What a number counts where one of these follows it. */
const UNITS =
  /^(?:percent|seconds?|minutes?|hours?|days?|weeks?|months?|years?|times|decimals?|places|rows?|items?|characters?|words?|tokens?|digits?|bytes|kb|mb|gb|ms|euros?|dollars?|usd|eur|points?|pages?|retries|attempts|calls?)$/;

/**
 * What a text says, whatever its capitals, spacing and punctuation, and whichever of several things of a
 * kind it speaks of (`drawer 1`, `cabinets (2-4)`): equal for equal lessons told again. Schema claims are
 * equal in any order, of tables and of columns. Nothing is ever shown in this form.
 */
export function sayingOf(text: string): string {
  if (claimsIn(text) !== undefined) return claimSaying(text);
  const tokens = text.normalize('NFKC').toLowerCase().match(TOKEN) ?? [];
  if (tokens.length < MIN_TOKENS) return tokens.join(' ');
  const said: string[] = [];
  for (const [at, token] of tokens.entries()) {
    const before = said.at(-1) ?? '';
    const isInstance =
      NUMBER.test(token) &&
      (before === INSTANCE || (OBJECT.test(before) && !COUNTS.has(before))) &&
      !UNITS.test(tokens[at + 1] ?? '');
    if (!isInstance) said.push(token);
    else if (before !== INSTANCE) said.push(INSTANCE);
  }
  return said.join(' ');
}

const INSTANCE = '#';

function claimSaying(text: string): string {
  return text
    .toLowerCase()
    .split(/\n|; /)
    .map((claim) => {
      const open = claim.indexOf('(');
      const close = claim.lastIndexOf(')');
      const columns = claim.slice(open + 1, close).split(/, ?/);
      return `${claim.slice(0, open)}(${columns.sort().join(', ')})${claim.slice(close + 1)}`;
    })
    .sort()
    .join('\n');
}
