import { expect, test } from 'vitest';

import type { Outcome, Step } from '../../src/domain/episode.js';
import { informative } from '../../src/domain/informative.js';

const success: Outcome = {
  score: 1,
  evaluator: 'e',
  source: 'checker',
  category: 'ok',
  detail: '',
};

function aToolStep(index: number, ok: boolean): Step {
  const result = ok
    ? ({ ok: true, content: '' } as const)
    : ({ ok: false, code: 'X', content: '' } as const);
  return { index, kind: 'tool', callId: String(index), tool: 'look', arguments: '{}', result };
}

function reasonOf(change: Partial<Parameters<typeof informative>[0]>): string {
  const episode = {
    key: 'routine',
    outcome: success,
    trajectory: [],
    hasCorrection: false,
    revealsSomething: false,
  };
  return informative({ ...episode, ...change }).reason;
}

test('finds nothing in a routine success', () => {
  expect(reasonOf({})).toBe('routine-success');
});

test('finds a failure', () => {
  expect(reasonOf({ outcome: { ...success, score: 0 } })).toBe('failure');
});

test('finds an error that was recovered from, and none that was not', () => {
  expect(reasonOf({ trajectory: [aToolStep(0, false), aToolStep(1, true)] })).toBe(
    'recovered-error',
  );
  expect(reasonOf({ trajectory: [aToolStep(0, true), aToolStep(1, false)] })).toBe(
    'routine-success',
  );
});

test('puts a correction before everything else', () => {
  expect(reasonOf({ hasCorrection: true, outcome: { ...success, score: 0 } })).toBe('correction');
});

test('finds what a tool revealed', () => {
  expect(reasonOf({ revealsSomething: true })).toBe('observation');
});

test('samples about one routine success in twenty', () => {
  const keys = Array.from({ length: 4000 }, (_, index) => `key-${String(index)}`);

  const sampled = keys.filter((key) => reasonOf({ key }) === 'sampled-success').length;

  expect(sampled).toBeGreaterThan(120);
  expect(sampled).toBeLessThan(280);
});
