import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  benchInterCode,
  type InterCodeOptions,
  type InterCodeReport,
} from '../../src/bench/intercode/bench-intercode.js';
import { quietTemporal } from '../../src/cli/temporal-logs.js';
import { readConfig } from '../../src/config.js';
import { writeMadeUpRecording } from '../bench/intercode/made-up-recording.js';
import { startRealServers, type RealServers } from '../support/real-house.js';

const TASKS = 60;
let servers: RealServers;
let dataDir: string;
let first: InterCodeReport | undefined;

beforeAll(async () => {
  quietTemporal({ logLevel: 'silent' });
  servers = await startRealServers();
  dataDir = await writeMadeUpRecording(TASKS);
});
afterAll(async () => {
  await servers.stop();
});

function bench(options: Partial<InterCodeOptions>): Promise<InterCodeReport> {
  const { home, temporal, postgres } = servers;
  return benchInterCode({
    dataDir,
    mode: 'S',
    plain: 'plain',
    informed: 'informed',
    explore: 'explore',
    config: readConfig({
      RATCHET_HOME: home,
      TEMPORAL_ADDRESS: temporal.address,
      DATABASE_URL: postgres.url,
    }),
    progress: () => undefined,
    ...options,
  });
}

test('learns the schema from explorations, passes the gate and closes what is left of the gap', async () => {
  const report = await bench({});
  first = report;

  if ('mode' in report) throw new Error('mode S was asked for');
  const { arms, gap, promotions, lessons, wrongSchema, episodes } = report;
  expect(arms.frozen).toEqual({ n: TASKS, successes: 0 });
  expect(arms.oracle).toEqual({ n: TASKS, successes: TASKS });
  expect([arms.shuffled.successes, arms.placebo.successes]).toEqual([0, 0]);
  // Second halves are tasks 30 to 59; what passed after 40 tasks serves the last twenty of them.
  expect(arms.learning).toEqual({ n: TASKS, successes: 20 });
  expect(gap.share).toBeCloseTo(2 / 3, 12);

  const [promotion] = promotions;
  expect(promotion?.at).toBe(40);
  expect(promotion?.alpha).toBeCloseTo(0.005, 12);
  const texts = lessons.filter(({ id }) => promotion?.lessons.includes(id) === true);
  expect(texts.map(({ text }) => text).sort()).toEqual(['boat(id, weight)', 'tree(id, weight)']);
  const cited = new Set(texts.flatMap(({ evidence }) => evidence.map(({ task }) => task)));
  expect(texts.flatMap(({ evidence }) => evidence)).toContainEqual({
    task: expect.stringMatching(/^t-\d+$/) as string,
    config: 'explore',
    step: 1,
  });
  const pairs = promotion?.pairs.map(([task]) => task) ?? [];
  expect(new Set(pairs).size).toBe(pairs.length);
  expect(pairs.filter((task) => cited.has(task))).toEqual([]);
  expect(pairs.every((task) => Number(task.slice(2)) < 40)).toBe(true);

  expect(wrongSchema.verdict).toBe('reject');
  expect(episodes).toHaveLength(3 * TASKS);
  for (const { arm, lessons: had, played, success } of episodes) {
    if (arm === 'learning') expect(played).toBe(had.length > 0 ? 'informed' : 'plain');
    else expect(played).toBe('plain');
    expect(success).toBe(played === 'informed');
  }
});

test('gives the same report again', async () => {
  const again = await bench({});

  expect(withoutTenant(again)).toEqual(withoutTenant(first));
});

test('plays every run in mode R and really runs its SQL', async () => {
  const report = await bench({ mode: 'R' });

  expect(report).toMatchObject({ mode: 'R', selects: 2 * TASKS, alike: 2 * TASKS, share: 1 });
  expect(report).toMatchObject({
    configs: [
      { config: 'explore', runs: TASKS, successes: 0, steps: 2 * TASKS, selects: 0, alike: 0 },
      { config: 'informed', runs: TASKS, successes: TASKS, steps: TASKS, selects: TASKS },
      { config: 'plain', runs: TASKS, successes: 0, steps: TASKS, selects: TASKS },
    ],
  });
});

test('puts one configuration to the gate against another in mode P', async () => {
  const better = await bench({ mode: 'P' });
  const worse = await bench({ mode: 'P', plain: 'informed', informed: 'plain' });

  expect(better).toMatchObject({ mode: 'P', verdict: 'pass', n: 20, effect: { mean: 1 } });
  expect(worse).toMatchObject({ mode: 'P', verdict: 'reject' });
});

test('names an option that does not fit before anything is started', async () => {
  await expect(bench({ dataDir: undefined })).rejects.toThrow('--data: found nothing');
  await expect(bench({ plain: 'gpt-9' })).rejects.toThrow(
    '--plain: found gpt-9, expected one of explore, informed, plain',
  );
});

/** Candidates are named after the tenant, which each run has of its own. */
function withoutTenant(report: InterCodeReport | undefined): unknown {
  return JSON.parse(JSON.stringify(report ?? null).replaceAll(/bench-[0-9a-f]{8}/g, 'tenant'));
}
