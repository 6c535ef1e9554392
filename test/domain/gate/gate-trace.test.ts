import { expect, test, vi } from 'vitest';

import { decideAgain, type CommittedPair } from '../../../src/domain/gate/committed-pair.js';
import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { readGate, traceGate } from '../../../src/domain/gate/gate-trace.js';
import { noSlices, planSlices, countPool } from '../../../src/domain/gate/slices.js';
import { mulberry32 } from '../../../src/domain/random.js';

function pairs(n: number, wins: number, slices = {}): readonly CommittedPair[] {
  const random = mulberry32(5);
  return Array.from({ length: n }, (_, index) => {
    const won = random() < wins;
    const arm = (score: number) => ({
      score,
      category: score === 1 ? 'ok' : 'wrong',
      missing: null,
    });
    return {
      index,
      task: `t-${String(index)}`,
      slices,
      baseline: arm(0),
      candidate: arm(won ? 1 : 0),
    };
  });
}

const basis = { policy: gatePolicy({ alpha: 0.005 }), plan: noSlices };

test('the path ends where the verdict was decided', () => {
  const committed = pairs(60, 0.5);
  const summary = decideAgain(basis, committed);

  const path = traceGate(basis, committed);

  const last = path.at(-1);
  expect(summary.verdict).toBe('pass');
  expect(last?.superiority).toBeCloseTo(summary.logE, 12);
  expect(last?.mean).toBeCloseTo(summary.effect.mean, 12);
  expect(last?.lower).toBeCloseTo(summary.effect.lower, 12);
  expect(path.map(({ pairs: count }) => count)).toEqual(
    Array.from({ length: path.length }, (_, index) => index + 1),
  );
});

test('a long path is thinned, and keeps its end', () => {
  const committed = pairs(400, 0.03);

  const path = traceGate(
    { ...basis, policy: gatePolicy({ alpha: 1e-15, futilityLevel: 1e-9 }) },
    committed,
  );

  expect(path.length).toBeLessThanOrEqual(161);
  expect(path.at(-1)?.pairs).toBe(400);
});

test('no pairs make no path', () => {
  expect(traceGate(basis, [])).toEqual([]);
});

test('every test is read with its own threshold, and only the one that decided is reached', () => {
  const slices = { level: 'easy' };
  const policy = gatePolicy({ alpha: 0.005, criticalCategories: ['data-loss', 'wrong'] });
  const plan = planSlices(countPool(pairs(40, 0.5, slices).map((pair) => pair.slices)), policy);

  const tests = readGate({ policy, plan }, pairs(60, 0.5, slices));

  const of = (name: string) => tests.find(({ test: each }) => each === name);
  expect(tests.map(({ test: name, of: about }) => [name, about])).toEqual([
    ['superiority', null],
    ['futility', null],
    ['non-inferiority', 'level=easy'],
    ['harm', 'level=easy'],
    ['missing outcomes', null],
    ['void pairs', null],
    ['failure category', 'wrong'],
  ]);
  expect(of('superiority')).toMatchObject({ isReached: true, threshold: Math.log(200) });
  expect(of('futility')).toMatchObject({ isReached: false, threshold: Math.log(10) });
  expect(of('non-inferiority')).toMatchObject({ isReached: true });
  expect(of('harm')?.isReached).toBe(false);
  expect(of('failure category')?.threshold).toBeCloseTo(Math.log(2 / 0.05), 12);
  expect(of('missing outcomes')).toMatchObject({ logE: 0, isReached: false });
});

test('a pair drawn for one slice counts for that slice and not for the effect', () => {
  const policy = gatePolicy({ alpha: 0.005 });
  const plan = { keys: [], gated: ['pinned'], hasOther: false };
  const drawn = pairs(60, 0.5).map((pair, index) =>
    index % 2 === 0 ? pair : { ...pair, topUpFor: 'pinned' },
  );

  const tests = readGate({ policy, plan }, drawn.slice(0, 20));

  expect(tests.find(({ test: name }) => name === 'superiority')?.n).toBe(10);
  expect(tests.find(({ of: about }) => about === 'pinned')?.n).toBe(10);
});

test('a path of graded outcomes costs as much as a few dozen verdicts, not as one a pair', () => {
  const random = mulberry32(8);
  const graded = pairs(400, 0.5).map((pair) => ({
    ...pair,
    baseline: { ...pair.baseline, score: random() },
    candidate: { ...pair.candidate, score: random() },
  }));
  const open = { ...basis, policy: gatePolicy({ alpha: 1e-9, futilityLevel: 1e-9 }) };

  // Each test of a gate takes ten a pair: two of cost, and its own and those of slices, missing and void pairs.
  const ofOneTest = 10 * graded.length;
  const verdict = logarithmsOf(() => decideAgain(open, graded));
  const path = logarithmsOf(() => traceGate(open, graded));

  expect(verdict).toBeLessThan(13 * ofOneTest);
  expect(path).toBeLessThan(40 * verdict);
});

test('a bound in the path is as wide as that of a verdict there, to a hair of the chart', () => {
  const committed = pairs(300, 0.5);
  const open = { ...basis, policy: gatePolicy({ alpha: 1e-9, futilityLevel: 1e-9 }) };

  for (const point of traceGate(open, committed).filter(({ pairs: n }) => n % 50 === 0)) {
    const { effect } = decideAgain(open, committed.slice(0, point.pairs));
    expect(point.lower).toBeLessThanOrEqual(effect.lower);
    expect(effect.lower - point.lower).toBeLessThan(1e-3);
    expect(point.upper).toBeGreaterThanOrEqual(effect.upper);
    expect(point.upper - effect.upper).toBeLessThan(1e-3);
  }
});

/** What a computation costs, whatever else the machine does: nearly all of it is logarithms. */
function logarithmsOf(compute: () => unknown): number {
  const log = vi.spyOn(Math, 'log');
  compute();
  const { length } = log.mock.calls;
  log.mockRestore();
  return length;
}
