import { expect, test } from 'vitest';

import {
  addDiagnosisPair,
  concludeDiagnosis,
  emptyDiagnosis,
} from '../../../src/domain/gate/diagnosis.js';
import type { DiagnosisState } from '../../../src/domain/gate/diagnosis.js';

const diagnose = (pairs: readonly (readonly [number, number])[]): DiagnosisState =>
  pairs.reduce(
    (state, [current, previous]) => addDiagnosisPair(state, { current, previous }),
    emptyDiagnosis(),
  );

const times = (count: number, ...pairs: readonly (readonly [number, number])[]) =>
  Array.from({ length: count }, () => pairs).flat();

test('a version that loses to the one before on the same tasks is a regression', () => {
  const state = diagnose(times(30, [0, 1], [0, 0]));

  expect(state.diagnosis).toBe('regression');
  expect(state.pairs).toBeLessThan(20);
});

test('two versions that fail alike on fresh tasks are drift', () => {
  const state = diagnose(times(60, [0, 0], [1, 1]));

  expect(state.diagnosis).toBe('drift');
  expect(state.pairs).toBeLessThan(60);
});

test('neither shown within 200 pairs is unresolved', () => {
  // A loss of 10 points with much noise: too little for regression, too much for drift.
  const state = diagnose(
    times(20, [1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1], [0, 1], [0, 0]),
  );

  expect(state.diagnosis).toBe('unresolved');
  expect(state.pairs).toBe(200);
});

test('a diagnosis stands, whatever pairs come later', () => {
  const state = diagnose(times(30, [0, 1]));

  expect(diagnose([...times(30, [0, 1]), ...times(100, [1, 0])])).toEqual(state);
});

test('pairs that ran out leave it unresolved', () => {
  expect(concludeDiagnosis(diagnose(times(3, [0, 1])))).toBe('unresolved');
});
