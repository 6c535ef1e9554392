import { afterAll, beforeAll, expect, test } from 'vitest';

import { benchFlood } from '../../src/bench/flood/bench-flood.js';
import { quietTemporal } from '../../src/cli/temporal-logs.js';
import { readConfig } from '../../src/config.js';
import { startRealServers, type RealServers } from '../support/real-house.js';
import { workflowBundle } from '../support/workflow-bundle.js';

const EPISODES = 150;
const CAUSES = 5;
let servers: RealServers;

beforeAll(async () => {
  quietTemporal({ logLevel: 'silent' });
  servers = await startRealServers();
});
afterAll(async () => {
  await servers.stop();
});

test('failures of few causes flood the learner, and each finds its place', async () => {
  const { home, temporal, postgres } = servers;

  const report = await benchFlood({
    episodes: EPISODES,
    causes: CAUSES,
    atOnce: 50,
    config: readConfig({
      RATCHET_HOME: home,
      TEMPORAL_ADDRESS: temporal.address,
      DATABASE_URL: postgres.url,
    }),
    io: {
      note: () => undefined,
      progress: () => ({ update: () => undefined, end: () => undefined }),
    },
    signal: AbortSignal.timeout(280_000),
    workers: { workflowBundle: await workflowBundle() },
  });

  const { candidates, lessons, proposals, lost, reflections, learner } = report;
  expect(candidates).toBeLessThanOrEqual(CAUSES);
  expect({ lessons, lost, reflections }).toEqual({
    lessons: CAUSES,
    lost: 0,
    reflections: { merged: EPISODES },
  });
  expect(proposals).toMatchObject({ stored: EPISODES, refused: 0, waiting: 0 });
  expect(learner.runs).toBeGreaterThanOrEqual(1);
  expect(learner.longestEvents).toBeLessThan(4_096);
});
