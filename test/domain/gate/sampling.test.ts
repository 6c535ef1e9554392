import fc from 'fast-check';
import { expect, test } from 'vitest';

import { drawOrder, maySample, poolPart } from '../../../src/domain/gate/sampling.js';

const aTask = (number: number, isNewer = false, uses = 0) => ({
  task: `t-${String(number)}`,
  number,
  uses,
  isNewer,
});

test('six tasks in ten are learned from and four judge, each always the same', () => {
  const parts = Array.from({ length: 5_000 }, (_, n) => poolPart(`task-${String(n)}`));

  const share = parts.filter((part) => part === 'gate').length / parts.length;

  expect(share).toBeGreaterThan(0.37);
  expect(share).toBeLessThan(0.43);
  expect(parts).toEqual(Array.from({ length: 5_000 }, (_, n) => poolPart(`task-${String(n)}`)));
});

test('a small pool takes every task, up to twenty times', () => {
  const tasks = Array.from({ length: 50 }, (_, n) => aTask(n));

  expect(tasks.filter((task) => maySample(task, false))).toHaveLength(50);
  expect(maySample({ task: 't', uses: 19 }, false)).toBe(true);
  expect(maySample({ task: 't', uses: 20 }, false)).toBe(false);
});

test('a large pool takes tasks of its part, up to five times', () => {
  const tasks = Array.from({ length: 200 }, (_, n) => `task-${String(n)}`);
  const gate = tasks.filter((task) => poolPart(task) === 'gate');

  expect(tasks.filter((task) => maySample({ task, uses: 0 }, true))).toEqual(gate);
  expect(gate.filter((task) => maySample({ task, uses: 4 }, true))).toEqual(gate);
  expect(gate.filter((task) => maySample({ task, uses: 5 }, true))).toEqual([]);
});

test('tasks newer than the evidence come first, in an order that the seed alone decides', () => {
  const tasks = fc.uniqueArray(fc.nat(10_000), { maxLength: 60 });

  fc.assert(
    fc.property(tasks, fc.nat(), fc.nat(10_000), (numbers, seed, newest) => {
      const pool = numbers.map((number) => aTask(number, number > newest));

      const order = drawOrder(pool, seed);

      expect(order).toEqual(drawOrder([...pool].reverse(), seed));
      expect(new Set(order)).toEqual(new Set(pool));
      const firstOlder = order.findIndex(({ isNewer }) => !isNewer);
      if (firstOlder >= 0) {
        expect(order.slice(firstOlder).some(({ isNewer }) => isNewer)).toBe(false);
      }
    }),
  );
});

test('the order is no order of acceptance', () => {
  const pool = Array.from({ length: 40 }, (_, number) => aTask(number));

  const numbers = drawOrder(pool, 7).map(({ number }) => number);

  expect(numbers).not.toEqual([...numbers].sort((left, right) => left - right));
  expect(numbers).not.toEqual(drawOrder(pool, 8).map(({ number }) => number));
});
