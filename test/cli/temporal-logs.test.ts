import { expect, test } from 'vitest';

import { isExpected } from '../../src/cli/temporal-logs.js';

const SLOW = '[TMPRL1104] run:4:1 Workflow task duration exceeded 5 seconds.';

test('a workflow task full of local activities may take longer than the SDK thinks', () => {
  expect(isExpected(SLOW, { workflow_task_duration: 8_900 })).toBe(true);
});

test.each([
  ['one that outlasts its timeout', SLOW, { workflow_task_duration: 10_100 }],
  ['one of unknown duration', SLOW, {}],
  ['any other warning', 'Activity failed', { workflow_task_duration: 1 }],
])('%s is told', (_what, message, meta) => {
  expect(isExpected(message, meta)).toBe(false);
});
