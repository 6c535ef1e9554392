import { afterAll, beforeAll, expect, test } from 'vitest';

import { benchNovelApi } from '../../src/bench/novel-api/bench-novel-api.js';
import { quietTemporal } from '../../src/cli/temporal-logs.js';
import { readConfig } from '../../src/config.js';
import { startRealServers, type RealServers } from '../support/real-house.js';

const TASKS = 48;
const ROUND = 16;
let servers: RealServers;

beforeAll(async () => {
  quietTemporal({ logLevel: 'silent' });
  servers = await startRealServers();
});
afterAll(async () => {
  await servers.stop();
});

test('an agent finishes tasks on an API it never saw, and what recurs passes the gate as notes', async () => {
  const { home, temporal, postgres } = servers;

  const report = await benchNovelApi({
    seed: 1,
    tasks: TASKS,
    round: ROUND,
    // What passed serves all of the next round: there are too few tasks for a canary in stages.
    rollout: {
      stages: [{ share: 1, minOutcomes: 1, minDurationMs: 0 }],
      probation: { outcomes: 200, minOutcomes: 30, durationMs: 7 * 86_400_000 },
    },
    config: readConfig({
      RATCHET_HOME: home,
      TEMPORAL_ADDRESS: temporal.address,
      DATABASE_URL: postgres.url,
    }),
    progress: () => undefined,
    signal: AbortSignal.timeout(280_000),
  });

  const { stages, withinOneTask, notes, promotions, entries, verdicts } = report;
  expect(withinOneTask.refused).toBe(TASKS);
  expect(withinOneTask.noted).toBe(TASKS);
  expect(withinOneTask.refusedAndRight).toBeGreaterThan(10);
  expect(verdicts['pass']).toBeGreaterThanOrEqual(1);
  expect(promotions[0]?.lessons).toBeGreaterThan(5);
  expect(notes.map(({ text }) => text)).toContain(
    'When `api_try` on `POST /bookings` fails with HTTP_400, send `body.weight` times 1000.',
  );
  const served = stages.filter(({ stage }) => stage !== 'before');
  const sum = (of: (stage: (typeof served)[number]) => number): number =>
    served.reduce((all, stage) => all + of(stage), 0);
  expect(sum(({ n }) => n)).toBeGreaterThanOrEqual(ROUND);
  expect(sum(({ learning }) => learning.successes)).toBeGreaterThan(
    1.3 * sum(({ frozen }) => frozen.successes),
  );
  expect(sum(({ learning }) => learning.firstTry)).toBeGreaterThan(0.5 * sum(({ n }) => n));
  expect(sum(({ frozen }) => frozen.firstTry)).toBe(0);
  expect(entries.kept).toBe(entries.sentLive);
});
