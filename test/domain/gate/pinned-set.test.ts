import fc from 'fast-check';
import { expect, test } from 'vitest';

import { addRollback, armed, rearm } from '../../../src/domain/gate/arming.js';
import { pinCases } from '../../../src/domain/gate/pinned-set.js';
import type { PinnedCase } from '../../../src/domain/gate/pinned-set.js';

const cases = (from: number, to: number, hardness = 'easy'): readonly PinnedCase[] =>
  Array.from({ length: to - from }, (_, i) => ({ task: `t${from + i}`, slices: { hardness } }));

test('keeps every case while a stratum is below its cap', () => {
  expect(pinCases([], cases(0, 50), 'agent')).toHaveLength(50);
});

test('keeps at most the cap of each stratum', () => {
  const pinned = pinCases([], [...cases(0, 200), ...cases(200, 230, 'hard')], 'agent');

  expect(pinned.filter(({ slices }) => slices['hardness'] === 'easy')).toHaveLength(50);
  expect(pinned.filter(({ slices }) => slices['hardness'] === 'hard')).toHaveLength(30);
});

test('samples alike whether cases came at once, in parts or twice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 120 }), (cut) => {
      const atOnce = pinCases([], cases(0, 120), 'agent');

      const inParts = pinCases(pinCases([], cases(0, cut), 'agent'), cases(cut, 120), 'agent');

      expect(inParts).toEqual(atOnce);
      expect(pinCases(inParts, cases(0, 120), 'agent')).toEqual(atOnce);
    }),
    { numRuns: 20 },
  );
});

test('old cases and late ones stay equally likely', () => {
  const pinned = pinCases([], cases(0, 1000), 'agent', 500);

  const old = pinned.filter(({ task }) => Number(task.slice(1)) < 500).length;
  expect(Math.abs(old - 250)).toBeLessThan(45);
});

test('three rollbacks in an epoch switch automatic promotion off until a person re-arms', () => {
  const two = addRollback(addRollback(armed, 1, 'c1'), 1, 'c2');
  const three = addRollback(two, 1, 'c3');

  expect(two.isArmed).toBe(true);
  expect(three.isArmed).toBe(false);
  expect(addRollback(three, 2, 'c4')).toMatchObject({ rollbacks: 1, isArmed: false });
  expect(rearm(three)).toMatchObject({ rollbacks: 0, isArmed: true });
});

test('rollbacks of different epochs do not add up', () => {
  const state = [1, 1, 2, 2, 3].reduce(
    (before, epoch, index) => addRollback(before, epoch, `c${String(index)}`),
    armed,
  );

  expect(state.isArmed).toBe(true);
});
