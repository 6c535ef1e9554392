import { expect, test } from 'vitest';

import { recoveryNoteIn } from '../../../src/domain/mining/recovery-note.js';
import { isStanding } from '../../../src/domain/retrieval/standing.js';

const CALL = 'When `order_state` fails with TOOL_FAILED, send `number` with `SO-` before it.';

test.each([
  ['rule', 'Never guess a name.', true],
  ['tool-note', CALL, true],
  ['case', CALL, false],
  ['tool-note', 'singer(id, name)', false],
] as const)('a %s that says %j stands: %s', (kind, text, stands) => {
  expect(isStanding(kind, text)).toBe(stands);
});

test('a note that names a place of a general tool is found by the words of the place', () => {
  const text = CALL.replace('`order_state`', '`http` on `GET /orders/*`');

  expect(recoveryNoteIn(text)?.place).toBe('GET /orders/*');
  expect(isStanding('tool-note', text)).toBe(false);
});
