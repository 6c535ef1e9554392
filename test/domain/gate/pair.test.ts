import { describe, expect, test } from 'vitest';

import { emptyPairOrder, resolvePair } from '../../../src/domain/gate/pair-order.js';
import { pairOutcome } from '../../../src/domain/gate/pair.js';
import { aPair } from './pairs.js';

describe('outcomes that went missing', () => {
  test('count as 0 where the arm failed to give one', () => {
    expect(pairOutcome({ baseline: 1, candidate: null, missing: 'arm' })).toEqual({
      kind: 'observed',
      baseline: 1,
      candidate: 0,
      missing: ['candidate'],
    });
  });

  test('void the pair where the infrastructure failed', () => {
    expect(pairOutcome({ baseline: null, candidate: 1, missing: 'infrastructure' })).toEqual({
      kind: 'void',
      missing: ['baseline'],
    });
  });

  test('void the pair where nobody says why', () => {
    expect(pairOutcome({ baseline: null, candidate: null }).kind).toBe('void');
  });

  test('are none in a complete pair', () => {
    expect(pairOutcome({ baseline: 0.5, candidate: 1 })).toEqual({
      kind: 'observed',
      baseline: 0.5,
      candidate: 1,
      missing: [],
    });
  });
});

describe('pairs that finish out of order', () => {
  test('wait until every earlier one has finished', () => {
    const second = resolvePair(emptyPairOrder(), aPair({ index: 1 }));
    const first = resolvePair(second.order, aPair({ index: 0 }));

    expect(second.ready).toEqual([]);
    expect(first.ready.map(({ index }) => index)).toEqual([0, 1]);
    expect(first.order).toEqual({ next: 2, waiting: {} });
  });

  test('count once, however often they are delivered', () => {
    const waiting = resolvePair(emptyPairOrder(), aPair({ index: 1, task: 'first' }));

    const again = resolvePair(waiting.order, aPair({ index: 1, task: 'second' }));
    const done = resolvePair(again.order, aPair({ index: 0 }));
    const late = resolvePair(done.order, aPair({ index: 0 }));

    expect(done.ready.map(({ task }) => task)).toEqual(['t0', 'first']);
    expect(late).toEqual({ order: done.order, ready: [] });
  });
});
