import { describe, expect, test, vi } from 'vitest';

import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import type { GatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { addPair, concludeGate, emptyGate } from '../../../src/domain/gate/gate.js';
import type { GateDecision } from '../../../src/domain/gate/gate.js';
import { emptyCanary, addCanaryOutcome } from '../../../src/domain/gate/canary.js';
import { defaultLedgerPolicy } from '../../../src/domain/gate/ledger.js';
import type { LedgerPolicy } from '../../../src/domain/gate/ledger.js';
import { pairOutcome } from '../../../src/domain/gate/pair.js';
import type { PairOutcome } from '../../../src/domain/gate/pair.js';
import {
  addPromotionOutcome,
  defaultPromotionMonitorPolicy,
  emptyPromotionMonitor,
} from '../../../src/domain/gate/promotion-monitor.js';
import type { PromotionMonitorPolicy } from '../../../src/domain/gate/promotion-monitor.js';
import { drawDifference, runLife, runSlicedGate } from '../../../src/domain/gate/simulation.js';
import type { Draw } from '../../../src/domain/gate/simulation.js';
import { addReferenceOutcome } from '../../../src/domain/gate/strata.js';
import type { Strata } from '../../../src/domain/gate/strata.js';
import { firstShown } from '../../../src/domain/judging.js';
import { mulberry32 } from '../../../src/domain/random.js';
import { aPair, observed } from './pairs.js';

// Seconds of computing, which a busy machine may stretch.
vi.setConfig({ testTimeout: 180_000 });

/** A level that no evidence reaches, and one that any evidence does. */
const NEVER = 1e-300;
const ALWAYS = Number.MAX_VALUE;

const mean = (runs: number, seed: number, run: (draw: Draw) => number): number => {
  const draw = mulberry32(seed);
  return Array.from({ length: runs }, () => run(draw)).reduce((a, b) => a + b, 0) / runs;
};

/** One gate over outcomes that `next` draws; slices and categories where it says so. */
const decided = (
  draw: Draw,
  policy: GatePolicy,
  next: (draw: Draw) => PairOutcome,
  categories: (difference: number) => {
    baselineCategory?: string;
    candidateCategory?: string;
  } = () => ({}),
): GateDecision => {
  let state = emptyGate(policy);
  for (let index = 0; state.decision === undefined && index < 400; index += 1) {
    const outcome = next(draw);
    const difference = outcome.kind === 'void' ? 0 : outcome.candidate - outcome.baseline;
    state = addPair(state, aPair({ index, outcome, ...categories(difference) }));
  }
  return concludeGate(state);
};

const NULL = { p: 0.5, d: 0, rho: 0.5 };
const paired = (d: number) => (draw: Draw) => observed(drawDifference(draw, { ...NULL, d }));
const passes = ({ verdict }: GateDecision): number => (verdict === 'pass' ? 1 : 0);

/** Four slices of 40, 30, 20 and 10 %, all at +20 points but the smallest, which loses as many. */
const hidingALoss = (policy: GatePolicy) => (draw: Draw) => {
  const slices = [0.4, 0.3, 0.2, 0.1].map((share) => ({
    share,
    model: { ...NULL, d: share === 0.1 ? -0.2 : 0.2 },
  }));
  return runSlicedGate(draw, slices, policy);
};

const falseShare = (policy: LedgerPolicy) => (draw: Draw) => {
  const life = runLife(draw, { candidates: 60, shareGood: 0, effect: 0.15, policy });
  return life.falsePromotions > 0 ? 1 : 0;
};

/** A failure of the candidate goes missing with chance .3, and with it the pair. */
const losingFailures = (draw: Draw): PairOutcome => {
  const difference = drawDifference(draw, NULL);
  const isFailure = difference < 0 || (difference === 0 && draw() < 0.5);
  return isFailure && draw() < 0.3
    ? { kind: 'void', missing: ['candidate'] }
    : observed(difference);
};

const crashing = (difference: number) =>
  difference > 0
    ? { baselineCategory: 'wrong', candidateCategory: 'ok' }
    : { baselineCategory: 'wrong', candidateCategory: 'data-loss' };

/** Whether a promotion is acted upon, with success by hardness before and after, and the share of hard tasks. */
const acted =
  (
    after: { readonly easy: number; readonly hard: number; readonly shareHard: number },
    policy: PromotionMonitorPolicy = defaultPromotionMonitorPolicy,
    hasSlices = true,
  ) =>
  (draw: Draw): 'none' | 'drift' | 'scope' | 'rollback' => {
    const outcome = (rates: typeof after) => {
      const hardness = draw() < rates.shareHard ? 'hard' : 'easy';
      const success = draw() < rates[hardness] ? 1 : 0;
      return { success, slices: hasSlices ? { hardness } : {} };
    };
    let strata: Strata = {};
    for (let t = 0; t < 200; t += 1) {
      strata = addReferenceOutcome(strata, outcome({ easy: 0.9, hard: 0.4, shareHard: 0.3 }));
    }
    let state = emptyPromotionMonitor(strata, policy);
    for (let t = 0; t < 200; t += 1) {
      state = addPromotionOutcome(state, outcome(after));
      // What comes first: a slice that is scoped may yet be followed by a rollback of the rest.
      if (isBlamed(state.action.kind) === 1) break;
    }
    return state.action.kind;
  };
const isBlamed = (kind: string): number => (kind === 'rollback' || kind === 'scope' ? 1 : 0);

const UNCHANGED = { easy: 0.9, hard: 0.4, shareHard: 0.3 };
const TURNED_HARD = { ...UNCHANGED, shareHard: 0.9 };

/** Half of all pairs are void at random, in both arms alike; the candidate is better by 15 points. */
const halfVoid = (draw: Draw): PairOutcome =>
  draw() < 0.5 ? { kind: 'void', missing: ['baseline', 'candidate'] } : paired(0.15)(draw);

/** The level alone stands: what the rule for missing outcomes does is seen without the guard on them. */
const UNGUARDED = gatePolicy({ futilityLevel: NEVER, missingLevel: NEVER });

/** A fifth of the candidate's failures are crashes, classified by one rule or the other. */
const crashingIn =
  (missing: 'arm' | 'infrastructure') =>
  (draw: Draw): PairOutcome => {
    const difference = drawDifference(draw, NULL);
    const candidate = difference > 0 || (difference === 0 && draw() < 0.5) ? 1 : 0;
    if (candidate === 1 || draw() >= 0.2) return observed(difference);
    return pairOutcome({ baseline: candidate - difference, candidate: null, missing });
  };

/** Of two outputs that are alike the judge calls the one shown first better, in one pair of five. */
const placed =
  (isCandidateFirst: (run: string) => boolean) =>
  (draw: Draw): PairOutcome => {
    const difference = drawDifference(draw, NULL);
    const isFirst = isCandidateFirst(String(draw()));
    if (difference !== 0 || draw() >= 0.2) return observed(difference);
    return observed(isFirst ? 1 : -1);
  };

describe('switched off, a guard breaks the bar that it holds:', () => {
  test.each<{
    readonly guard: string;
    readonly bar: number;
    readonly on: () => number;
    readonly off: () => number;
  }>([
    {
      guard: 'the level: a candidate that changes nothing passes in 5 % at most',
      bar: 0.05,
      on: () =>
        mean(400, 1, (draw) =>
          passes(decided(draw, gatePolicy({ futilityLevel: NEVER }), paired(0))),
        ),
      off: () =>
        mean(100, 1, (draw) =>
          passes(decided(draw, gatePolicy({ alpha: 0.5, futilityLevel: NEVER }), paired(0))),
        ),
    },
    {
      guard: 'futility: a candidate that changes nothing takes 200 pairs at most',
      bar: 200,
      on: () => mean(60, 2, (draw) => pairsTaken(draw, gatePolicy())),
      off: () => mean(60, 2, (draw) => pairsTaken(draw, gatePolicy({ futilityLevel: NEVER }))),
    },
    {
      guard: 'least pairs: nothing passes before the twentieth',
      bar: 0,
      on: () => mean(50, 3, (draw) => passes(decidedWithin(draw, gatePolicy()))),
      off: () => mean(50, 3, (draw) => passes(decidedWithin(draw, gatePolicy({ minPairs: 1 })))),
    },
    {
      guard: 'non-inferiority: a loss of 20 points hidden in a tenth passes in 3 % at most',
      bar: 0.03,
      on: () => mean(150, 4, (draw) => passes(hidingALoss(gatePolicy())(draw).decision)),
      off: () =>
        mean(60, 4, (draw) =>
          passes(hidingALoss(gatePolicy({ sliceLevel: ALWAYS }))(draw).decision),
        ),
    },
    {
      guard: 'the cap of the top-up: a slice that cannot be shown takes no more than its share',
      bar: 400,
      on: () => mean(30, 5, (draw) => hidingALoss(gatePolicy({ minHarmPairs: 1e6 }))(draw).pairs),
      off: () =>
        mean(
          30,
          5,
          (draw) => hidingALoss(gatePolicy({ minHarmPairs: 1e6, sliceCap: 2000 }))(draw).pairs,
        ),
    },
    {
      guard: 'the harm guard: three of ten hidden losses are not named at most',
      bar: 0.3,
      on: () => mean(80, 6, (draw) => unnamed(hidingALoss(gatePolicy())(draw).decision)),
      off: () =>
        mean(80, 6, (draw) =>
          unnamed(hidingALoss(gatePolicy({ harmLevel: NEVER }))(draw).decision),
        ),
    },
    {
      guard: 'the margin of a judge: a bias of 5 points passes in 6 % at most',
      bar: 0.06,
      on: () =>
        mean(150, 7, (draw) =>
          passes(decided(draw, gatePolicy({ m0: 0.05, futilityLevel: NEVER }), paired(0.05))),
        ),
      off: () =>
        mean(150, 7, (draw) =>
          passes(decided(draw, gatePolicy({ futilityLevel: NEVER }), paired(0.05))),
        ),
    },
    {
      guard: 'missingness: a candidate that loses its failures passes in 5 % at most',
      bar: 0.05,
      on: () =>
        mean(150, 8, (draw) =>
          passes(decided(draw, gatePolicy({ futilityLevel: NEVER }), losingFailures)),
        ),
      off: () =>
        mean(150, 8, (draw) =>
          passes(
            decided(
              draw,
              gatePolicy({ futilityLevel: NEVER, missingLevel: NEVER }),
              losingFailures,
            ),
          ),
        ),
    },
    {
      guard: 'critical failures: what gains 30 points and loses data never passes',
      bar: 0,
      on: () =>
        mean(40, 9, (draw) =>
          passes(
            decided(draw, gatePolicy({ criticalCategories: ['data-loss'] }), paired(0.3), crashing),
          ),
        ),
      off: () => mean(40, 9, (draw) => passes(decided(draw, gatePolicy(), paired(0.3), crashing))),
    },
    {
      guard: 'the error ledger: of sixty useless candidates one passes in a tenth of lives at most',
      bar: 0.1,
      on: () => mean(60, 10, falseShare(defaultLedgerPolicy)),
      off: () => mean(30, 10, falseShare({ ...defaultLedgerPolicy, mode: 'single' })),
    },
    {
      guard: 'the threshold of the monitor: an innocent promotion is blamed in 5 % at most',
      bar: 0.05,
      on: () => mean(150, 11, (draw) => isBlamed(acted(UNCHANGED)(draw))),
      off: () =>
        mean(150, 11, (draw) =>
          isBlamed(acted(UNCHANGED, { ...defaultPromotionMonitorPolicy, threshold: 2 })(draw)),
        ),
    },
    {
      guard: 'strata: a promotion is blamed for a harder mix in 5 % at most',
      bar: 0.05,
      on: () => mean(150, 12, (draw) => isBlamed(acted(TURNED_HARD)(draw))),
      off: () =>
        mean(60, 12, (draw) =>
          isBlamed(acted(TURNED_HARD, defaultPromotionMonitorPolicy, false)(draw)),
        ),
    },
    {
      guard:
        'the rest of the traffic: a loss everywhere is first taken for that of a slice in four of five at most',
      bar: 0.8,
      on: () =>
        mean(60, 13, (draw) =>
          acted({ ...UNCHANGED, easy: 0.5, hard: 0.05 })(draw) === 'scope' ? 1 : 0,
        ),
      off: () =>
        mean(60, 13, (draw) =>
          Number(
            acted(
              { ...UNCHANGED, easy: 0.5, hard: 0.05 },
              { ...defaultPromotionMonitorPolicy, restThreshold: 1e300 },
            )(draw) === 'scope',
          ),
        ),
    },
    {
      guard: 'the power check: what cannot be shown in thirty pairs takes none',
      bar: 0,
      on: () =>
        mean(20, 15, (draw) => pairsTaken(draw, gatePolicy({ maxPairs: 30, discordance: 0.3 }))),
      off: () => mean(20, 15, (draw) => pairsTaken(draw, gatePolicy({ maxPairs: 30 }))),
    },
    {
      guard: 'void pairs: a gate that loses half of its pairs passes in 5 % at most',
      bar: 0.05,
      on: () => mean(60, 16, (draw) => passes(decided(draw, gatePolicy(), halfVoid))),
      off: () =>
        mean(60, 16, (draw) => passes(decided(draw, gatePolicy({ voidShare: 0.99 }), halfVoid))),
    },
    {
      guard:
        'intention to treat: a candidate that crashes in a fifth of its failures passes in 6 %',
      bar: 0.06,
      on: () => mean(400, 17, (draw) => passes(decided(draw, UNGUARDED, crashingIn('arm')))),
      off: () =>
        mean(400, 17, (draw) => passes(decided(draw, UNGUARDED, crashingIn('infrastructure')))),
    },
    {
      guard:
        'the order of outputs: a judge that favours the first passes a useless candidate in 6 %',
      bar: 0.06,
      on: () =>
        mean(200, 18, (draw) =>
          passes(
            decided(
              draw,
              gatePolicy({ futilityLevel: NEVER }),
              placed((run) => firstShown(run, 0) === 'candidate'),
            ),
          ),
        ),
      off: () =>
        mean(60, 18, (draw) =>
          passes(
            decided(
              draw,
              gatePolicy({ futilityLevel: NEVER }),
              placed(() => true),
            ),
          ),
        ),
    },
    {
      guard: 'controls beside the canary: a bad hour for everybody is no alarm in 5 % at most',
      bar: 0.05,
      on: () => mean(100, 14, (draw) => badHour(draw, 0.4)),
      off: () => mean(100, 14, (draw) => badHour(draw, 0.8)),
    },
  ])('$guard', ({ bar, on, off }) => {
    expect(on()).toBeLessThanOrEqual(bar);
    expect(off()).toBeGreaterThan(bar);
  });
});

function pairsTaken(draw: Draw, policy: GatePolicy): number {
  let state = emptyGate(policy);
  while (state.decision === undefined) {
    state = addPair(state, aPair({ index: state.nextIndex, outcome: paired(0)(draw) }));
  }
  return state.committed;
}

/** A candidate that wins every pair, of which there are nineteen. */
function decidedWithin(draw: Draw, policy: GatePolicy): GateDecision {
  const lucky = Array.from({ length: 19 }, (_, index) =>
    aPair({ index, outcome: observed(draw() < 0.9 ? 1 : 0) }),
  );
  return concludeGate(lucky.reduce(addPair, emptyGate(policy)));
}

/** Whether a gate that hid a loss ended without naming the slice as harmed. */
function unnamed(decision: GateDecision): number {
  return decision.reason === 'slice-regression' && decision.slice === 'slice=3' ? 0 : 1;
}

/** Success falls from .8 to .4 for the canary; `controls` is what the controls beside it do. */
function badHour(draw: Draw, controls: number): number {
  let state = emptyCanary([]);
  for (let task = 0; task < 600 && state.alarm === undefined; task += 1) {
    const arm = task % 4 === 0 ? 'canary' : 'control';
    const success = draw() < (arm === 'canary' ? 0.4 : controls) ? 1 : 0;
    state = addCanaryOutcome(state, { arm, success, slices: {} });
  }
  return state.alarm === undefined ? 0 : 1;
}
