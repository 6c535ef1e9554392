import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { expect, test } from 'vitest';

import {
  benchAttribution,
  type AttributionReport,
} from '../../../src/bench/attribution/bench-attribution.js';
import { weightsSource } from '../../../src/bench/attribution/weights-source.js';
import { STEP_WEIGHTS } from '../../../src/domain/attribution/step-weights.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const DATA = resolve(ROOT, '../shared/data/who-and-when');
const isThere = existsSync(DATA);
if (!isThere) process.stderr.write(`not there, so blame is not measured: ${DATA}\n`);

const SEED = 1;
let made: Promise<AttributionReport> | undefined;
const report = (): Promise<AttributionReport> => (made ??= benchAttribution(DATA, SEED));

/** Shares of all cases: an unknown is a wrong answer. */
async function sharesOf(method: string) {
  const { rows } = await report();
  const row = rows.find((each) => each.method === method && each.subset === 'all');
  if (row === undefined) throw new Error(`${method}: found no row, expected one of all cases`);
  const { n, answered, agent, step, within3 } = row;
  return { coverage: answered / n, agent: agent / n, step: step / n, within3: within3 / n };
}

test.runIf(isThere).each(['step score', 'step score, nested'])(
  '%s: names the agent in 55 % of questions left out, the step in 30 %, one within 3 in 60 %',
  { timeout: 120_000 },
  async (method) => {
    const { coverage, agent, step, within3 } = await sharesOf(method);

    expect(coverage).toBeGreaterThanOrEqual(0.6);
    expect(agent).toBeGreaterThanOrEqual(0.55);
    expect(step).toBeGreaterThanOrEqual(0.3);
    expect(within3).toBeGreaterThanOrEqual(0.6);
  },
);

test.runIf(isThere)(
  'beats every method that needs no training, at the agent and at the step',
  { timeout: 120_000 },
  async () => {
    const trained = await sharesOf('step score');
    const others = ['backward slice alone', 'first message', 'random message'];

    for (const method of others) {
      const untrained = await sharesOf(method);
      expect(trained.agent).toBeGreaterThan(untrained.agent);
      expect(trained.step).toBeGreaterThan(untrained.step);
      expect(trained.within3).toBeGreaterThan(untrained.within3);
    }
    expect(trained.agent).toBeGreaterThan((await sharesOf('most frequent speaker')).agent);
  },
);

test.runIf(isThere)(
  'says how sure it is: more confident answers are right more often, by about what they say',
  { timeout: 120_000 },
  async () => {
    const { calibration } = await report();
    const n = calibration.reduce((sum, each) => sum + each.n, 0);
    const off = calibration.reduce(
      (sum, each) => sum + (each.n / n) * Math.abs(each.confidence - each.right),
      0,
    );

    expect(off).toBeLessThan(0.1);
    expect(calibration.at(-1)?.right).toBeGreaterThan((calibration[0]?.right ?? 1) + 0.3);
  },
);

test.runIf(isThere)(
  'the committed weights are the ones that training on these cases gives',
  { timeout: 120_000 },
  async () => {
    const trained = await report();

    for (const [name, weight] of Object.entries(STEP_WEIGHTS)) {
      expect(trained.weights[name]).toBeCloseTo(weight, 3);
    }
    const committed = await readFile(`${ROOT}/src/domain/attribution/step-weights.ts`, 'utf8');
    const stated = { ...trained, weights: STEP_WEIGHTS };
    expect(weightsSource(stated)).toBe(committed);
  },
);

test('data that is not there is an error that says what was expected', async () => {
  await expect(benchAttribution('/nowhere', SEED)).rejects.toThrow(
    '--data: found /nowhere, expected a directory with cases.jsonl of Who&When',
  );
});
