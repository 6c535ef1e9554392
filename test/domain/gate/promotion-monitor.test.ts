import { describe, expect, test } from 'vitest';

import { detectorValue } from '../../../src/domain/gate/detector.js';
import type { LiveOutcome } from '../../../src/domain/gate/live-outcome.js';
import {
  addPromotionOutcome,
  canTellLoss,
  defaultPromotionMonitorPolicy,
  emptyPromotionMonitor,
  hasTested,
} from '../../../src/domain/gate/promotion-monitor.js';
import type { PromotionMonitorState } from '../../../src/domain/gate/promotion-monitor.js';
import { summarizePromotion } from '../../../src/domain/gate/promotion-summary.js';
import {
  addStandingOutcome,
  standingAction,
  standingAnew,
  standingWatch,
  type StandingWatch,
} from '../../../src/domain/gate/standing-watch.js';
import {
  addReferenceOutcome,
  addStratumOutcome,
  predictiveRate,
  referenceStrata,
} from '../../../src/domain/gate/strata.js';
import type { Strata } from '../../../src/domain/gate/strata.js';
import { mulberry32 } from '../../../src/domain/random.js';

/** Success rate by hardness, and how the tasks are mixed. */
interface World {
  readonly easy: number;
  readonly hard: number;
  readonly shareHard: number;
}

const before: World = { easy: 0.9, hard: 0.4, shareHard: 0.3 };

const stream = (world: World, count: number, seed: number): readonly LiveOutcome[] => {
  const random = mulberry32(seed);
  return Array.from({ length: count }, () => {
    const isHard = random() < world.shareHard;
    const success = random() < (isHard ? world.hard : world.easy) ? 1 : 0;
    return { success, slices: { hardness: isHard ? 'hard' : 'easy' } };
  });
};

const reference = (seed: number): Strata =>
  stream(before, 200, seed).reduce<Strata>(addReferenceOutcome, {});

const watch = (world: World, seed: number, count = 200): PromotionMonitorState =>
  stream(world, count, seed + 1000).reduce(
    addPromotionOutcome,
    emptyPromotionMonitor(reference(seed)),
  );

const actions = (world: World): readonly string[] =>
  Array.from({ length: 100 }, (_, seed) => watch(world, seed).action.kind);

const share = (kinds: readonly string[], wanted: readonly string[]): number =>
  kinds.filter((kind) => wanted.includes(kind)).length / kinds.length;

describe('over 100 seeded promotions each', () => {
  test('one that changed nothing is acted upon in at most 3', () => {
    expect(share(actions(before), ['rollback', 'scope'])).toBeLessThanOrEqual(0.03);
  });

  test('one that improved things is never acted upon', () => {
    expect(share(actions({ ...before, easy: 0.97, hard: 0.6 }), ['rollback', 'scope'])).toBe(0);
  });

  test('a task mix that turns hard is drift, not the fault of the promotion', () => {
    const kinds = actions({ ...before, shareHard: 0.9 });

    expect(share(kinds, ['rollback', 'scope'])).toBeLessThanOrEqual(0.05);
    expect(share(kinds, ['drift'])).toBeGreaterThan(0.8);
  });

  test('a loss of 30 points everywhere is acted upon, mostly by a rollback', () => {
    const kinds = actions({ ...before, easy: 0.6, hard: 0.1 });

    expect(share(kinds, ['rollback', 'scope'])).toBeGreaterThan(0.95);
    expect(share(kinds, ['rollback'])).toBeGreaterThan(0.6);
  });

  test('a loss in one slice scopes the promotion away from that slice', () => {
    const named = Array.from({ length: 100 }, (_, seed) => watch({ ...before, easy: 0.6 }, seed))
      .map(({ action }) => action)
      .filter((action) => action.kind === 'scope' && action.slice === 'hardness=easy');

    expect(named.length).toBeGreaterThan(75);
  });
});

test('a loss that the rest shares is never scoped', () => {
  const known = stream({ easy: 1, hard: 1, shareHard: 0.5 }, 100, 1).reduce<Strata>(
    addReferenceOutcome,
    {},
  );

  const state = stream({ easy: 0, hard: 0, shareHard: 0.5 }, 50, 2).reduce(
    addPromotionOutcome,
    emptyPromotionMonitor(known, { ...defaultPromotionMonitorPolicy, threshold: 1e6 }),
  );

  expect(state.action.kind).toBe('rollback');
  expect(state.scopedTo).toBeUndefined();
});

