import { expect, test } from 'vitest';

import { candidateId } from '../../src/contracts/ids.js';
import { searchAttributes } from '../../src/workflows/search-attributes.js';
import { abort, approve, candidateProgress } from '../../src/workflows/messages.js';
import type { ReflectInput } from '../../src/workflows/reflect-and-update.js';
import {
  aWorldWhere,
  canaryTraffic,
  DAY_MS,
  OWNER,
  reach,
  SHORT_ROLLOUT,
  stored,
  throughCanary,
  traffic,
  type Carrier,
} from '../support/candidate-story.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import type { World } from '../support/workflow-house.js';

/** So few that a run holds one or two looks at outcomes. */
const FEW_EVENTS = { maxHistoryEvents: 15 } as const;
const LONG_CANARY = { stages: [{ share: 0.5, minOutcomes: 200, minDurationMs: 0 }] };

const house = houseOfFile('real');

function aWorld(plan: World['learning']['plan'] = {}): World {
  const world = aWorldWhere(house, 'is better');
  world.learning.plan = { rollout: SHORT_ROLLOUT, ...plan };
  world.learning.policy = { concurrency: 4 };
  return world;
}

async function runOf(carrier: Carrier): Promise<string> {
  return (await carrier.describe()).runId;
}

/** Waits for another run of it, and answers which. */
function nextRun(carrier: Carrier, before: string): Promise<string> {
  return until('another run', async () => {
    const run = await runOf(carrier);
    return run === before ? undefined : run;
  });
}

/** Live tasks a few at a time, so that they are read in many looks. */
async function inPortions(
  { learning }: World,
  { workflowId }: Carrier,
  count: number,
  send: () => Promise<void>,
): Promise<void> {
  for (let sent = 0; sent < count && !learning.states().includes('rolled-back'); sent += 1) {
    await send();
    await until('it has read them', () =>
      Promise.resolve(
        learning.isWaiting(workflowId) || learning.states().includes('rolled-back') || undefined,
      ),
    );
  }
}

test('a wait for a person goes on in another run and ends when the first one would have', async () => {
  const world = aWorld({ permission: 'approve', approvalTimeoutMs: 10_000 });
  const carrier = await house.startReflection(world, 'e1', FEW_EVENTS);
  const first = await runOf(carrier);
  await reach(carrier, 'waiting');
  const startMs = Date.now();
  await nextRun(carrier, first);

  const before = await carrier.query(candidateProgress);
  const result = await carrier.result();

  const waitedMs = ((await carrier.describe()).closeTime?.getTime() ?? 0) - startMs;
  expect(before.stage).toBe('waiting');
  expect(result.reason).toMatch(/^expired: nobody said approve in time/);
  expect(waitedMs).toBeGreaterThanOrEqual(9_000);
  expect(waitedMs).toBeLessThan(19_000);
});

/** What a canary that does harm is taken back by. */
async function canaryEvidence(more: Partial<ReflectInput>) {
  const world = aWorld({ rollout: { ...SHORT_ROLLOUT, ...LONG_CANARY } });
  const carrier = await house.startReflection(world, 'e1', more);
  await stored(world, 'canary');
  const first = await runOf(carrier);
  await inPortions(world, carrier, 4, () => canaryTraffic(world, 4, { canary: 1, control: 1 }));
  await inPortions(world, carrier, 20, () => canaryTraffic(world, 5, { canary: 0, control: 1 }));
  const { end } = await carrier.result();
  const later = await runOf(carrier);
  const { reason, detail } = world.learning.last('rolled-back') ?? expect.fail();
  return { end, reason, detail, hasContinued: later !== first };
}

test('a canary that continues as new alarms on the same evidence as one that does not', async () => {
  const continued = await canaryEvidence(FEW_EVENTS);
  const whole = await canaryEvidence({});

  expect(continued.hasContinued).toBe(true);
  expect(whole.hasContinued).toBe(false);
  expect({ ...continued, hasContinued: false }).toEqual(whole);
  expect(whole.end).toBe('rolled-back');
});

