import { expect, test } from 'vitest';

import { personalDataIn } from '../../../src/domain/sensitive/personal.js';

function found(text: string): (readonly [string, string])[] {
  return personalDataIn(text).map(({ kind, start, end }) => [kind, text.slice(start, end)]);
}

// None of these numbers was given to anybody: they are the examples of the issuing authorities, or made up.
test.each([
  ['a national id', '123-45-6789'],
  ['a national id', 'AB 12 34 56 C'],
  ['a national id', '1 84 12 76 451 089 46'],
  ['a national id', '12345678Z'],
  ['a national id', 'RSSMRA85T10A562S'],
  ['a national id', '123.456.789-09'],
  ['a national id', '850709-9805'],
  ['a national id', '131052-308T'],
  ['a national id', '11010519491231002X'],
  ['a national id', '850101-1234567'],
  ['a telephone number', '+44 20 7946 0958'],
  ['a telephone number', '06 12 34 56 78'],
  ['a telephone number', '(415) 555-2671'],
  ['an e-mail address', 'ann@example.com'],
  ['an account number', 'DE89 3704 0044 0532 0130 00'],
  ['a card number', '4111 1111 1111 1111'],
  ['a street address', '1600 Pennsylvania Ave'],
  ['a street address', '12 rue de Rivoli'],
  ['a street address', 'Hauptstraße 12'],
  ['a position', '40.712776, -74.005974'],
])('finds %s in %s', (kind, text) => {
  expect(found(`Use ${text} for it.`)).toEqual([[kind, text]]);
});

test.each([
  ['SSN 123 45 6789', '123 45 6789'],
  ['Steuer-ID 86 095 742 719', '86 095 742 719'],
  ['BSN 111222333', '111222333'],
  ['PESEL 44051401359', '44051401359'],
  ['passport C01X00T47', 'C01X00T47'],
  ['call her on 4155552671', '4155552671'],
  ['born 1985-03-12', '1985-03-12'],
])('finds the number of %s, which its name tells', (text, number) => {
  expect(found(text).map(([, own]) => own)).toEqual([number]);
});

test.each([
  'Order 86095742719 has 3 lines and was paid on 2026-03-12.',
  'The flight HAT028 leaves at 06:12 and arrives at 07:45.',
  'Rows 12345678 to 12345699 of table A1234B have 123.456 points.',
  'Reservation 4WQ150, item 9612497925, user mei_kovacs_8020.',
  'version 1.2.3-45, digest 0a1b2c3d4e5f, port 54321',
  'A call takes 200 ms; retry 3 times, wait 12 34 seconds.',
])('finds nothing in %s', (text) => {
  expect(found(text)).toEqual([]);
});
