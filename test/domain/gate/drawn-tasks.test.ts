import fc from 'fast-check';
import { expect, test } from 'vitest';

import { takeNext, type DrawnTasks } from '../../../src/domain/gate/drawn-tasks.js';
import { emptyGate, type GateState } from '../../../src/domain/gate/gate.js';
import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { MIN_PINNED_CASES, PINNED_SLICE } from '../../../src/domain/gate/slices.js';

interface Case {
  readonly id: number;
  readonly slices: Readonly<Record<string, string>>;
}

const policy = gatePolicy({ alpha: 0.05, maxPairs: 200 });
const plan = { keys: ['area'], gated: ['area=stock', 'area=sales'], hasOther: false };

const aCase = (id: number, area: string): Case => ({ id, slices: { area } });
const drawnOf = (queue: readonly Case[], pinned: readonly Case[] = []): DrawnTasks<Case> => ({
  queue,
  pinned,
  nextIndex: 0,
});

/** A gate whose effect is shown and whose slices wait for what they need. */
function toppingUp(of: Partial<GateState> = {}): GateState {
  return { ...emptyGate(policy, plan), phase: 'slices', ...of };
}

test('while the effect is open every task is worth a pair, in the order drawn', () => {
  const { taken, left } = takeNext(
    drawnOf([aCase(1, 'staff'), aCase(2, 'stock')]),
    emptyGate(policy, plan),
  );

  expect(taken).toEqual({ drawn: aCase(1, 'staff'), index: 0, topUpFor: null });
  expect(left).toEqual({ queue: [aCase(2, 'stock')], pinned: [], nextIndex: 1 });
});

test('a task of no open slice is passed over for good and keeps its number', () => {
  const queue = [aCase(1, 'staff'), aCase(2, 'staff'), aCase(3, 'stock'), aCase(4, 'sales')];

  const { taken, left } = takeNext(drawnOf(queue), toppingUp());

  expect(taken).toEqual({ drawn: aCase(3, 'stock'), index: 2, topUpFor: null });
  expect(left).toEqual({ queue: [aCase(4, 'sales')], pinned: [], nextIndex: 3 });
});

test('where nothing in the queue is of an open slice, all of it is passed over', () => {
  const { taken, left } = takeNext(drawnOf([aCase(1, 'staff'), aCase(2, 'staff')]), toppingUp());

  expect(taken).toBeUndefined();
  expect(left).toEqual({ queue: [], pinned: [], nextIndex: 2 });
});

test('pinned cases come first while the gate waits for them, and count for the pinned set alone', () => {
  const drawn = drawnOf([aCase(2, 'stock')], [aCase(1, 'staff')]);

  const waiting = takeNext(drawn, toppingUp({ pinnedLeft: 1 }));
  const notWaiting = takeNext(drawn, emptyGate(policy, plan));

  expect(waiting.taken).toEqual({ drawn: aCase(1, 'staff'), index: 0, topUpFor: PINNED_SLICE });
  expect(waiting.left).toEqual({ queue: [aCase(2, 'stock')], pinned: [], nextIndex: 1 });
  expect(notWaiting.taken?.drawn).toEqual(aCase(2, 'stock'));
});

test('of a set large enough to be gated, cases are run until the slice is decided', () => {
  const gated = { ...plan, gated: [PINNED_SLICE] };
  const gate = { ...emptyGate(policy, gated), phase: 'slices' as const };
  const pinned = Array.from({ length: MIN_PINNED_CASES }, (_, id) => aCase(id, 'staff'));

  expect(takeNext(drawnOf([], pinned), gate).taken).toMatchObject({ topUpFor: PINNED_SLICE });
});

test('without a gate nothing is passed over', () => {
  const areas = fc.array(fc.constantFrom('stock', 'sales', 'staff'), { maxLength: 20 });
  fc.assert(
    fc.property(areas, (drawn) => {
      const queue = drawn.map((area, id) => aCase(id, area));
      let left = drawnOf(queue);
      const seen: number[] = [];
      for (;;) {
        const next = takeNext(left, null);
        ({ left } = next);
        if (next.taken === undefined) break;
        expect(next.taken.index).toBe(seen.length);
        seen.push(next.taken.drawn.id);
      }
      expect(seen).toEqual(queue.map(({ id }) => id));
    }),
  );
});

test('no task is taken twice, and numbers only grow', () => {
  const areas = fc.array(fc.constantFrom('stock', 'sales', 'staff'), { maxLength: 20 });
  fc.assert(
    fc.property(areas, areas, fc.nat(3), (drawn, kept, pinnedLeft) => {
      const gate = toppingUp({ pinnedLeft });
      let left = drawnOf(
        drawn.map((area, id) => aCase(id, area)),
        kept.map((area, id) => aCase(1000 + id, area)),
      );
      const taken: { readonly id: number; readonly index: number }[] = [];
      for (;;) {
        const next = takeNext(left, gate);
        ({ left } = next);
        if (next.taken === undefined) break;
        taken.push({ id: next.taken.drawn.id, index: next.taken.index });
      }
      expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length);
      const indexes = taken.map(({ index }) => index);
      expect(indexes).toEqual([...new Set(indexes)].sort((a, b) => a - b));
    }),
  );
});
