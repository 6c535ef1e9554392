import { expect, test } from 'vitest';

import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import {
  countPool,
  planSlices,
  sliceName,
  watchedSlices,
} from '../../../src/domain/gate/slices.js';

const pool = (counts: Readonly<Record<string, number>>): readonly Record<string, string>[] =>
  Object.entries(counts).flatMap(([value, count]) =>
    Array.from({ length: count }, () => ({ hardness: value })),
  );

test('gates the slices of at least 5 % of the pool and merges the rest into other', () => {
  const counts = countPool(pool({ easy: 60, hard: 35, rare: 4, odd: 1 }));

  expect(planSlices(counts, gatePolicy())).toEqual({
    keys: ['hardness'],
    gated: ['hardness=easy', 'hardness=hard'],
    hasOther: true,
  });
});

test('gates a critical slice however small', () => {
  const counts = countPool(pool({ easy: 99, payments: 1 }));
  const policy = gatePolicy({ criticalSlices: ['hardness=payments'] });

  expect(planSlices(counts, policy)).toEqual({
    keys: ['hardness'],
    gated: ['hardness=payments', 'hardness=easy'],
    hasOther: false,
  });
});

test('gates at most eight slices, the largest, with the pinned set among them', () => {
  const sizes = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`v${i}`, 10 + i]));
  const counts = countPool(pool(sizes), 30);

  const { gated, hasOther } = planSlices(counts, gatePolicy());

  expect(gated).toEqual([9, 8, 7, 6, 5, 4, 3].map((i) => `hardness=v${i}`).concat('pinned'));
  expect(hasOther).toBe(true);
});

test('leaves the pinned set out below thirty cases', () => {
  expect(planSlices(countPool(pool({ easy: 10 }), 29), gatePolicy()).gated).toEqual([
    'hardness=easy',
  ]);
});

test('tasks without a value for a key belong to other', () => {
  const counts = countPool([...pool({ easy: 10 }), {}, {}]);

  const plan = planSlices(counts, gatePolicy());

  expect(watchedSlices(plan, {})).toEqual(['other']);
  expect(watchedSlices(plan, { hardness: 'easy' })).toEqual(['hardness=easy']);
});

test('each key partitions the tasks on its own', () => {
  const tasks = Array.from({ length: 20 }, (_, i) => ({
    hardness: i % 2 === 0 ? 'easy' : 'hard',
    database: i === 0 ? 'rare' : 'shop',
  }));
  const plan = planSlices(countPool(tasks), gatePolicy({ minSliceShare: 0.1 }));

  expect(plan.gated).toEqual(['database=shop', 'hardness=easy', 'hardness=hard']);
  expect(watchedSlices(plan, { hardness: 'easy', database: 'shop' })).toEqual([
    'hardness=easy',
    'database=shop',
  ]);
  expect(watchedSlices(plan, { hardness: 'easy', database: 'rare' })).toEqual([
    'hardness=easy',
    'other',
  ]);
});

test('takes only the keys it is told to', () => {
  const tasks = Array.from({ length: 20 }, () => ({ hardness: 'easy', database: 'shop' }));

  const plan = planSlices(countPool(tasks), gatePolicy({ sliceKeys: ['database'] }));

  expect(plan).toEqual({ keys: ['database'], gated: ['database=shop'], hasOther: false });
});

test('has no slices where tasks have none', () => {
  expect(planSlices(countPool([{}, {}]), gatePolicy())).toEqual({
    keys: [],
    gated: [],
    hasOther: false,
  });
});

test('a pinned set of less than thirty pairs has the harm guard', () => {
  const plan = (pairs: number) => planSlices(countPool(pool({ easy: 10 }), pairs), gatePolicy());

  expect(plan(0).pinnedGuard).toBeUndefined();
  expect(plan(1).pinnedGuard).toBe(1);
  expect(plan(29)).toMatchObject({ pinnedGuard: 29, gated: ['hardness=easy'] });
  expect(plan(30)).toMatchObject({ gated: ['hardness=easy', 'pinned'] });
  expect(plan(30).pinnedGuard).toBeUndefined();
});

test('two slices never share a name', () => {
  expect(sliceName('a', 'b=c')).toBe('a=b=c');
  expect(sliceName('a=b', 'c')).not.toBe(sliceName('a', 'b=c'));
});
