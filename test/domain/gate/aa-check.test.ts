import { expect, test } from 'vitest';

import {
  AA_PAIRS,
  addAaPair,
  emptyAaCheck,
  isAaOver,
  summarizeAaCheck,
} from '../../../src/domain/gate/aa-check.js';
import { uniformOf } from '../../../src/domain/random.js';

function checkOf(pairs: number, pairAt: (index: number) => readonly [number, number]) {
  let check = emptyAaCheck();
  for (let index = 0; index < pairs && !isAaOver(check); index += 1) {
    const [baseline, candidate] = pairAt(index);
    check = addAaPair(check, { baseline, candidate });
  }
  return check;
}

test('pairs that never differ have no discordance and no evidence', () => {
  expect(summarizeAaCheck(checkOf(AA_PAIRS, () => [1, 1]))).toEqual({
    pairs: AA_PAIRS,
    discordance: 0,
    logE: 0,
    isAlarmed: false,
  });
});

test.each([
  ['better', (): readonly [number, number] => [0, 1]],
  ['worse', (): readonly [number, number] => [1, 0]],
] as const)('alarms where the second arm is always %s, whichever way', (_which, pairAt) => {
  const summary = summarizeAaCheck(checkOf(AA_PAIRS, pairAt));

  expect(summary.isAlarmed).toBe(true);
  expect(summary.pairs).toBeLessThan(20);
});

test('of 2000 sound checks at most one in twenty alarms', () => {
  let alarms = 0;
  for (let run = 0; run < 2000; run += 1) {
    const check = checkOf(AA_PAIRS, (index) => {
      const draw = uniformOf(`aa-${String(run)}`, String(index));
      if (draw < 0.15) return [1, 0];
      return draw < 0.3 ? [0, 1] : [1, 1];
    });
    if (summarizeAaCheck(check).isAlarmed) alarms += 1;
  }

  expect(alarms / 2000).toBeLessThanOrEqual(0.05);
});
