import { expect, test } from 'vitest';

import { alarmEvidence } from '../../src/contracts/alarm-evidence.js';

test('says which test crossed, at what value and threshold, after how many outcomes', () => {
  const detail = { stage: 'canary', test: 'canary harm', logE: 3.456, threshold: 2.9957, n: 12 };

  expect(alarmEvidence(detail)).toBe('canary harm: ln E 3.46 of 3.00 at n 12');
});

test('says nothing of an entry that no test stands behind', () => {
  expect(alarmEvidence({ from: 'v1', to: 'v2' })).toBeNull();
  expect(alarmEvidence({ test: 'missing outcomes', outcomes: 3, missing: 20 })).toBeNull();
});
