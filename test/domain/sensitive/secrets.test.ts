import fc from 'fast-check';
import { expect, test } from 'vitest';

import { secretsIn } from '../../../src/domain/sensitive/secrets.js';

function found(text: string): string[] {
  return secretsIn(text).map(({ start, end }) => text.slice(start, end));
}

/** Joined here, so that no line of this file looks like a key that leaked. */
function token(...parts: readonly string[]): string {
  return parts.join('');
}

const LETTERS = 'aBcD1234eFgH5678iJkL9012mNoP3456qRsT';
const HEX = '0123456789abcdef0123456789abcdef';

test.each([
  token('AKIA', 'QWERTYUIOPASDFGH'),
  token('ghp_', LETTERS),
  token('glpat-', LETTERS),
  token('xoxb-', '123456789012-', LETTERS),
  token('sk-proj-', LETTERS),
  token('sk_live_', LETTERS),
  token('GOCSPX-', LETTERS),
  token('hvs.', LETTERS),
  token('AGE-SECRET-KEY-1', 'QQPQZRFR7ZZ2WCVXYAZ3SJMNKQ0W5JPLWQYNYQ3QW2LQWQ7EFTTSLQ9A0'),
  token('NRAK-', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ1'),
  token('dop_v1_', HEX, HEX),
  token('shpat_', HEX),
  token('sq0atp-', LETTERS),
  token('dapi', HEX),
  token('key-', HEX),
  token('AC', HEX),
  token('pypi-AgEI', LETTERS),
  token('figd_', LETTERS),
  token('gsk_', LETTERS),
  token('123456789:', 'AA', LETTERS),
  token('hooks.slack', '.com/services/T00/B00/', LETTERS),
])('finds %s, wherever it stands', (secret) => {
  expect(found(`First call it with ${secret} and then wait.`)).toEqual([secret]);
  expect(found(`{"given":"{\\"by\\":\\"${secret}\\"}"}`)).toEqual([secret]);
});

test.each([
  ['DB_PASSWORD=S3cr3tPw99', 'S3cr3tPw99'],
  ['POSTGRES_PASSWORD: hunter22', 'hunter22'],
  ['client_secret=a1b2c3d4e5f6', 'a1b2c3d4e5f6'],
  ['accessToken: "a1b2c3d4e5"', 'a1b2c3d4e5'],
  ['MYSQL_PWD=hunter22 mysql', 'hunter22'],
  ['password: hunterTwo!', 'hunterTwo!'],
  ['the password is S3cr3tPw99', 'S3cr3tPw99'],
  ['{"password": "hunter2!x"}', 'hunter2!x'],
  ['{\\"password\\":\\"hunter2!x\\"}', 'hunter2!x'],
  ['password：hunter22', 'hunter22'],
  ['Passwort: Geheim2024', 'Geheim2024'],
  ['contraseña: Secreta2024', 'Secreta2024'],
  ['пароль: Sekret2024', 'Sekret2024'],
  ['密码：Mima2024', 'Mima2024'],
  ['pin is 4821', '4821'],
  ['redis://:S3cr3tPw@cache:6379', ':S3cr3tPw'],
  ['postgres://joe:pw@db/shop', 'joe:pw'],
  ['Authorization: Basic YWRtaW46czNjcjN0cHc=', 'YWRtaW46czNjcjN0cHc='],
  ['Cookie: session=abcdefghijkl', 'session=abcdefghijkl'],
  ['mysql -uroot -pS3cr3tPw99', 'S3cr3tPw99'],
  ['curl -u joe:S3cr3tPw99 the service', 'S3cr3tPw99'],
  [`the api key ${HEX}`, HEX],
])('finds the secret of %s and leaves its name', (text, secret) => {
  expect(found(text)).toEqual([secret]);
});

test.each([
  'The token is required, and a missing password is an error.',
  "[('pin', 'varchar(50)', 'YES', '', None, '')]",
  'max_tokens: 4096, total_tokens: 15000, temperature: 0',
  'Read the api key from process.env.API_KEY, never from the request.',
  'password: string, token: null, secret: undefined',
  'select password_hash, token_type from accounts where pin_code is null',
  ['password=$', '{DB_PASSWORD} token={{token}} --password $PASSWORD'].join(''),
  'The secret to fast queries is an index.',
  'Basic authentication and bearer tokens are both accepted.',
  'order 3f2a7c10-1111-4222-8333-444455556666 has the primary key 17',
])('finds nothing in %s', (text) => {
  expect(found(text)).toEqual([]);
});

test('places are in reading order, within the text and apart', () => {
  const part = fc.constantFrom('password=', 'Hunter22', ' ', token('ghp_', LETTERS), '"', 'ü', ':');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const text = parts.join('');
      let from = 0;
      for (const { start, end } of secretsIn(text)) {
        expect(start).toBeGreaterThanOrEqual(from);
        expect(end).toBeGreaterThan(start);
        from = end;
      }
      expect(from).toBeLessThanOrEqual(text.length);
    }),
  );
});
