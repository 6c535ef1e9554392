import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { gatePolicy } from '../../../src/domain/gate/gate-policy.js';
import { summarizeGate } from '../../../src/domain/gate/gate-summary.js';
import { concludeGate, emptyGate } from '../../../src/domain/gate/gate.js';
import { countPool, planSlices } from '../../../src/domain/gate/slices.js';
import { aPair, drawn, fold, observed } from '../../domain/gate/pairs.js';
import { F } from '../../domain/gate/sequences.js';
import { runCommandLine } from '../run-command.js';
import { pairLine, pairLines } from './gate-lines.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ratchet-gate-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const Interval = { mean: z.number(), lower: z.number(), upper: z.number() };
/** Field by field as FORMATS.md has it. */
const Answer = z.strictObject({
  verdict: z.enum(['pass', 'reject', 'inconclusive', 'hold']),
  reason: z.string(),
  n: z.int(),
  effect: z.strictObject(Interval),
  logE: z.number(),
  threshold: z.number(),
  slices: z.array(
    z.strictObject({
      name: z.string(),
      n: z.int(),
      ...Interval,
      verdict: z.enum(['non-inferior', 'not-shown', 'harm']),
    }),
  ),
  categories: z.array(
    z.strictObject({
      name: z.string(),
      baseline: z.int(),
      candidate: z.int(),
      logE: z.number(),
      critical: z.boolean(),
      grew: z.boolean(),
    }),
  ),
  label: z.enum(['improved', 'improved-shifted', 'shifted-only']).nullable(),
});

const evaluate = async (input: string, ...options: readonly string[]) => {
  const args = ['gate', 'evaluate', '--json', ...options];
  const ran = await runCommandLine(args, {}, directory, input);
  if (ran.code !== 0) throw new Error(ran.error);
  return Answer.parse(JSON.parse(ran.out));
};

let files = 0;
const config = async (settings: unknown): Promise<readonly string[]> => {
  files += 1;
  const name = `settings-${String(files)}.json`;
  await writeFile(join(directory, name), JSON.stringify(settings));
  return ['--config', name];
};

test('answers a published sequence field by field', async () => {
  const answer = await evaluate(pairLines(F));

  expect(answer).toMatchObject({ verdict: 'pass', reason: 'superior', n: 103, slices: [] });
  expect(answer.threshold).toBeCloseTo(Math.log(20), 12);
  expect(answer.logE).toBeGreaterThan(answer.threshold);
  expect(answer.effect.lower).toBeLessThan(answer.effect.mean);
});

test('takes the level from --alpha, and still reports bounds of 95 %', async () => {
  const answer = await evaluate(pairLines(F), '--alpha', '0.005');

  expect(answer).toMatchObject({ verdict: 'pass', n: 153 });
  expect(answer.threshold).toBeCloseTo(Math.log(200), 12);
});

test('ends the effect test after --max-pairs', async () => {
  const answer = await evaluate(pairLines(F), '--max-pairs', '50');

  expect(answer).toMatchObject({ verdict: 'inconclusive', reason: 'budget', n: 50 });
});

test('an option wins over the file', async () => {
  const settings = await config({ alpha: 0.005, maxPairs: 60 });

  const answer = await evaluate(pairLines(F), ...settings, '--alpha', '0.2');

  expect(answer.threshold).toBeCloseTo(Math.log(5), 12);
});

test('decides exactly as the functions of the workflow do', async () => {
  const values = ['easy', 'medium', 'hard'];
  const pairs = drawn(600, 0.25, 0.1, 11).map((difference, index) =>
    aPair({
      index,
      outcome: observed(difference),
      slices: { hardness: values[(index * index) % 3] ?? 'easy', db: `db${String(index % 40)}` },
    }),
  );
  const policy = gatePolicy();
  const plan = planSlices(countPool(pairs.map(({ slices }) => slices)), policy);
  const gate = fold(emptyGate(policy, plan), pairs);

  const answer = await evaluate(
    pairs
      .map(({ index, outcome, slices }) =>
        pairLine(index, { ...outcome, kind: undefined, missing: undefined, slice: slices }),
      )
      .join('\n'),
  );

  expect(answer).toEqual(JSON.parse(JSON.stringify(summarizeGate(gate, concludeGate(gate)))));
  expect(answer.slices.map(({ name }) => name)).toContain('other');
});

