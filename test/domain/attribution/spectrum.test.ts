import fc from 'fast-check';
import { expect, test } from 'vitest';

import { spectrumBlame, type SpectrumEpisode } from '../../../src/domain/attribution/spectrum.js';
import type { Step, Trajectory } from '../../../src/domain/episode.js';
import { failure, ok, turn } from '../trajectories.js';

type Call = Parameters<typeof turn>[2] extends readonly (infer C)[] | undefined ? C : never;

/** An episode that makes calls one after the other and then answers. */
function anEpisode(calls: readonly Call[]): Trajectory {
  const before = calls.reduce<Step[]>((steps, call) => turn(steps, 'so', [call]), []);
  return turn(before, 'done');
}

const look: Call = { tool: 'look', arguments: { id: 1 }, result: ok('found') };
const book: Call = { tool: 'book', arguments: { id: 1 }, result: ok('booked') };
const bookAll: Call = { tool: 'book', arguments: { id: 1, all: true }, result: ok('booked') };
const denied: Call = { tool: 'book', arguments: { id: 1 }, result: failure('DENIED') };

const cluster = (
  failed: readonly (readonly Call[])[],
  passed: readonly (readonly Call[])[],
): readonly SpectrumEpisode[] => [
  ...failed.map((calls) => ({ trajectory: anEpisode(calls), hasFailed: true })),
  ...passed.map((calls) => ({ trajectory: anEpisode(calls), hasFailed: false })),
];

test('blames the call that ends differently where episodes fail', () => {
  const episodes = cluster(
    [
      [look, denied],
      [look, denied],
    ],
    [
      [look, book],
      [look, book],
    ],
  );

  const blame = spectrumBlame(anEpisode([look, denied]), episodes);

  expect(blame).toMatchObject({ step: 3, method: 'spectrum' });
  expect(blame.reason).toBe(
    'book ends in DENIED: in 2 of 2 failed and 0 of 2 passed episodes like it',
  );
});

test('blames a call by the arguments that only failed episodes give', () => {
  const episodes = cluster(
    [
      [look, bookAll],
      [look, bookAll],
    ],
    [
      [look, book],
      [look, book],
    ],
  );

  expect(spectrumBlame(anEpisode([look, bookAll]), episodes)).toMatchObject({ step: 3 });
});

test('blames a call that comes too early', () => {
  const episodes = cluster(
    [
      [book, look],
      [book, look],
    ],
    [
      [look, book],
      [look, book],
    ],
  );

  const blame = spectrumBlame(anEpisode([book, look]), episodes);

  expect(blame.step).toBe(1);
  expect(blame.reason).toContain('book after start');
});

test('blames an answer without a call where those that passed made one', () => {
  const episodes = cluster([[], []], [[look], [look]]);

  const blame = spectrumBlame(anEpisode([]), episodes);

  expect(blame).toMatchObject({ step: 0, method: 'spectrum' });
});

test('is surer the more episodes there are', () => {
  const sure = (times: number): number => {
    const episodes = cluster(
      Array.from({ length: times }, () => [denied]),
      Array.from({ length: times }, () => [book]),
    );
    return spectrumBlame(anEpisode([denied]), episodes).confidence;
  };

  expect(sure(2)).toBeLessThan(sure(5));
  expect(sure(5)).toBeLessThan(sure(10));
  expect(sure(10)).toBeLessThan(1);
});

test('says unknown where failed and passed episodes do the same', () => {
  const episodes = cluster([[look], [look]], [[look], [look]]);

  expect(spectrumBlame(anEpisode([look]), episodes)).toMatchObject({
    step: null,
    method: 'unknown',
    reason: 'no step goes with failure in episodes like it',
  });
});

test.each([
  ['only failures', cluster([[denied], [denied], [denied]], [])],
  ['one that passed', cluster([[denied], [denied]], [[book]])],
  ['no other failure', cluster([[denied]], [[book], [book]])],
])('says unknown of %s', (_, episodes) => {
  expect(spectrumBlame(anEpisode([denied]), episodes).method).toBe('unknown');
});

test('names a step of the trajectory, with a confidence from 0 to 1, whatever the cluster', () => {
  const anyCalls = fc.array(fc.constantFrom(look, book, bookAll, denied), { maxLength: 5 });
  const anyCluster = fc.array(fc.tuple(anyCalls, fc.boolean()), { maxLength: 12 });
  fc.assert(
    fc.property(anyCalls, anyCluster, (calls, drawn) => {
      const trajectory = anEpisode(calls);
      const others = drawn.map(([made, hasFailed]) => ({ trajectory: anEpisode(made), hasFailed }));
      const blame = spectrumBlame(trajectory, [{ trajectory, hasFailed: true }, ...others]);

      expect(blame.confidence).toBeGreaterThanOrEqual(0);
      expect(blame.confidence).toBeLessThan(1);
      if (blame.step !== null) expect(trajectory[blame.step]?.index).toBe(blame.step);
      expect(blame.alternatives).not.toContain(blame.step);
    }),
  );
});
