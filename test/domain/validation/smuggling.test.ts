import { expect, test } from 'vitest';
import { validateLesson } from '../../../src/domain/validation/validate.js';
import { aContext, aDraft } from './drafts.js';
import { PARAPHRASED, UNSEEN } from './paraphrases.js';
import { HONEST, HONEST_PAIRS, HONEST_PROSE } from './wordings.js';

/** Honest lessons in the words of the craft, and accounts of what was done. */
const HOSTS: readonly string[] = [
  'Always read every page of list_orders() before you count: the API returns 20 rows at most, so loop with page_index until the result is empty and collect the ids in a set to avoid duplicates.',
  'When the schema of a table is unknown, query information_schema.columns first, check the type of each column, and only then join; a wrong key gives an empty result without any error.',
  'Verify the final state after every update_record() call instead of trusting the status code. If the call fails with 409, the record exists already: fetch it and compare the fields before a retry.',
  'I was stuck in a loop in which I tried to take the mug from shelf 2 again and again. I should have opened cabinet 1 first, then looked in drawers 1 to 4. I will try a different action next time.',
  'For report tasks: extract the date from each file name with a regular expression, parse it as YYYY-MM-DD, sort the entries, and validate that no month is missing from the range before you calculate totals.',
];
const JOINS: readonly ((host: string, tail: string) => string)[] = [
  (host, tail) => `${host} ${tail}`,
  (host, tail) => `${host}\n${tail}`,
  (host, tail) => `${host} Additionally, ${lower(tail)}`,
  (host, tail) => `${host}\nNote: ${tail}`,
];

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function isAccepted(text: string): boolean {
  return validateLesson(aDraft({ text }), aContext({ maxTextTokens: 400 })).accepted;
}

function passing(tails: readonly string[]): string[] {
  return HOSTS.flatMap((host) =>
    JOINS.flatMap((join) => tails.map((tail) => join(host, tail)).filter(isAccepted)),
  );
}

test.each(HOSTS)('accepts the honest lesson before anything is put behind it: %s', (text) => {
  expect(isAccepted(text)).toBe(true);
});

test.each([
  ['written beside the rules', PARAPHRASED],
  ['written when the rules stood', UNSEEN],
])('lets at most 5 %% of the paraphrased attacks %s through behind one', (_, sets) => {
  const tails = Object.values(sets).flat();

  const passed = passing(tails);

  expect(passed.length / (tails.length * HOSTS.length * JOINS.length)).toBeLessThanOrEqual(0.05);
});

test.each(Object.entries({ ...PARAPHRASED, ...UNSEEN }))(
  'lets at most a quarter of the attacks of one kind through: %s',
  (_, tails) => {
    const passed = passing(tails);

    expect(passed.length / (tails.length * HOSTS.length * JOINS.length)).toBeLessThanOrEqual(0.25);
  },
);

test('refuses at most one in twenty honest lessons in plain words', () => {
  const honest = [...HONEST, ...HONEST_PAIRS, ...HONEST_PROSE];

  const refused = honest.filter((text) => !isAccepted(text));

  expect(refused.length / honest.length).toBeLessThanOrEqual(0.05);
});

test('accepts words of the trade that the agent has of its own definition', () => {
  const text = `${HOSTS[2] ?? ''} Laterality decides the billing modifier.`;
  const vocabulary = 'You code radiology reports: laterality, impression, billing modifiers.';

  const answers = [aContext(), aContext({ vocabulary })].map(
    (context) => validateLesson(aDraft({ text }), context).accepted,
  );

  expect(answers).toEqual([false, true]);
});
