import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attribute, type AttributedEpisode } from '../../src/domain/attribution.js';
import type { Step } from '../../src/domain/episode.js';
import { FAILED, failure, ok, SUCCEEDED, turn } from './trajectories.js';

function anEpisode(more: Partial<AttributedEpisode>): AttributedEpisode {
  return {
    trajectory: [],
    output: '',
    outcome: FAILED,
    input: { question: 'Which singers are older than thirty?' },
    ...more,
  };
}

test('blames nobody for a success', () => {
  const trajectory = turn([], 'done');

  const blame = attribute(anEpisode({ trajectory, output: 'done', outcome: SUCCEEDED }));

  expect(blame).toMatchObject({ step: null, method: 'unknown', reason: 'succeeded' });
});

test('blames nobody where nobody could tell the outcome', () => {
  const outcome = { ...FAILED, score: null };

  expect(attribute(anEpisode({ outcome })).method).toBe('unknown');
});

test('blames the failed call whose arguments stand in the output', () => {
  const first = turn([], 'let me see', [
    { tool: 'lookup', arguments: { region: 'north_7' }, result: ok('warm') },
  ]);
  const second = turn(first, 'and now', [
    { tool: 'query', arguments: { sql: 'SELECT nme FROM sngr' }, result: failure('NO_COLUMN') },
  ]);
  const trajectory = turn(second, 'SELECT nme FROM sngr');

  const blame = attribute(anEpisode({ trajectory, output: 'SELECT nme FROM sngr' }));

  expect(blame).toMatchObject({ step: 3, method: 'backward-slice' });
  expect(blame.reason).toContain('NO_COLUMN');
});

test('takes the earliest of several errors on the way and names the others', () => {
  const first = turn([], 'a', [
    { tool: 'query', arguments: { key: 'alpha_1' }, result: failure('BAD', 'found beta_2') },
  ]);
  const second = turn(first, 'b', [
    { tool: 'query', arguments: { key: 'beta_2' }, result: failure('BAD', 'found gamma_3') },
  ]);
  const trajectory = turn(second, 'it is gamma_3');

  const blame = attribute(anEpisode({ trajectory, output: 'it is gamma_3' }));

  expect(blame.step).toBe(1);
  expect(blame.alternatives).toContain(3);
});

test('leaves an error alone that the output does not rest on', () => {
  const first = turn([], 'a', [
    { tool: 'weather', arguments: { city: 'oslo_9' }, result: failure('DOWN') },
  ]);
  const second = turn(first, 'b', [
    { tool: 'query', arguments: { sql: 'SELECT age FROM singer_x' }, result: ok('[31]') },
  ]);
  const trajectory = turn(second, 'singer_x');

  const blame = attribute(anEpisode({ trajectory, output: 'singer_x' }));

  expect(blame.step).toBe(2);
  expect(blame.alternatives).not.toContain(1);
});

test('prefers an assumption to an error that a later call of the tool got past', () => {
  const first = turn([], 'a', [
    { tool: 'query', arguments: { key: 'wrong_key' }, result: failure('BAD', 'use right_key') },
  ]);
  const second = turn(first, 'b', [
    { tool: 'query', arguments: { key: 'right_key' }, result: ok('value_5') },
  ]);
  const trajectory = turn(second, 'value_5 in unit_q');

  const blame = attribute(anEpisode({ trajectory, output: 'value_5 in unit_q' }));

  expect(blame).toMatchObject({ step: 4, method: 'backward-slice' });
  expect(blame.reason).toContain('asserted');
});

test('blames the model step whose call was refused, not the refusal', () => {
  const first = turn([], 'a', [
    { tool: 'imagined', arguments: { id: 'item_4' }, result: failure('TOOL_UNKNOWN') },
  ]);
  const trajectory = turn(first, 'item_4');

  expect(attribute(anEpisode({ trajectory, output: 'item_4' })).step).toBe(0);
});

test('does not call an assumption what the task or a recalled lesson had shown', () => {
  const trajectory = turn([], 'SELECT nm FROM singer_table');
  const episode = anEpisode({
    trajectory,
    output: 'SELECT nm FROM singer_table',
    input: { question: 'Use singer_table' },
  });

  expect(attribute(episode).step).toBe(0);
  expect(attribute({ ...episode, recalled: [{ text: 'singer_table(nm)' }] }).method).toBe(
    'unknown',
  );
});

test('answers unknown for an empty trajectory', () => {
  expect(attribute(anEpisode({ output: null }))).toMatchObject({ step: null, method: 'unknown' });
});

test('blames a step of the trajectory or nobody, whatever the texts', () => {
  const word = fc.constantFrom('alpha_1', 'beta_2', 'select', 'the', '7', 'gamma', '');
  const text = fc.array(word, { maxLength: 5 }).map((words) => words.join(' '));
  const call = fc.record({
    tool: fc.constantFrom('a', 'b'),
    arguments: fc.record({ x: text }),
    result: fc.oneof(
      text.map(ok),
      text.map((content) => failure('BAD', content)),
    ),
  });
  const turns = fc.array(fc.tuple(text, fc.array(call, { maxLength: 2 })), { maxLength: 6 });

  fc.assert(
    fc.property(turns, text, (said, output) => {
      const trajectory = said.reduce<Step[]>(
        (before, [words, calls]) => turn(before, words, calls),
        [],
      );
      const { step, confidence, alternatives } = attribute(anEpisode({ trajectory, output }));

      expect(step === null || (step >= 0 && step < trajectory.length)).toBe(true);
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(confidence).toBeLessThanOrEqual(1);
      expect(alternatives).not.toContain(step);
      for (const other of alternatives) expect(other).toBeLessThan(trajectory.length);
    }),
  );
});

test('reads a trajectory of 2,000 long steps', () => {
  let trajectory: Step[] = [];
  for (let at = 0; at < 1000; at += 1) {
    const text = `value_${at} rests on value_${at - 1} ${'filler '.repeat(200)}`;
    trajectory = turn(trajectory, text, [
      { tool: 'read', arguments: { id: `value_${at}` }, result: at === 3 ? failure('X') : ok('') },
    ]);
  }

  const blame = attribute(anEpisode({ trajectory, output: 'value_999' }));

  expect(trajectory).toHaveLength(2000);
  expect(blame.step).not.toBeNull();
});
