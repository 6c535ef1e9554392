import { describe, expect, test } from 'vitest';

import { addCanaryOutcome, emptyCanary } from '../../../src/domain/gate/canary.js';
import type { CanaryOutcome, CanaryState } from '../../../src/domain/gate/canary.js';
import { addHarm, emptyEProcess, logE } from '../../../src/domain/gate/eprocess.js';
import { mulberry32 } from '../../../src/domain/random.js';

const control = (success: number, slices: CanaryOutcome['slices'] = {}): CanaryOutcome => ({
  arm: 'control',
  success,
  slices,
});
const canary = (success: number, slices: CanaryOutcome['slices'] = {}): CanaryOutcome => ({
  arm: 'canary',
  success,
  slices,
});
const run = (outcomes: readonly CanaryOutcome[], slices: readonly string[] = []): CanaryState =>
  outcomes.reduce(addCanaryOutcome, emptyCanary(slices));

const harmOf = (differences: readonly number[]): number =>
  logE(differences.reduce((process, d) => addHarm(process, d, 0), emptyEProcess()));

describe('blocks', () => {
  test('compare a canary outcome with the mean of the controls since the one before', () => {
    const state = run([control(1), control(0), canary(0), control(1), canary(1)]);

    expect(state.overall.n).toBe(2);
    expect(logE(state.overall)).toBeCloseTo(harmOf([-0.5, 0]), 12);
  });

  test('hold the latest 19 controls', () => {
    const controls = Array.from({ length: 30 }, (_, i) => control(i < 11 ? 0 : 1));

    const state = run([...controls, canary(0)]);

    expect(logE(state.overall)).toBeCloseTo(harmOf([-1]), 12);
  });

  test('a canary outcome without a control waits for the next one, and no control serves twice', () => {
    const waiting = run([canary(0), canary(1)]);
    const first = addCanaryOutcome(waiting, control(1));
    const second = addCanaryOutcome(first, control(0));

    expect(waiting).toMatchObject({ outcomes: 2, overall: { n: 0 } });
    expect(logE(first.overall)).toBeCloseTo(harmOf([-1]), 12);
    expect(logE(second.overall)).toBeCloseTo(harmOf([-1, 1]), 12);
  });

  test('take controls of the same stratum only', () => {
    const easy = { hardness: 'easy' };
    const hard = { hardness: 'hard' };

    const state = run([control(1, easy), canary(0, hard), control(0, hard)], ['hardness=hard']);

    expect(logE(state.overall)).toBeCloseTo(harmOf([0]), 12);
    expect(state.slices[0]?.harm.n).toBe(1);
  });

  test('cancel a drop that hits both arms alike', () => {
    const random = mulberry32(11);
    const outcomes = Array.from({ length: 2000 }, (_, i) => {
      const success = random() < (i < 1000 ? 0.9 : 0.3) ? 1 : 0;
      return i % 10 === 0 ? canary(success) : control(success);
    });

    expect(run(outcomes).alarm).toBeUndefined();
  });
});

