import { describe, expect, test } from 'vitest';

import { addFailure, detectorValue, emptyDetector } from '../../../src/domain/gate/detector.js';
import type { DetectorKind } from '../../../src/domain/gate/detector.js';
import {
  addLiveOutcome,
  addToReference,
  defaultMonitorPolicy,
  emptyMonitor,
  emptyReference,
  monitorAction,
} from '../../../src/domain/gate/monitor.js';
import type { FailureReference, MonitorState } from '../../../src/domain/gate/monitor.js';
import { mulberry32 } from '../../../src/domain/random.js';

const printed = [0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1];

const path = (kind: DetectorKind, failures: readonly number[], f0: number): readonly number[] => {
  let detector = emptyDetector(kind);
  return failures.map((x) => {
    detector = addFailure(detector, x, f0);
    return detectorValue(detector);
  });
};

describe('B1: published vectors', () => {
  const vectors: readonly [DetectorKind, readonly number[]][] = [
    ['shiryaev-roberts', [2.231628, 6.674588, 61.039323, 5415.25001]],
    ['cusum', [0.601612, 2.061667, 19.6853, 2480.418988]],
  ];

  test.each(vectors)('%s at t = 5, 10, 15, 20', (kind, expected) => {
    const values = path(kind, printed, 0.3);

    expected.forEach((value, i) => {
      expect(Math.abs((values[5 * i + 4] ?? 0) / value - 1)).toBeLessThan(1e-6);
    });
  });

  test('a stream that turns worse after 200 tasks alarms at 281', () => {
    const random = mulberry32(777);
    const failures = Array.from({ length: 400 }, (_, i) =>
      random() < (i < 200 ? 0.3 : 0.5) ? 1 : 0,
    );

    const values = path('shiryaev-roberts', failures, 0.3);

    expect(Math.abs((values[199] ?? 0) / 38.704252 - 1)).toBeLessThan(1e-6);
    expect(Math.abs((values[249] ?? 0) / 407.890488 - 1)).toBeLessThan(1e-6);
    expect(values.findIndex((value) => value > 2000) + 1).toBe(281);
  });
});

test('a detector stays finite however long it is ignored', () => {
  const values = path(
    'shiryaev-roberts',
    Array.from({ length: 2000 }, () => 1),
    0.1,
  );

  expect(Number.isFinite(values.at(-1))).toBe(true);
});

describe('the monitor', () => {
  const easy = { hardness: 'easy' };
  const hard = { hardness: 'hard' };
  const reference: FailureReference = {
    overall: { n: 300, failures: 60 },
    slices: {
      'hardness=easy': { n: 150, failures: 15 },
      'hardness=hard': { n: 150, failures: 45 },
      'hardness=rare': { n: 20, failures: 2 },
    },
  };
  const watch = (
    state: MonitorState,
    outcomes: readonly { success: number; slices: Readonly<Record<string, string>> }[],
  ): MonitorState => outcomes.reduce(addLiveOutcome, state);
  const alternating = (easySuccess: number, hardSuccess: number, count: number) =>
    Array.from({ length: count }, () => [
      { success: easySuccess, slices: easy },
      { success: hardSuccess, slices: hard },
    ]).flat();

  test('counts a reference by slice', () => {
    const counted = [
      { success: 1, slices: easy },
      { success: 0, slices: easy },
      { success: 0.5, slices: {} },
    ].reduce(addToReference, emptyReference);

    expect(counted).toEqual({
      overall: { n: 3, failures: 1.5 },
      slices: { 'hardness=easy': { n: 2, failures: 1 } },
    });
  });

  test('alarms when failures rise, and asks for a rollback in probation, for diagnosis after it', () => {
    const overall = { overall: reference.overall, slices: {} };
    const state = watch(emptyMonitor({ rollback: overall }), alternating(0.5, 0.5, 8));

    expect(state.alarms[0]).toMatchObject({ purpose: 'rollback', scope: 'all' });
    expect(state.isSevere).toBe(false);
    expect(monitorAction(state, { inProbation: true })).toBe('rollback');
    expect(monitorAction(state, { inProbation: false })).toBe('diagnose');
  });

  test('rolls back without diagnosis when the loss is severe', () => {
    const state = watch(emptyMonitor({ rollback: reference }), alternating(0, 0, 40));

    expect(state.isSevere).toBe(true);
    expect(monitorAction(state, { inProbation: false })).toBe('rollback');
  });

  test('names the slice that fell', () => {
    const state = watch(emptyMonitor({ rollback: reference }), alternating(0.5, 1, 40));

    expect(state.alarms).toMatchObject([{ scope: 'slice', slice: 'hardness=easy' }]);
    expect(state.alarms[0]?.logE).toBeGreaterThan(Math.log(2 * defaultMonitorPolicy.threshold));
  });

  test('a slice without enough reference has no alarm of its own', () => {
    const rare = Array.from({ length: 3 }, () => ({ success: 0, slices: { hardness: 'rare' } }));

    expect(watch(emptyMonitor({ rollback: reference }), rare).watches).toHaveLength(3);
  });

  test('a lost benefit asks for a new evaluation, not for a rollback', () => {
    const before = { overall: { n: 300, failures: 60 }, slices: {} };
    const benefit = { overall: { n: 300, failures: 15 }, slices: {} };

    const state = watch(emptyMonitor({ rollback: before, benefit }), alternating(0.85, 0.75, 150));

    expect(state.alarms.map(({ purpose }) => purpose)).toEqual(['benefit']);
    expect(monitorAction(state, { inProbation: true })).toBe('re-evaluate');
  });

  test('is quiet while quality holds', () => {
    const random = mulberry32(3);
    const outcomes = Array.from({ length: 400 }, (_, i) => ({
      success: random() < (i % 2 === 0 ? 0.9 : 0.7) ? 1 : 0,
      slices: i % 2 === 0 ? easy : hard,
    }));

    const state = watch(emptyMonitor({ rollback: reference, benefit: reference }), outcomes);

    expect(state.alarms).toEqual([]);
    expect(monitorAction(state, { inProbation: true })).toBe('none');
  });

  test('a critical category alarms whatever the rates say', () => {
    const state = emptyMonitor({ rollback: reference });

    expect(monitorAction(state, { inProbation: false, criticalCategoryAlarm: true })).toBe(
      'rollback',
    );
  });

  test('an alarm is raised once', () => {
    const state = watch(emptyMonitor({ rollback: reference }), alternating(0, 0, 60));

    const names = state.alarms.map(({ scope, slice }) => slice ?? scope);
    expect(new Set(names).size).toBe(names.length);
  });

  test('watches nothing where there is no reference', () => {
    expect(emptyMonitor({ rollback: emptyReference }).watches).toEqual([]);
  });
});
