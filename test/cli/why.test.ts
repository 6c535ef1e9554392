import { expect, test } from 'vitest';

import { howRecalled } from '../../src/cli/commands/why.js';
import { recoveryText } from '../../src/domain/mining/recovery-note.js';

test('a lesson that was searched for is told with its score', () => {
  const told = howRecalled('tool-note', 'The table t_ord has the columns o_id and o_dt.', 0.4217);

  expect(told).toBe('recalled with score 0.422');
});

test('a note on how a tool is called stands, and has no score to tell', () => {
  const note = recoveryText({
    tool: 'open_order',
    code: 'NOT_FOUND',
    differences: [{ kind: 'affix', key: 'number', affix: 'SO-', place: 'before' }],
  });

  expect(howRecalled('tool-note', note ?? '', 0)).toBe('which stands wherever its trigger holds');
});