/** What a promotion that does harm is taken back by. */
async function probationEvidence(more: Partial<ReflectInput>) {
  const long = { outcomes: 400, minOutcomes: 30, durationMs: 7 * DAY_MS };
  const world = aWorld({ rollout: { ...SHORT_ROLLOUT, probation: long } });
  const carrier = await house.startReflection(world, 'e1', more);
  await throughCanary(world);
  await reach(carrier, 'probation');
  const first = await runOf(carrier);
  await inPortions(world, carrier, 4, () => traffic(world, 6, 1));
  await inPortions(world, carrier, 20, () => traffic(world, 5, 0));
  const { end } = await carrier.result();
  const later = await runOf(carrier);
  const { reason, detail } = world.learning.last('rolled-back') ?? expect.fail();
  return { end, reason, detail, hasContinued: later !== first };
}

test('a probation that continues as new alarms on the same evidence as one that does not', async () => {
  const continued = await probationEvidence(FEW_EVENTS);
  const whole = await probationEvidence({});

  expect(continued.hasContinued).toBe(true);
  expect(whole.hasContinued).toBe(false);
  expect({ ...continued, hasContinued: false }).toEqual(whole);
  expect(whole.end).toBe('rolled-back');
});

test('promotes in many runs of one workflow id, which keep what is shown and searched by', async () => {
  const world = aWorld();
  const { tenant, agent } = world.scope;
  const candidate = candidateId(`${tenant}.c1`);
  const carrier = await house.env.client.workflow.start('reflectAndUpdate', {
    workflowId: `reflect/${tenant}.e1`,
    taskQueue: house.queue,
    args: [{ tenant, agent, episode: `${tenant}.e1`, ...FEW_EVENTS }],
    memo: { page: '/?tenant=t' },
    typedSearchAttributes: searchAttributes.owner(world.scope),
  });
  await throughCanary(world);
  await stored(world, 'probation');
  await inPortions(world, carrier, 2, () => traffic(world, 5, 1));
  const described = await carrier.describe();
  const progress = await carrier.query(candidateProgress);

  await traffic(world, 20, 1);
  const result: unknown = await carrier.result();

  expect(result).toMatchObject({ end: 'promoted', candidate });
  expect(described.runId).not.toBe(carrier.firstExecutionRunId);
  expect(described.memo).toEqual({ page: `/candidates/${candidate}?tenant=${tenant}` });
  const attributes = described.typedSearchAttributes
    .getAll()
    .map(({ key, value }) => [key.name, value]);
  expect(Object.fromEntries(attributes)).toMatchObject({
    RatchetTenant: tenant,
    RatchetCandidate: candidate,
    RatchetVerdict: 'pass',
  });
  expect(progress).toMatchObject({ stage: 'probation', candidate });
  const ends = ['evaluating', 'passed', 'canary', 'probation', 'promoted'];
  expect(world.learning.states()).toEqual(ends);
  expect(world.learning.last('probation')?.detail).toMatchObject({ canaryOutcomes: 20 });
});

test('a person is heard by the run that is there, and what they said is carried on', async () => {
  const world = aWorld({
    permission: 'approve',
    rollout: { ...SHORT_ROLLOUT, ...LONG_CANARY },
  });
  const carrier = await house.startReflection(world, 'e1', FEW_EVENTS);
  const first = await runOf(carrier);
  await reach(carrier, 'waiting');
  const second = await nextRun(carrier, first);
  await carrier.executeUpdate(approve, { args: [OWNER] });
  await stored(world, 'canary');
  await inPortions(world, carrier, 4, () => canaryTraffic(world, 3, { canary: 1, control: 1 }));
  await nextRun(carrier, second);

  await carrier.executeUpdate(abort, { args: [OWNER] });
  const result = await carrier.result();

  expect(result).toMatchObject({ end: 'aborted', reason: 'abort: I looked at it' });
  expect(world.learning.canary).toBeNull();
  expect(world.learning.audit.filter(({ to }) => to === 'aborted')).toHaveLength(1);
});
