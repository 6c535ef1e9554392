import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  forkOf,
  judgeReplay,
  type ReplayPair,
} from '../../../src/domain/attribution/forked-replay.js';
import { failure, ok, turn } from '../trajectories.js';

const pairs = (wins: number, losses: number, ties: number, lost = 0): readonly ReplayPair[] => [
  ...Array.from({ length: wins }, () => ({ patched: 1, control: 0 })),
  ...Array.from({ length: losses }, () => ({ patched: 0, control: 1 })),
  ...Array.from({ length: ties }, (_, index) => ({ patched: index % 2, control: index % 2 })),
  ...Array.from({ length: lost }, () => ({ patched: 1, control: null })),
];

test.each([
  { wins: 3, losses: 0, ties: 0, verdict: 'verified' },
  { wins: 3, losses: 0, ties: 2, verdict: 'verified' },
  { wins: 5, losses: 1, ties: 0, verdict: 'verified' },
  { wins: 2, losses: 0, ties: 3, verdict: 'open' },
  { wins: 3, losses: 1, ties: 1, verdict: 'open' },
  { wins: 0, losses: 0, ties: 5, verdict: 'refuted' },
  { wins: 2, losses: 2, ties: 1, verdict: 'refuted' },
  { wins: 0, losses: 3, ties: 0, verdict: 'refuted' },
  { wins: 2, losses: 0, ties: 0, verdict: 'open' },
])('$wins wins, $losses losses and $ties ties are $verdict', ({ wins, losses, ties, verdict }) => {
  expect(judgeReplay(pairs(wins, losses, ties))).toMatchObject({ verdict, wins, losses });
});

test('a patched arm that succeeds as often as the one without a patch verifies nothing', () => {
  const bothFlip = Array.from({ length: 5 }, () => ({ patched: 1, control: 1 }));

  expect(judgeReplay(bothFlip).verdict).toBe('refuted');
});

test('pairs that the infrastructure lost do not count', () => {
  expect(judgeReplay(pairs(2, 0, 0, 9))).toMatchObject({ verdict: 'open', pairs: 2 });
});

test('the probability is that of the uniform prior: 15 in 16 after three wins', () => {
  expect(judgeReplay(pairs(3, 0, 0)).probability).toBeCloseTo(15 / 16, 12);
  expect(judgeReplay([]).probability).toBeCloseTo(1 / 2, 12);
});

test('one win more never makes a blame less likely', () => {
  const count = fc.nat({ max: 30 });
  fc.assert(
    fc.property(count, count, count, (wins, losses, ties) => {
      const fewer = judgeReplay(pairs(wins, losses, ties)).probability;
      const more = judgeReplay(pairs(wins + 1, losses, ties)).probability;

      expect(more).toBeGreaterThanOrEqual(fewer);
      expect(more).toBeLessThanOrEqual(1);
    }),
  );
});

const asked = turn([], 'let me look', [
  { tool: 'query', arguments: { sql: 'select nme' }, result: failure('NO_COLUMN') },
]);
const recovered = turn(asked, 'again', [
  { tool: 'query', arguments: { sql: 'select name' }, result: ok('Ann') },
]);

test('a failed call that was made well later is patched with those arguments', () => {
  const fork = forkOf(turn(recovered, 'Ann'), 1, null);

  expect(fork?.at).toBe(0);
  expect(fork?.patched.text).toBe('let me look');
  expect(fork?.patched.toolCalls).toEqual([
    { id: 'c0-0', tool: 'query', arguments: '{"sql":"select name"}' },
  ]);
});

test('only the blamed call of a turn is changed', () => {
  const both = turn([], 'both', [
    { tool: 'look', arguments: {}, result: ok('x') },
    { tool: 'query', arguments: { sql: 'bad' }, result: failure('SYNTAX') },
  ]);
  const correction = { kind: 'call', tool: 'query', arguments: '{"sql":"good"}' } as const;

  const fork = forkOf(both, 2, correction);

  expect(fork?.patched.toolCalls.map((call) => call.arguments)).toEqual(['{}', '{"sql":"good"}']);
});

test('a correction in words takes the place of text and calls', () => {
  const fork = forkOf(recovered, 2, { kind: 'text', text: 'It is Ann.' });

  expect(fork).toMatchObject({ at: 2, patched: { text: 'It is Ann.', toolCalls: [] } });
});

test('a reply without calls may be patched into a call', () => {
  const fork = forkOf(turn([], 'no idea'), 0, { kind: 'call', tool: 'query', arguments: '{}' });

  expect(fork?.patched.toolCalls).toEqual([{ id: 'patch-0', tool: 'query', arguments: '{}' }]);
});

test.each([
  ['a step that is not there', recovered, 9, null],
  ['a failure nobody got past', asked, 1, null],
  ['a call that went well', recovered, 3, null],
  ['a correction that changes nothing', turn([], 'same'), 0, { kind: 'text', text: 'same' }],
] as const)('%s leaves nothing to run again', (_, steps, blamed, correction) => {
  expect(forkOf(steps, blamed, correction)).toBeUndefined();
});
