import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  defaultLedgerPolicy,
  emptyLedger,
  nextAlpha,
  openEpochIfDue,
  reserve,
  settle,
  withdraw,
} from '../../../src/domain/gate/ledger.js';
import type { ErrorLedger } from '../../../src/domain/gate/ledger.js';

const DAY_MS = 24 * 3_600_000;

const tried = (
  ledger: ErrorLedger,
  decisions: readonly boolean[],
): readonly [ErrorLedger, number[]] => {
  const alphas: number[] = [];
  const end = decisions.reduce((state, promoted, j) => {
    const reserved = reserve(state, `c${String(j)}`);
    alphas.push(reserved.alpha);
    return settle(reserved.ledger, `c${String(j)}`, promoted);
  }, ledger);
  return [end, alphas];
};

describe('e-LORD', () => {
  test('B1: gives the printed levels for decisions 0,0,1,0,1,1,0,0', () => {
    const decisions = [false, false, true, false, true, true, false, false];

    const [ledger, alphas] = tried(emptyLedger(0), decisions);

    [
      0.005, 0.00475, 0.0045125, 0.00857375, 0.008145062, 0.011606714, 0.014701838, 0.013966746,
    ].forEach((expected, j) => {
      expect(alphas[j]).toBeCloseTo(expected, 9);
    });
    expect(ledger.spent).toBeCloseTo(0.033657957, 9);
  });

  test('never spends more than A nor gives more than the cap, for any decisions', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), (decisions) => {
        const [ledger, alphas] = tried(emptyLedger(0), decisions);

        expect(ledger.spent).toBeLessThanOrEqual(defaultLedgerPolicy.falseDiscoveryRate);
        expect(Math.max(0, ...alphas)).toBeLessThanOrEqual(defaultLedgerPolicy.cap);
        expect(alphas.every((alpha) => alpha > 0)).toBe(true);
      }),
    );
  });

  test('B5: the sum of alpha_j / (R_j + 1) stays within A for any decision string', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), (decisions) => {
        const [, alphas] = tried(emptyLedger(0), decisions);

        const promotedBefore = (j: number): number => decisions.slice(0, j).filter(Boolean).length;
        const sum = alphas.reduce((total, alpha, j) => total + alpha / (promotedBefore(j) + 1), 0);
        expect(sum).toBeLessThanOrEqual(0.1);
      }),
    );
  });

  test('never overspends when candidates overlap, are settled late and rolled back', () => {
    const event = fc.tuple(
      fc.constantFrom('reserve', 'promote', 'drop', 'withdraw'),
      fc.integer({ min: 0, max: 40 }),
    );

    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), (events) => {
        const end = events.reduce((ledger, [kind, number]) => {
          const id = `c${String(number)}`;
          if (kind === 'reserve') return reserve(ledger, id).ledger;
          if (kind === 'withdraw') return withdraw(ledger, id);
          return settle(ledger, id, kind === 'promote');
        }, emptyLedger(0));

        const standing = Object.values(end.reservations).filter(
          ({ state }) => state === 'promoted',
        );
        expect(end.spent).toBeLessThanOrEqual(defaultLedgerPolicy.falseDiscoveryRate);
        expect(end.discoveries).toBe(standing.length);
      }),
    );
  });

  test('reserves a candidate once, however often it asks', () => {
    const once = reserve(emptyLedger(0), 'c1');

    const twice = reserve(once.ledger, 'c1');

    expect(twice).toEqual(once);
  });

  test('answers the next level without spending anything', () => {
    const ledger = emptyLedger(0);

    expect(nextAlpha(ledger)).toBe(reserve(ledger, 'c1').alpha);
    expect(ledger.spent).toBe(0);
  });

  test('settles a candidate once; a later answer changes nothing', () => {
    const promoted = settle(reserve(emptyLedger(0), 'c1').ledger, 'c1', true);

    expect(settle(promoted, 'c1', false)).toEqual(promoted);
    expect(settle(promoted, 'c1', true)).toEqual(promoted);
    expect(promoted.discoveries).toBe(1);
  });

  test('knows no candidate it never reserved', () => {
    const ledger = emptyLedger(0);

    expect(settle(ledger, 'stranger', true)).toBe(ledger);
    expect(withdraw(ledger, 'constructor')).toBe(ledger);
  });

  test('is stricter after a promotion was rolled back', () => {
    const promoted = settle(reserve(emptyLedger(0), 'c1').ledger, 'c1', true);

    const withdrawn = withdraw(promoted, 'c1');

    expect(withdrawn.discoveries).toBe(0);
    expect(nextAlpha(withdrawn)).toBeLessThan(nextAlpha(promoted));
    expect(withdraw(withdrawn, 'c1')).toEqual(withdrawn);
  });
});

describe('epochs', () => {
  const sixty = tried(
    emptyLedger(0),
    Array.from({ length: 60 }, () => false),
  )[0];

  test.each([
    ['60 candidates but 89 days', sixty, 89],
    ['90 days but 59 candidates', { ...sixty, candidates: 59 }, 90],
  ])('an epoch goes on after %s', (_, ledger, days) => {
    expect(openEpochIfDue(ledger, days * DAY_MS)).toBe(ledger);
  });

  test('a new epoch starts with the whole of A after 60 candidates and 90 days', () => {
    const next = openEpochIfDue(sixty, 90 * DAY_MS);

    expect(next).toMatchObject({ epoch: 2, spent: 0, discoveries: 0, candidates: 0 });
    expect(nextAlpha(next)).toBeCloseTo(0.005, 12);
  });

  test('a candidate open over the turn keeps its level, and is no discovery of the new epoch', () => {
    const { ledger, alpha } = reserve({ ...sixty, candidates: 60 }, 'late');

    const next = openEpochIfDue(ledger, 90 * DAY_MS);
    const settled = settle(next, 'late', true);

    expect(reserve(next, 'late').alpha).toBe(alpha);
    expect(settled.discoveries).toBe(0);
    expect(withdraw(settled, 'late').discoveries).toBe(0);
  });
});

test('single mode tests every candidate at the cap', () => {
  const ledger = emptyLedger(0, { ...defaultLedgerPolicy, mode: 'single' });

  const [, alphas] = tried(ledger, [false, true, false]);

  expect(alphas).toEqual([0.05, 0.05, 0.05]);
});
