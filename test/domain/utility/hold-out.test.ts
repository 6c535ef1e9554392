import { expect, test } from 'vitest';

import {
  DEFAULT_HOLD_OUT,
  drawHoldOuts,
  propensityOf,
} from '../../../src/domain/utility/hold-out.js';

const lessons = [
  { id: 'l-1', revision: 1 },
  { id: 'l-2', revision: 3 },
];

test('draws the same for the same task, whatever else is drawn for it', () => {
  const both = drawHoldOuts('t-1', lessons, () => 0.5);

  expect(drawHoldOuts('t-1', lessons, () => 0.5)).toEqual(both);
  expect(drawHoldOuts('t-1', lessons.slice(1), () => 0.5)).toEqual(both.slice(1));
});

test('holds each lesson out of its share of tasks, independently of the others', () => {
  const draws = Array.from({ length: 20_000 }, (_, at) =>
    drawHoldOuts(`t-${String(at)}`, lessons, () => 0.1),
  );

  const share = (held: (draw: (typeof draws)[number]) => boolean): number =>
    draws.filter(held).length / draws.length;
  expect(share(([first]) => first?.heldOut === true)).toBeCloseTo(0.1, 2);
  expect(share(([, second]) => second?.heldOut === true)).toBeCloseTo(0.1, 2);
  const together = share(([first, second]) => first?.heldOut === true && second?.heldOut === true);
  expect(together).toBeCloseTo(0.01, 2);
});

test('draws nothing for a lesson that is never held out', () => {
  expect(drawHoldOuts('t-1', lessons, () => 0)).toEqual([]);
});

test('looks more often at what seems to harm and less at what was shown to help', () => {
  const [helpful, unknown, suspected] = (['helpful', 'unknown', 'suspected'] as const).map(
    (standing) => propensityOf(standing, DEFAULT_HOLD_OUT),
  );

  expect([helpful, unknown, suspected]).toEqual([0.02, 0.1, 0.2]);
  expect(propensityOf('suspected', { ...DEFAULT_HOLD_OUT, share: 0 })).toBe(0);
});