describe('after scoping', () => {
  const scoped = watch({ ...before, easy: 0.4 }, 3, 60);

  test('outcomes of the scoped slice are the previous version’s and say nothing', () => {
    expect(scoped.action).toMatchObject({ kind: 'scope', slice: 'hardness=easy' });
    const failures = Array.from({ length: 50 }, () => ({
      success: 0,
      slices: { hardness: 'easy' },
    }));

    const later = failures.reduce(addPromotionOutcome, scoped);

    expect(later).toEqual({ ...scoped, outcomes: scoped.outcomes + 50 });
  });

  test('a second slice that loses rolls back: nothing is scoped twice', () => {
    const outcomes = (hardness: string, success: number, count: number): readonly LiveOutcome[] =>
      Array.from({ length: count }, () => ({ success, slices: { hardness } }));
    const known = ['easy', 'medium', 'hard']
      .flatMap((hardness) => outcomes(hardness, 1, 50))
      .reduce<Strata>(addReferenceOutcome, {});

    const once = outcomes('easy', 0, 2).reduce(addPromotionOutcome, emptyPromotionMonitor(known));
    const twice = [...outcomes('medium', 1, 300), ...outcomes('hard', 0, 3)].reduce(
      addPromotionOutcome,
      once,
    );

    expect(once.action).toMatchObject({ kind: 'scope', slice: 'hardness=easy' });
    expect(twice.action).toMatchObject({ kind: 'rollback', slice: 'hardness=hard' });
  });

  test('a loss in the rest rolls back, and names it', () => {
    const failures = Array.from({ length: 50 }, () => ({
      success: 0,
      slices: { hardness: 'hard' },
    }));

    const later = failures.reduce(addPromotionOutcome, scoped);

    expect(later.action).toMatchObject({ kind: 'rollback', slice: 'hardness=hard' });
    expect(later.alarms.length).toBeGreaterThan(1);
  });
});