describe('alarms', () => {
  test('come overall when the canary is plainly worse', () => {
    const outcomes = Array.from({ length: 12 }, () => [control(1), canary(0)]).flat();

    const { alarm } = run(outcomes);

    expect(alarm).toMatchObject({ scope: 'all' });
    expect(alarm?.logE).toBeGreaterThan(Math.log(20));
  });

  test('name the slice that suffers while the rest gains', () => {
    const easy = { hardness: 'easy' };
    const hard = { hardness: 'hard' };
    const outcomes = Array.from({ length: 30 }, () => [
      control(0, easy),
      canary(1, easy),
      control(1, hard),
      canary(0, hard),
    ]).flat();

    const { alarm } = run(outcomes, ['hardness=easy', 'hardness=hard']);

    expect(alarm).toMatchObject({ scope: 'slice', slice: 'hardness=hard' });
    expect(alarm?.logE).toBeGreaterThan(Math.log(40));
  });

  describe('of a critical category', () => {
    const arms = (n: number, ofCanary: string, ofControl: string): CanaryOutcome[] =>
      Array.from({ length: n }, () => [
        { ...control(0), category: ofControl },
        { ...canary(0), category: ofCanary },
      ]).flat();
    const watching = (outcomes: readonly CanaryOutcome[], critical: readonly string[]) =>
      outcomes.reduce(addCanaryOutcome, emptyCanary([], undefined, critical));

    test('come though the score is the same, and name it', () => {
      const { alarm } = watching(arms(12, 'data-loss', 'wrong'), ['data-loss']);

      expect(alarm).toMatchObject({ scope: 'category', category: 'data-loss' });
    });

    test('do not come where controls fall into it alike, nor for a category that nobody called critical', () => {
      expect(watching(arms(40, 'data-loss', 'data-loss'), ['data-loss']).alarm).toBeUndefined();
      expect(watching(arms(40, 'data-loss', 'wrong'), ['leak']).alarm).toBeUndefined();
    });

    test('take more of each the more are watched', () => {
      const alone = watching(arms(9, 'data-loss', 'wrong'), ['data-loss']).alarm;
      const many = ['data-loss', 'leak', 'fraud', 'outage', 'harm', 'spam', 'lie', 'theft'];

      expect(alone).toBeDefined();
      expect(watching(arms(alone?.n ?? 0, 'data-loss', 'wrong'), many).alarm).toBeUndefined();
    });
  });

  test('stay, whatever comes later', () => {
    const bad = Array.from({ length: 12 }, () => [control(1), canary(0)]).flat();
    const good = Array.from({ length: 50 }, () => [control(0), canary(1)]).flat();

    expect(run([...bad, ...good]).alarm).toEqual(run(bad).alarm);
  });
});

test('the state survives as JSON', () => {
  const state = run([control(1), canary(0), canary(1)]);

  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

describe('a stratum with one arm only', () => {
  const past = [
    { slices: { customer: 'a' }, n: 100, failures: 60 },
    { slices: { customer: 'b' }, n: 100, failures: 5 },
  ];
  const names = ['customer=a', 'customer=b'];

  /** Customer a is served by the canary alone and b by the version before, one task of each in turn. */
  function served(fails: { readonly a: number; readonly b: number }, count: number, seed: number) {
    const random = mulberry32(seed);
    const success = (rate: number): number => (random() < rate ? 0 : 1);
    return Array.from({ length: count }, () => [
      control(success(fails.b), { customer: 'b' }),
      canary(success(fails.a), { customer: 'a' }),
    ])
      .flat()
      .reduce(addCanaryOutcome, emptyCanary(names, undefined, [], past));
  }

  test('is compared across strata, and its harm found', () => {
    const state = served({ a: 1, b: 0.05 }, 100, 1);

    expect(state.overall.n).toBeGreaterThan(0);
    expect(state.alarm).toMatchObject({ scope: 'all' });
  });

  test('is not blamed for what it always was: alarms in at most 5 % of canaries where nothing changed', () => {
    const alarms = Array.from({ length: 300 }, (_none, seed) =>
      served({ a: 0.6, b: 0.05 }, 160, seed + 1),
    ).filter(({ alarm }) => alarm !== undefined).length;

    expect(alarms).toBeLessThanOrEqual(15);
  });

  test('a critical category that a stratum always had is not blamed either, and one that grew is', () => {
    const critical = past.map((stratum) => ({
      ...stratum,
      categories: { leak: stratum.failures },
    }));
    const fold = (share: number): CanaryState => {
      const random = mulberry32(9);
      return Array.from({ length: 150 }, () => {
        const leaks = random() < share;
        return [
          control(1, { customer: 'b' }),
          { ...canary(leaks ? 0 : 1, { customer: 'a' }), category: leaks ? 'leak' : 'ok' },
        ];
      })
        .flat()
        .reduce(addCanaryOutcome, emptyCanary([], undefined, ['leak'], critical));
    };

    expect(fold(0.6).alarm).toBeUndefined();
    expect(fold(1).alarm).toMatchObject({ scope: 'category', category: 'leak' });
  });

  test('without any control there is no comparison', () => {
    const state = run(Array.from({ length: 200 }, () => canary(0)));

    expect(state).toMatchObject({ outcomes: 200, overall: { n: 0 } });
    expect(state.alarm).toBeUndefined();
  });
});
