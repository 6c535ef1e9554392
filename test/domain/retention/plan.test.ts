import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  DEFAULT_RETENTION,
  planRemovals,
  type KeptLesson,
} from '../../../src/domain/retention/plan.js';

const AT = '2026-06-01T00:00:00.000Z';

function aLesson(id: string, more: Partial<KeptLesson> = {}): KeptLesson {
  return {
    id,
    revision: 1,
    tokens: 100,
    isStale: false,
    validity: null,
    recentUses: 1,
    idleDays: 1,
    uplift: -0.1,
    protects: false,
    ...more,
  };
}

function reasons(lessons: readonly KeptLesson[], more = {}): Readonly<Record<string, string>> {
  const policy = { ...DEFAULT_RETENTION, ...more };
  const removals = planRemovals(lessons, AT, policy);
  return Object.fromEntries(removals.map(({ id, reason }) => [id, reason]));
}

test('lets go what no longer holds, speaks of another tool, or was not used for half a year', () => {
  const lessons = [
    aLesson('kept'),
    aLesson('expired', { validity: { from: null, until: '2026-05-31T00:00:00.000Z' } }),
    aLesson('still-valid', { validity: { from: null, until: '2026-07-01T00:00:00.000Z' } }),
    aLesson('stale', { isStale: true }),
    aLesson('idle', { idleDays: 180 }),
  ];

  expect(reasons(lessons)).toEqual({ expired: 'expired', stale: 'stale', idle: 'idle' });
});

test('makes room by what is worth least for its tokens', () => {
  const lessons = [
    aLesson('used', { recentUses: 9 }),
    aLesson('long', { recentUses: 9, tokens: 2_000 }),
    aLesson('helpful', { recentUses: 2, uplift: 0.2 }),
    aLesson('doubtful', { recentUses: 2, uplift: -0.15 }),
  ];

  expect(reasons(lessons, { capacityTokens: 200 })).toEqual({
    long: 'capacity',
    doubtful: 'capacity',
  });
});

test('keeps a lesson that pinned cases were won with, however idle and however crowded', () => {
  const lessons = [aLesson('pinned', { protects: true, idleDays: 400, recentUses: 0 })];

  expect(reasons(lessons, { capacityTokens: 0 })).toEqual({});
});

test('takes away no more at once than the gate can tell the effect of', () => {
  const lessons = Array.from({ length: 50 }, (_, at) =>
    aLesson(`l-${String(at)}`, { idleDays: 999 }),
  );

  expect(Object.keys(reasons(lessons))).toHaveLength(DEFAULT_RETENTION.batch);
});

test('plans the same in whatever order the lessons come, and fits what stays into the room there is', () => {
  const lesson = fc.record({
    id: fc.stringMatching(/^l-[0-9]{1,4}$/),
    tokens: fc.integer({ min: 1, max: 400 }),
    recentUses: fc.double({ min: 0, max: 50, noNaN: true }),
    idleDays: fc.integer({ min: 0, max: 300 }),
    isStale: fc.boolean(),
  });
  const lessons = fc.uniqueArray(lesson, { selector: ({ id }) => id, maxLength: 30 });
  fc.assert(
    fc.property(lessons, fc.integer({ min: 0, max: 3_000 }), (given, capacityTokens) => {
      const kept = given.map(({ id, ...more }) => aLesson(id, more));
      const policy = { ...DEFAULT_RETENTION, capacityTokens, batch: 1_000 };

      const removals = planRemovals(kept, AT, policy);

      expect(planRemovals([...kept].reverse(), AT, policy)).toEqual(removals);
      const gone = new Set(removals.map(({ id }) => id));
      const left = kept.filter(({ id }) => !gone.has(id));
      expect(left.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(capacityTokens);
    }),
  );
});
