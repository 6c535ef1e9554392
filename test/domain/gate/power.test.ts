import { expect, test } from 'vitest';

import { expectedPairs, isUnderpowered } from '../../../src/domain/gate/power.js';

test('foresees the mean pairs of a gate at +20 points and rho = .5 within a third', () => {
  // Discordance .35 of that model is reached with an A/A rate of .25; measured mean at e >= 20: 60.
  const foreseen = expectedPairs({ alpha: 0.05, dPlan: 0.2, discordance: 0.25 });

  expect(foreseen).toBeGreaterThan(60);
  expect(foreseen).toBeLessThan(80);
});

test('a stricter level, a noisier agent and a smaller effect all take more pairs', () => {
  const base = { alpha: 0.05, dPlan: 0.15, discordance: 0.2 };

  expect(expectedPairs({ ...base, alpha: 0.005 })).toBeGreaterThan(expectedPairs(base));
  expect(expectedPairs({ ...base, discordance: 0.4 })).toBeGreaterThan(expectedPairs(base));
  expect(expectedPairs({ ...base, dPlan: 0.1 })).toBeGreaterThan(expectedPairs(base));
});

test('is defined where the baseline never differs from itself', () => {
  const question = { alpha: 0.05, dPlan: 0.15 };

  const pairs = expectedPairs({ ...question, discordance: 0 });

  // Every effect of 15 points takes 15 % of discordant pairs at least, all of them won.
  expect(pairs).toBe(expectedPairs({ ...question, discordance: 0.075 }));
  expect(pairs).toBeGreaterThan(Math.log(20) / (0.15 * Math.log(2)));
});

test('holds exactly where the pairs it expects are not to be had', () => {
  const question = { alpha: 0.005, dPlan: 0.15, discordance: 0.2 };
  const needed = expectedPairs(question);

  expect(isUnderpowered({ ...question, maxPairs: Math.floor(needed) })).toBe(true);
  expect(isUnderpowered({ ...question, maxPairs: Math.ceil(needed) })).toBe(false);
});