describe('references', () => {
  const failures = (count: number, slices: LiveOutcome['slices'] = {}): readonly LiveOutcome[] =>
    Array.from({ length: count }, () => ({ success: 0, slices }));
  const successes = (count: number, slices: LiveOutcome['slices'] = {}): Strata =>
    Array.from({ length: count }, () => ({ success: 1, slices })).reduce<Strata>(
      addReferenceOutcome,
      {},
    );

  test('the predictive rate learns from outcomes before and since', () => {
    const strata = addStratumOutcome(successes(4), { success: 0, slices: {} });

    expect(predictiveRate(strata, '')).toBeCloseTo(1.5 / 6, 12);
    expect(predictiveRate(strata, 'unknown')).toBe(0.5);
  });

  test('a stratum with four outcomes before is passed over beside others, with five it is not', () => {
    const watched = (own: number): PromotionMonitorState =>
      failures(30, { kind: 'own' }).reduce(
        addPromotionOutcome,
        emptyPromotionMonitor({
          ...successes(own, { kind: 'own' }),
          ...successes(100, { kind: 'other' }),
        }),
      );

    expect(watched(4).tests).toMatchObject([{ name: 'kind=other', slice: { n: 0 } }]);
    expect(watched(5).action).toMatchObject({ kind: 'scope', slice: 'kind=own' });
  });

  test.each([1, 3, 4])('%i outcomes before are a past to fall from', (count) => {
    const state = failures(200).reduce(
      addPromotionOutcome,
      emptyPromotionMonitor(successes(count)),
    );

    expect(state.action.kind).toBe('rollback');
  });

  test('few outcomes before take back at most 2 % of promotions that changed nothing', () => {
    for (const count of [1, 3, 8]) {
      const acted = Array.from({ length: 400 }, (_none, seed) => {
        const random = mulberry32(1_000 * count + seed);
        const outcome = (index: number): LiveOutcome => ({
          success: random() < 0.7 ? 1 : 0,
          slices: { customer: `c${String(index % 4)}` },
        });
        const past = Array.from({ length: count }, (_past, index) => outcome(index));
        const live = Array.from({ length: 200 }, (_live, index) => outcome(index));
        return live.reduce(
          addPromotionOutcome,
          emptyPromotionMonitor(past.reduce<Strata>(addReferenceOutcome, {})),
        ).action.kind;
      }).filter((kind) => kind === 'rollback').length;

      expect(acted).toBeLessThanOrEqual(8);
    }
  });

  test('one stratum alone with five outcomes before is all there is', () => {
    const five = failures(30).reduce(addPromotionOutcome, emptyPromotionMonitor(successes(5)));

    expect(five.action).toMatchObject({ kind: 'rollback' });
    expect(five.action).not.toHaveProperty('slice');
  });

  test('where no stratum has a reference of its own they are taken as one', () => {
    const strata = Array.from({ length: 10 }, (_, i) => ({
      success: 1,
      slices: { customer: `c${i}` },
    })).reduce<Strata>(addReferenceOutcome, {});

    const state = failures(40, { customer: 'new' }).reduce(
      addPromotionOutcome,
      emptyPromotionMonitor(strata),
    );

    expect(state.action).toMatchObject({ kind: 'rollback' });
    expect(state.alarms[0]?.scope).toBe('all');
  });

  test('where live tasks fall into strata without a past alone, the raw mean decides', () => {
    const state = failures(60, { kind: 'new' }).reduce(
      addPromotionOutcome,
      emptyPromotionMonitor(successes(100, { kind: 'known' })),
    );

    expect(state.action).toMatchObject({ kind: 'rollback' });
    expect(state.alarms[0]?.scope).toBe('raw');
  });

  test('without any reference nothing is watched, and the monitor says so', () => {
    const state = failures(100).reduce(addPromotionOutcome, emptyPromotionMonitor({}));

    expect(state.action).toEqual({ kind: 'none' });
    expect(canTellLoss(state)).toBe(false);
    expect(hasTested(state)).toBe(false);
  });

  test.each([0, 1, 4])('a loss cannot be told by %i outcomes before', (before) => {
    expect(canTellLoss(emptyPromotionMonitor(successes(before)))).toBe(false);
  });

  test('whatever can tell a loss tests what comes, in strata known or not', () => {
    for (const slices of [{ kind: 'known' }, { kind: 'new' }]) {
      const watched = emptyPromotionMonitor(successes(5, { kind: 'known' }));
      const state = failures(1, slices).reduce(addPromotionOutcome, watched);

      expect(canTellLoss(watched)).toBe(true);
      expect(hasTested(watched)).toBe(false);
      expect(hasTested(state)).toBe(true);
    }
  });

  test('a rollback stands, whatever comes later', () => {
    const rolledBack = failures(30).reduce(
      addPromotionOutcome,
      emptyPromotionMonitor(successes(20)),
    );

    expect(addPromotionOutcome(rolledBack, { success: 1, slices: {} })).toBe(rolledBack);
  });
});