describe('slices', () => {
  const sliced = (differences: readonly number[], sliceOf: (i: number) => object) =>
    differences
      .map((difference, i) =>
        pairLine(i, {
          baseline: Math.max(0, -difference),
          candidate: Math.max(0, difference),
          slice: sliceOf(i),
        }),
      )
      .join('\n');

  test('are gated by their share of the whole pool, lines after the verdict among them', async () => {
    // The first 40 pairs decide; "late" is a third of the pool and none of these.
    const text = sliced(Array<number>(300).fill(1), (i) => ({ part: i < 200 ? 'early' : 'late' }));

    const answer = await evaluate(text);

    expect(answer.verdict).toBe('pass');
    expect(answer.slices.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['part=early', 'non-inferior'],
      ['part=late', 'non-inferior'],
    ]);
  });

  test('count the top-up, which the effect does not', async () => {
    const text = sliced(Array<number>(300).fill(1), (i) => ({ part: i < 200 ? 'early' : 'late' }));

    const answer = await evaluate(text);

    expect(answer.n).toBe(20);
    expect(answer.slices.map(({ n }) => n)).toEqual([20, 5]);
  });

  test('are topped up from lines beyond --max-pairs', async () => {
    const text = sliced(Array<number>(300).fill(1), (i) => ({ part: i < 200 ? 'early' : 'late' }));

    expect((await evaluate(text, '--max-pairs', '20')).verdict).toBe('pass');
  });

  test('that are below a twentieth of the pool are one slice, other', async () => {
    const text = sliced(F, (i) => ({ user: `u${String(i % 25)}` }));

    expect((await evaluate(text)).slices.map(({ name }) => name)).toEqual(['other']);
  });

  test('of keys that nobody asked for do not count', async () => {
    const text = sliced(F, (i) => ({ hardness: 'easy', parity: i % 2 === 0 ? 'even' : 'odd' }));

    const answer = await evaluate(text, '--slice-key', 'hardness');

    expect(answer.slices.map(({ name }) => name)).toEqual(['hardness=easy']);
  });

  test('of a key that may be repeated are all gated', async () => {
    const text = sliced(F, (i) => ({ hardness: 'easy', parity: i % 2 === 0 ? 'even' : 'odd' }));

    const answer = await evaluate(text, '--slice-key', 'hardness', '--slice-key', 'parity');

    expect(answer.slices.length).toBe(3);
  });

  test('a slice that lost is named, whatever the mean', async () => {
    const text = sliced(
      Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? -1 : 1)),
      (i) => ({ hardness: i % 4 === 0 ? 'hard' : 'easy' }),
    );

    const answer = await evaluate(text, ...(await config({ minPairs: 60 })));

    expect(answer).toMatchObject({ verdict: 'reject', reason: 'slice-regression: hardness=hard' });
    expect(answer.slices.find(({ name }) => name === 'hardness=hard')?.verdict).toBe('harm');
  });

  test('a critical slice that the pool has none of is not shown', async () => {
    const settings = await config({ criticalSlices: ['tier=gold'] });

    expect(await evaluate(pairLines(F), ...settings)).toMatchObject({
      verdict: 'inconclusive',
      reason: 'slice-not-shown: tier=gold',
    });
  });

  test('of a thousand users and more are counted in bounded memory, and the large one is found', async () => {
    const text = sliced(
      Array.from({ length: 6000 }, (_, i) => (i % 2 === 0 ? 1 : 0)),
      (i) => ({ user: i % 3 === 0 ? 'large' : `u${String(i)}` }),
    );

    expect((await evaluate(text)).slices.map(({ name }) => name)).toEqual(['user=large', 'other']);
  });

  test('say on stderr that a key was found nowhere', async () => {
    const args = ['gate', 'evaluate', '--slice-key', 'colour'];

    const ran = await runCommandLine(args, {}, directory, pairLines(F));

    expect(ran.error).toContain('--slice-key colour: no pair has it');
  });
});

