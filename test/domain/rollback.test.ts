import { expect, test } from 'vitest';

import { candidateId } from '../../src/contracts/ids.js';
import { planRetreat, type StandingPromotion } from '../../src/domain/rollback.js';

function aChain(...states: readonly StandingPromotion['state'][]): readonly StandingPromotion[] {
  return states.map((state, index) => ({ id: candidateId(`c${String(index)}`), state }));
}

function retreatOf(chain: readonly StandingPromotion[], from: number) {
  const retreat = planRetreat(chain, candidateId(`c${String(from)}`));
  return (
    retreat && {
      undone: retreat.undone.map(({ id }) => id),
      quarantined: retreat.quarantined.id,
      again: retreat.again.map(({ id }) => id),
    }
  );
}

test('takes back one promotion on probation and nothing below it', () => {
  expect(retreatOf(aChain('probation', 'promoted', 'promoted'), 0)).toEqual({
    undone: ['c0'],
    quarantined: 'c0',
    again: [],
  });
});

test.each([0, 1, 2])(
  'of three probations, whichever alarms, the newest is quarantined and the others go back (%i)',
  (alarmed) => {
    expect(retreatOf(aChain('probation', 'probation', 'probation', 'promoted'), alarmed)).toEqual({
      undone: ['c0', 'c1', 'c2'],
      quarantined: 'c0',
      again: ['c1', 'c2'],
    });
  },
);

test('what was found to do harm after its own probation is itself quarantined', () => {
  expect(retreatOf(aChain('probation', 'promoted', 'promoted'), 1)).toEqual({
    undone: ['c0', 'c1'],
    quarantined: 'c1',
    again: ['c0'],
  });
});

test('goes below a promotion that survived to one that is still on probation', () => {
  expect(retreatOf(aChain('promoted', 'probation', 'promoted'), 0)).toEqual({
    undone: ['c0', 'c1'],
    quarantined: 'c0',
    again: ['c1'],
  });
});

test('plans nothing for a candidate that does not serve', () => {
  expect(retreatOf(aChain('promoted'), 7)).toBeUndefined();
});