describe('after probation', () => {
  const survived = watch(before, 5);

  test('the watch goes on from what probation has learned, and stays quiet', () => {
    const later = stream(before, 300, 77).reduce(addStandingOutcome, standingWatch(survived));

    expect(survived.action).toEqual({ kind: 'none' });
    expect(standingAction(later)).toEqual({ kind: 'none' });
  });

  test('a stratum that nothing was known of before is watched against what it did since', () => {
    const unknown = { customer: 'new' };
    const outcomes = (success: number, count: number): readonly LiveOutcome[] =>
      Array.from({ length: count }, () => ({ success, slices: unknown }));
    const quiet = outcomes(1, 100).reduce(addStandingOutcome, standingWatch(survived));

    const fallen = outcomes(0, 30).reduce(addStandingOutcome, quiet);

    expect(standingAction(quiet)).toEqual({ kind: 'none' });
    expect(standingAction(fallen).kind).not.toBe('none');
  });

  test('an alarm that was looked into is no alarm any more, and what was learned of the strata stays', () => {
    const fallen = stream({ ...before, easy: 0.3 }, 200, 5).reduce(
      addStandingOutcome,
      standingWatch(survived),
    );

    const anew = standingAnew(fallen);

    expect(standingAction(fallen).kind).not.toBe('none');
    expect(standingAction(anew)).toEqual({ kind: 'none' });
    expect(anew.strata).toEqual(fallen.strata);
  });

  test('a slice alarms at S times the threshold of the whole', () => {
    const { detectors } = standingWatch(survived);

    expect(detectors.map(({ name, threshold }) => [name ?? 'all', threshold])).toEqual([
      ['all', 2000],
      ['hardness=easy', 4000],
      ['hardness=hard', 4000],
    ]);
  });

  test('a loss months later is diagnosed first, unless it is severe', () => {
    const outcomes = stream({ ...before, easy: 0.3, hard: 0.1 }, 200, 78);
    let state = standingWatch(survived);
    const seen: string[] = [];
    for (const outcome of outcomes) {
      state = addStandingOutcome(state, outcome);
      seen.push(standingAction(state).kind);
    }

    expect(seen.indexOf('diagnose')).toBeGreaterThan(0);
    expect(seen.indexOf('rollback')).toBeGreaterThan(seen.indexOf('diagnose'));
  });

  test('a loss is severe at 20 times the threshold against the past and against what would come back', () => {
    const stream = (failures: number): StandingWatch =>
      Array.from({ length: 100 }, (_, i) => ({
        success: i % 10 < failures ? 0 : 1,
        slices: {},
      })).reduce(
        addStandingOutcome,
        standingWatch(
          emptyPromotionMonitor(referenceStrata([{ slices: {}, n: 300, failures: 180 }])),
        ),
      );
    const crossed = ({ detectors }: StandingWatch) =>
      detectors
        .slice(0, 1)
        .map(({ detector, againstPrevious }) =>
          [detector, againstPrevious].map((of) => detectorValue(of) >= 40_000),
        )[0];
    // Three times in five before, hardly ever since, and then as before: nothing to gain by going back.
    const since = Array.from({ length: 3000 }, () => ({ success: 1, slices: {} }));
    const gained = since.reduce(addStandingOutcome, stream(0));
    const lost = Array.from({ length: 60 }, (_, i) => ({ success: i % 2, slices: {} }));

    const asBefore = lost.reduce(addStandingOutcome, gained);
    const worse = stream(10);

    expect(crossed(asBefore)).toEqual([true, false]);
    expect(standingAction(asBefore).kind).toBe('diagnose');
    expect(crossed(worse)).toEqual([true, true]);
    expect(standingAction(worse)).toMatchObject({
      kind: 'rollback',
      evidence: { threshold: Math.log(40_000) },
    });
  });

  test('a stratum that nobody knew before is passed over until five of its outcomes are known', () => {
    const state = standingWatch(survived);
    const odd = { success: 0, slices: { hardness: 'odd' } };
    const five = Array.from({ length: 5 }, () => odd).reduce(addStandingOutcome, state);

    expect(five.detectors).toEqual(state.detectors);
    expect(addStandingOutcome(five, odd).detectors).not.toEqual(state.detectors);
  });
});

describe('the summary', () => {
  test('names action, outcome, slice and cause', () => {
    const state = watch({ ...before, easy: 0.4 }, 3, 60);

    const summary = summarizePromotion(state);

    expect(summary).toMatchObject({
      action: 'scope',
      slice: 'hardness=easy',
      diagnosis: 'regression',
    });
    expect(summary.at).toBe(summary.alarms[0]?.at);
  });

  test('is empty where nothing happened', () => {
    expect(summarizePromotion(watch(before, 5))).toEqual({
      alarms: [],
      action: 'none',
      at: null,
      slice: null,
      diagnosis: null,
    });
  });

  test('calls a harder mix drift, and a fallen mean without strata unresolved', () => {
    const mix = watch({ ...before, shareHard: 0.95 }, 4);
    const unknown = Array.from({ length: 10 }, (_, i) => ({
      success: 1,
      slices: { customer: `c${i}` },
    })).reduce<Strata>(addReferenceOutcome, {});
    const fallen = Array.from({ length: 40 }, () => ({ success: 0, slices: {} })).reduce(
      addPromotionOutcome,
      emptyPromotionMonitor(unknown),
    );

    expect(summarizePromotion(mix)).toMatchObject({ action: 'drift', diagnosis: 'drift' });
    expect(summarizePromotion(fallen)).toMatchObject({
      action: 'rollback',
      slice: null,
      diagnosis: 'unresolved',
    });
  });
});

test('the state survives as JSON', () => {
  const state = watch({ ...before, easy: 0.6 }, 1);

  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
