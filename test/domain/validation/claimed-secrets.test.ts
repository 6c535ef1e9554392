import { expect, test } from 'vitest';

import { checkText } from '../../../src/domain/validation/lesson-check.js';

test.each([
  'users(password hunter2 for admin)',
  'admin_password_is_hunter2(use_it, skip_it)',
  'login(id, pwd_s3cretpw)',
  'konto(nr) -- Passwort geheim123 gilt',
])('a claim that tells a password is refused: %s', (text) => {
  expect(checkText(text, 'tool_output')).toMatchObject({ accepted: false, code: 'SECRET' });
});

test.each([
  'users(password_hash, salt16bytes)',
  'users(password sha256 of it, pin, zip5code)',
  'users(password_md5, pwd_v2_hash)',
  'users(password_changed_at, password2)',
  'users(id) -- password kept as bcrypt12 hash',
])('a claim that tells how passwords are kept is accepted: %s', (text) => {
  expect(checkText(text, 'tool_output')).toMatchObject({ accepted: true });
});
