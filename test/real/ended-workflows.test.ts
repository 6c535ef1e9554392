import { afterAll, beforeAll, expect, test } from 'vitest';

import { learnerId } from '../../src/client/messenger.js';
import type { CandidateRow } from '../../src/activities/store.js';
import type { House } from '../../src/cli/house.js';
import { ConflictError } from '../../src/domain/errors.js';
import type { Scope } from '../../src/domain/ids.js';
import type { CandidateState } from '../../src/domain/candidate.js';
import type { maintainMemory } from '../../src/workflows/maintain-memory.js';
import { learnerState } from '../../src/workflows/messages.js';
import { deskAgent, deskQuestion, startDeskModel } from '../support/desk.js';
import { until } from '../support/poll.js';
import {
  openRealHouse,
  runTasks,
  scopeOf,
  startDeskWorkers,
  startRealServers,
} from '../support/real-house.js';

const closers: (() => Promise<void>)[] = [];
const desk = deskAgent();
const OLGA = { actor: 'olga', role: 'owner', reason: 'nobody carries it' } as const;
let house: House;

beforeAll(async () => {
  const servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  const model = await startDeskModel();
  closers.push(() => model.close());
  await startDeskWorkers(house, [desk], model);
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

function reached(scope: Scope, state: CandidateState): Promise<CandidateRow> {
  return until(`${scope.tenant}: ${state}`, async () =>
    (await house.store.candidates(scope)).find((row) => row.state === state),
  );
}

/** A candidate in evaluation, whose workflow is terminated there, or in the canary that a person forced it to. */
async function terminated(tenant: string, state: 'evaluating' | 'canary') {
  const scope = scopeOf(tenant, desk);
  const tasks = [1, 2, 3, 4].map((at) => ({
    id: `t-${String(at)}`,
    input: deskQuestion('helps', at),
  }));
  await runTasks(house, desk, scope, tasks);
  const { id } = await reached(scope, 'evaluating');
  if (state === 'canary') {
    await until('its force is taken', () =>
      house.client.decide(scope.tenant, id, 'force', OLGA).then(
        () => true as const,
        () => undefined,
      ),
    );
  }
  const row = await reached(scope, state);
  await house.temporal.workflow.getHandle(row.workflowId).terminate('by hand');
  return { scope, id };
}

/** What the learner still keeps for anybody. */
async function kept(scope: Scope): Promise<readonly string[]> {
  const learner = house.temporal.workflow.getHandle(learnerId(scope));
  const { evaluating, canary, canaryQueue, reserved } = await learner.query(learnerState);
  return [...evaluating, ...(canary === null ? [] : [canary]), ...canaryQueue, ...reserved];
}

async function endsOf(scope: Scope, id: CandidateRow['id']) {
  const entries = await house.store.auditOf(scope.tenant, { kind: 'candidate', id }, 50);
  return entries.filter(({ reason }) => /^(abort|rollback): /.test(reason));
}

test('abort ends a candidate whose workflow was terminated, and frees what the learner kept', async () => {
  const { scope, id } = await terminated('lost-evaluation', 'evaluating');

  const refused = house.client.decide(scope.tenant, id, 'approve', OLGA);

  await expect(refused).rejects.toThrow(ConflictError);
  await expect(refused).rejects.toThrow(
    /evaluating, and its workflow ended.*possible: abort, veto/,
  );
  await house.client.decide(scope.tenant, id, 'abort', OLGA);
  expect((await house.store.candidate(scope.tenant, id))?.state).toBe('aborted');
  expect(await kept(scope)).toEqual([]);
  expect(await endsOf(scope, id)).toHaveLength(1);
});

test('rollback takes a canary back whose workflow was terminated, with one audit entry', async () => {
  const { scope, id } = await terminated('lost-canary', 'canary');

  const done = await house.client.rollback(scope, OLGA);

  expect(done).toMatchObject({ isChanged: true, ended: [id] });
  expect((await house.store.candidate(scope.tenant, id))?.state).toBe('rolled-back');
  expect((await house.store.pointer(scope))?.canary).toBeNull();
  expect(await kept(scope)).toEqual([]);
  expect(await endsOf(scope, id)).toHaveLength(1);
});

test('a round of its memory takes back a canary that nobody carries, and leaves others alone', async () => {
  const { scope, id } = await terminated('lost-unseen', 'canary');
  const { workflow } = house.temporal;
  const start = (of: Scope) =>
    workflow.start<typeof maintainMemory>('maintainMemory', {
      workflowId: `maintain/${of.tenant}/${of.agent}`,
      taskQueue: house.taskQueue,
      args: [of],
    });
  const round = await start(scope);
  const carried = scopeOf('carried', desk);
  await runTasks(house, desk, carried, [{ id: 't-1', input: deskQuestion('helps', 1) }]);
  const alive = await reached(carried, 'evaluating');
  const other = await start(carried);

  expect((await other.result()).uncarried).toEqual([]);
  expect((await house.store.candidate(carried.tenant, alive.id))?.state).toBe('evaluating');
  expect((await round.result()).uncarried).toEqual([id]);
  expect((await house.store.candidate(scope.tenant, id))?.state).toBe('rolled-back');
  expect((await house.store.pointer(scope))?.canary).toBeNull();
  expect(await kept(scope)).toEqual([]);
});