describe('outcomes that are missing', () => {
  test('count as 0 where the arm lost them, and void the pair where the infrastructure did', async () => {
    const lines = [
      pairLine(0, { baseline: 1, candidate: null, missing: 'arm' }),
      pairLine(1, { baseline: null, candidate: null, missing: 'infrastructure' }),
      pairLine(2, { baseline: 0, candidate: 1 }),
    ];

    const answer = await evaluate(lines.join('\n'));

    expect(answer).toMatchObject({ n: 2, effect: { mean: 0 } });
  });

  test('end the gate where the candidate loses more of them', async () => {
    const lines = Array.from({ length: 40 }, (_, i) =>
      pairLine(i, { baseline: 1, candidate: null, missing: 'infrastructure' }),
    );

    expect(await evaluate(lines.join('\n'))).toMatchObject({
      verdict: 'inconclusive',
      reason: 'missing-outcomes',
    });
  });
});

describe('kinds of failure', () => {
  const lines = F.map((difference, i) =>
    pairLine(i, {
      baseline: Math.max(0, -difference),
      candidate: Math.max(0, difference),
      baselineCategory: difference < 0 ? 'ok' : 'timeout',
      candidateCategory: difference > 0 ? 'ok' : 'data-loss',
    }),
  ).join('\n');

  test('are listed with both counts, and label what improved while its errors moved', async () => {
    const answer = await evaluate(lines);

    expect(answer).toMatchObject({ verdict: 'pass', label: 'improved-shifted' });
    expect(answer.categories).toMatchObject([
      { name: 'timeout', candidate: 0, critical: false, grew: false },
      { name: 'data-loss', baseline: 0, critical: false, grew: true },
    ]);
  });

  test('that are critical and grew reject, by name', async () => {
    const settings = await config({ criticalCategories: ['data-loss'] });

    expect(await evaluate(lines, ...settings)).toMatchObject({
      verdict: 'reject',
      reason: 'failure-category-grew: data-loss',
      label: null,
    });
  });
});

describe('hold', () => {
  test('is answered only where the discordance is known', async () => {
    const settings = await config({ discordance: 0.3, maxPairs: 40 });

    expect(await evaluate(pairLines(F), ...settings)).toMatchObject({
      verdict: 'hold',
      reason: 'underpowered',
      n: 0,
      effect: { mean: 0, lower: -1, upper: 1 },
    });
    expect((await evaluate(pairLines(F), '--max-pairs', '40')).verdict).toBe('inconclusive');
  });

  test('hides no bad line', async () => {
    const settings = await config({ discordance: 0.3, maxPairs: 40 });

    await expect(evaluate(`${pairLines(F)}\n{}`, ...settings)).rejects.toThrow('line 201: i:');
  });
});

test('real-valued outcomes get bounds too', async () => {
  const lines = Array.from({ length: 200 }, (_, i) =>
    pairLine(i, { baseline: (i % 7) / 10, candidate: 0.3 + (i % 7) / 10 }),
  );

  const answer = await evaluate(lines.join('\n'));

  expect(answer.verdict).toBe('pass');
  expect(answer.effect.mean).toBeCloseTo(0.3, 9);
});

test('says the verdict in words without --json', async () => {
  const ran = await runCommandLine(['gate', 'evaluate'], {}, directory, pairLines(F));

  expect(ran.out).toMatch(/^pass: superior\neffect \+\d/);
});

describe('pairs that repeat a task', () => {
  const ran = (text: string) => runCommandLine(['gate', 'evaluate', '--json'], {}, directory, text);

  test('thirty wins of one task are one, which shows nothing', async () => {
    const { code, out, error } = await ran(
      pairLines(
        Array.from({ length: 30 }, () => 1),
        { task: 't0' },
      ),
    );

    expect(code).toBe(0);
    expect(Answer.parse(JSON.parse(out))).toMatchObject({
      verdict: 'inconclusive',
      reason: 'budget',
      n: 1,
    });
    expect(error).toContain('29 pairs repeat a task and were passed over');
  });

  test('change nothing of what the others show', async () => {
    const lines = pairLines(F).split('\n');
    const once = await evaluate(lines.join('\n'));
    const repeated = lines.flatMap((line) => [line, line]);
    const numbered = repeated.map((line, i) =>
      JSON.stringify({ ...z.record(z.string(), z.json()).parse(JSON.parse(line)), i }),
    );

    const { out } = await ran(numbered.join('\n'));

    expect(Answer.parse(JSON.parse(out))).toEqual(once);
  });
});
