import fc from 'fast-check';
import { expect, test } from 'vitest';

import { unknownBlame, type Blame } from '../../../src/domain/attribution/blame.js';
import { blameOf, mayClimb, type ReplayedStep } from '../../../src/domain/attribution/ladder.js';

const blame = (method: Blame['method'], step: number, confidence: number): Blame => ({
  step,
  method,
  confidence,
  reason: `${method} says so`,
  alternatives: [],
});
const replay = (step: number, verdict: ReplayedStep['verdict']): ReplayedStep => ({
  step,
  verdict,
  probability: verdict === 'verified' ? 0.94 : 0.4,
  wins: 3,
  losses: 0,
  pairs: 3,
});

test('blames the step of the surest rung, and calls it not verified', () => {
  const ladder = blameOf([blame('backward-slice', 1, 0.3), blame('spectrum', 4, 0.5)], []);

  expect(ladder).toMatchObject({ step: 4, method: 'spectrum', confidence: 0.5, isVerified: false });
  expect(ladder.alternatives).toEqual([1]);
});

test('rungs that agree count as two witnesses', () => {
  const levels = [
    blame('backward-slice', 2, 0.4),
    blame('spectrum', 5, 0.6),
    blame('critical-step', 2, 0.5),
  ];

  const ladder = blameOf(levels, []);

  expect(ladder).toMatchObject({ step: 2, method: 'critical-step' });
  expect(ladder.confidence).toBeCloseTo(0.7, 9);
});

test('a verified replay ends it, whatever the other rungs say', () => {
  const levels = [blame('backward-slice', 1, 0.9)];

  const ladder = blameOf(levels, [replay(1, 'refuted'), replay(6, 'verified')]);

  expect(ladder).toMatchObject({ step: 6, method: 'forked-replay', isVerified: true });
});

test('a refuted step is out', () => {
  const levels = [blame('backward-slice', 1, 0.9), blame('spectrum', 4, 0.2)];

  expect(blameOf(levels, [replay(1, 'refuted')])).toMatchObject({ step: 4, isVerified: false });
  expect(blameOf([blame('spectrum', 1, 0.9)], [replay(1, 'refuted')])).toMatchObject({
    step: null,
    method: 'unknown',
    reason: 'every suspect was refuted by replay',
  });
});

test('an open replay neither blames nor clears', () => {
  expect(blameOf([blame('spectrum', 1, 0.5)], [replay(1, 'open')])).toMatchObject({ step: 1 });
});

test('unknown on every rung is unknown, with all reasons', () => {
  const ladder = blameOf([unknownBlame('no error'), unknownBlame('too few episodes')], []);

  expect(ladder).toMatchObject({ step: null, reason: 'no error; too few episodes' });
});

test('goes on climbing only while nobody is sure', () => {
  expect(mayClimb([])).toBe(true);
  expect(mayClimb([blame('backward-slice', 1, 0.59)])).toBe(true);
  expect(mayClimb([blame('backward-slice', 1, 0.6)])).toBe(false);
});

test('only a replay verifies', () => {
  const level = fc.record({
    step: fc.nat({ max: 9 }),
    method: fc.constantFrom('backward-slice', 'spectrum', 'critical-step'),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    reason: fc.constant('it does'),
    alternatives: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }),
  });
  const open = fc.record({
    step: fc.nat({ max: 9 }),
    verdict: fc.constantFrom('open', 'refuted'),
    probability: fc.constant(0.5),
    wins: fc.constant(1),
    losses: fc.constant(1),
    pairs: fc.constant(3),
  });
  fc.assert(
    fc.property(fc.array(level), fc.array(open), (levels, replays) => {
      const ladder = blameOf(levels, replays);

      expect(ladder.isVerified).toBe(false);
      expect(ladder.confidence).toBeLessThanOrEqual(1);
      const refuted = replays.filter(({ verdict }) => verdict === 'refuted');
      expect(refuted.map(({ step }) => step)).not.toContain(ladder.step);
    }),
  );
});
