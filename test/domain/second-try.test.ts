import { expect, test } from 'vitest';

import { lessonId } from '../../src/contracts/ids.js';
import { makesWay, MAX_TRIES, mayTryAgain, type FailedTry } from '../../src/domain/second-try.js';

const FUTILE: FailedTry = {
  lesson: lessonId('l-a'),
  revision: 1,
  verdict: 'reject',
  reason: 'futile',
  meanEffect: 0,
  tries: 1,
};

test.each<[string, Partial<FailedTry>, boolean]>([
  ['a bundle of ties', {}, true],
  ['a bundle that helped, but not enough', { meanEffect: 0.05 }, true],
  ['a bundle that lost more pairs than it won', { meanEffect: -0.01 }, false],
  ['a slice that was harmed', { reason: 'slice-regression: area=stock' }, false],
  ['a failure category that grew', { reason: 'failure-category-grew: unsafe' }, false],
  ['evidence that ran out', { verdict: 'inconclusive', reason: 'budget' }, true],
  ['outcomes that went missing', { verdict: 'inconclusive', reason: 'missing-outcomes' }, false],
  ['a pass that a person left waiting', { verdict: 'pass', reason: 'superior' }, false],
  ['a test that was never made', { verdict: 'hold', reason: 'underpowered' }, false],
  ['the last try but one', { tries: MAX_TRIES - 1 }, true],
  ['the last try', { tries: MAX_TRIES }, false],
])('%s is tried again or is not', (_, changes, expected) => {
  expect(mayTryAgain({ ...FUTILE, ...changes })).toBe(expected);
});

test('an evaluation makes way for a bundle that makes the next try a quarter larger', () => {
  expect(makesWay(32, 8)).toBe(true);
  expect(makesWay(32, 7)).toBe(false);
  expect(makesWay(1, 1)).toBe(true);
  expect(makesWay(0, 0)).toBe(false);
});
