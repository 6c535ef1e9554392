import { expect, test } from 'vitest';

import { redacted } from '../../src/domain/redaction.js';

const KEY = ['sk', 'proj', 'aB3dE6gH9jK2mN5pQ8rS'].join('-');

test.each([
  [`use ${KEY}, then stop`, 'use [secret], then stop'],
  ['{"password": "hunter2!x", "city": "Bonn"}', '{"password": "[secret]", "city": "Bonn"}'],
  ['postgres://joe:s3cret@db.local/shop', 'postgres://[secret]@db.local/shop'],
  ['Authorization: Bearer abcdefghijklmnop1234', 'Authorization: Bearer [secret]'],
  [
    '-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nafter',
    '[secret]\nafter',
  ],
  [`${KEY} and ${KEY}`, '[secret] and [secret]'],
])('takes the secret out of %j and nothing else', (text, expected) => {
  expect(redacted(text, 'secrets')).toBe(expected);
});

test.each([
  ["[('pin', 'varchar(50)', 'YES', '', None, '')]"],
  ['SELECT COUNT(*) FROM singer WHERE age > 20'],
  ['my user id is omar_davis_3817 and the flight is HAT028'],
  ['mail ann@example.com or call +49 228 123456'],
])('leaves %j as it was recorded', (text) => {
  expect(redacted(text, 'secrets')).toBe(text);
});

test('takes personal data out where asked, by its kind', () => {
  const text = 'ann@example.com paid with 4111 1111 1111 1111, not with 4111 1111 1111 1112';

  expect(redacted(text, 'personal')).toBe(
    '[e-mail address] paid with [card number], not with 4111 1111 1111 1112',
  );
});

test('a text without anything sensitive is the same text', () => {
  expect(redacted('select 1', 'personal')).toBe('select 1');
});
