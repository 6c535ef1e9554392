import { expect, test } from 'vitest';

import { sampleRatio } from '../../../src/domain/utility/sample-ratio.js';

test('finds as many hold-outs as were drawn sound', () => {
  const tallies = [
    { propensity: 0.1, draws: 1_000, heldOut: 108 },
    { propensity: 0.02, draws: 500, heldOut: 9 },
  ];

  expect(sampleRatio(tallies)).toMatchObject({ isBroken: false });
});

test('finds hold-outs broken that get lost on the way', () => {
  const ratio = sampleRatio([{ propensity: 0.1, draws: 1_000, heldOut: 40 }]);

  expect(ratio?.isBroken).toBe(true);
  expect(ratio?.deviations).toBeLessThan(-4);
});

test('says nothing from a handful of draws', () => {
  expect(sampleRatio([])).toBeNull();
  expect(sampleRatio([{ propensity: 0.1, draws: 5, heldOut: 5 }])).toBeNull();
});
