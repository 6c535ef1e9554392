import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { mulberry32 } from '../../../src/domain/random.js';
import { runCommandLine } from '../run-command.js';
import { outcomeLine } from './gate-lines.js';

/** Field by field as FORMATS.md has it. */
const Answer = z.strictObject({
  alarms: z.array(
    z.strictObject({
      t: z.int(),
      scope: z.enum(['all', 'slice', 'raw']),
      slice: z.string().nullable(),
      logE: z.number(),
    }),
  ),
  action: z.enum(['none', 'rollback', 'scope', 'drift']),
  at: z.int().nullable(),
  slice: z.string().nullable(),
  diagnosis: z.enum(['regression', 'drift', 'unresolved']).nullable(),
  delay: z.int().nullable(),
});

const watch = async (lines: readonly string[]) => {
  const ran = await runCommandLine(
    ['monitor', 'evaluate', '--json'],
    {},
    '/nowhere',
    lines.join('\n'),
  );
  if (ran.code !== 0) throw new Error(ran.error);
  return Answer.parse(JSON.parse(ran.out));
};

const PROMOTION = 200;

/** Success by hardness, before and after the promotion, half the tasks easy. */
const story = (
  after: { readonly easy: number; readonly hard: number; readonly shareHard?: number },
  promotion = PROMOTION,
): readonly string[] => {
  const draw = mulberry32(8);
  return Array.from({ length: 400 }, (_, t) => {
    const isAfter = t >= promotion;
    const isHard = draw() < (isAfter ? (after.shareHard ?? 0.5) : 0.5);
    const rate = isAfter ? (isHard ? after.hard : after.easy) : isHard ? 0.4 : 0.9;
    return outcomeLine(t, {
      success: draw() < rate ? 1 : 0,
      version: isAfter ? 'v2' : 'v1',
      slice: { hardness: isHard ? 'hard' : 'easy' },
    });
  });
};

const NOTHING = { alarms: [], action: 'none', at: null, slice: null, diagnosis: null, delay: null };

test('nothing changed, nothing is blamed', async () => {
  expect(await watch(story({ easy: 0.9, hard: 0.4 }))).toEqual(NOTHING);
});

test('without a change of version there is no promotion to blame', async () => {
  expect(await watch(story({ easy: 0.1, hard: 0.1 }, 400))).toEqual(NOTHING);
});

test('a loss everywhere is rolled back, counted from the first line of the new version', async () => {
  const answer = await watch(story({ easy: 0.3, hard: 0.05 }));

  expect(answer).toMatchObject({ action: 'rollback', diagnosis: 'regression' });
  expect(answer.delay).toBe((answer.at ?? 0) - PROMOTION);
  expect(answer.alarms.at(-1)?.t).toBe(answer.at);
  expect(answer.slice).toMatch(/^hardness=/);
});

test('a failure unheard of before, at the first line of the new version, is acted upon with delay 0', async () => {
  const before = Array.from({ length: 100 }, (_, t) => outcomeLine(t));
  const after = Array.from({ length: 20 }, (_, n) =>
    outcomeLine(100 + n, { success: 0, version: 'v2' }),
  );

  const answer = await watch([...before, ...after]);

  // One failure where .5 of 101 was expected: e is the mean of 1 - c + 202 c, 82, and 50 is enough.
  expect(answer).toMatchObject({ action: 'rollback', at: 100, delay: 0 });
});

test('a loss in one slice scopes the promotion away from it', async () => {
  const answer = await watch(story({ easy: 0.3, hard: 0.4 }));

  expect(answer).toMatchObject({
    action: 'scope',
    slice: 'hardness=easy',
    diagnosis: 'regression',
  });
});

test('a mix that turns hard is drift, not the fault of the promotion', async () => {
  const answer = await watch(story({ easy: 0.9, hard: 0.4, shareHard: 1 }));

  expect(answer).toMatchObject({ action: 'drift', slice: null, diagnosis: 'drift' });
  expect(answer.alarms.map(({ scope }) => scope)).toEqual(['raw']);
});

test('decides on the lines up to `at` alone', async () => {
  const lines = story({ easy: 0.3, hard: 0.05 });

  const answer = await watch(lines);

  expect(await watch(lines.slice(0, (answer.at ?? 0) + 1))).toEqual(answer);
  const earlier = await watch(lines.slice(0, answer.at ?? 0));
  expect(earlier.action).not.toBe('rollback');
});

describe('lines of another version than the promoted one', () => {
  test('after the promotion say nothing of it', async () => {
    const lines = story({ easy: 0.9, hard: 0.4 }).map((line, t) =>
      t > PROMOTION && t % 2 === 0
        ? line.replace('"v2"', '"v3"').replace('"success":1', '"success":0')
        : line,
    );

    expect(await watch(lines)).toEqual(NOTHING);
  });
});

test('outcomes between 0 and 1, without slice and task, are watched as well', async () => {
  const lines = Array.from({ length: 200 }, (_, t) =>
    outcomeLine(t, {
      success: t < 100 ? 0.9 : 0.2,
      version: t < 100 ? 'v1' : 'v2',
      slice: undefined,
      task: undefined,
    }),
  );

  const answer = await watch(lines);

  expect(answer).toMatchObject({ action: 'rollback', slice: null });
});

test('says in words what to do without --json', async () => {
  const input = story({ easy: 0.3, hard: 0.05 }).join('\n');

  const ran = await runCommandLine(['monitor', 'evaluate'], {}, '/nowhere', input);

  expect(ran.out).toMatch(/^rollback, hardness=\w+: at \d+, \d+ after the promotion; regression\n/);
});
