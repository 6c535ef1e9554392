import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { sqlAnalyst } from '../../examples/sql-analyst/agent.js';
import { createCompany, openCompany } from '../../examples/sql-analyst/company/create.js';
import { phases, questionDeck } from '../../examples/sql-analyst/story.js';
import type { House } from '../../src/cli/house.js';
import { startHouseWorkers } from '../../src/cli/house.js';
import { Rounds } from '../../src/cli/rounds.js';
import { taskId } from '../../src/contracts/ids.js';
import { isEnd } from '../../src/domain/candidate.js';
import { createModelClient } from '../../src/model/openai-client.js';
import { SIMULATED_MODEL, startSimulatedModel } from '../../src/model/simulated/server.js';
import { verifyAudit } from '../../src/store/audit.js';
import { deskAgent, deskQuestion, startDeskModel } from '../support/desk.js';
import { until } from '../support/poll.js';
import { openRealHouse, runTasks, scopeOf, startRealServers } from '../support/real-house.js';
import { workflowBundle } from '../support/workflow-bundle.js';

const closers: (() => Promise<void>)[] = [];
const desk = deskAgent();
let house: House;
let analyst: ReturnType<typeof sqlAnalyst>;

beforeAll(async () => {
  const servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  const simulated = await startSimulatedModel();
  closers.push(() => simulated.close());
  const scripted = await startDeskModel();
  closers.push(() => scripted.close());
  const place = { connectionString: house.databaseUrl, namespace: 'garden' };
  await createCompany(place);
  const company = openCompany(place);
  house.onClose(() => company.end());
  analyst = sqlAnalyst({
    model: { name: SIMULATED_MODEL },
    resources: () => Promise.resolve({ db: company }),
    learning: {
      rollout: {
        stages: [{ share: 0.5, minOutcomes: 10, minDurationMs: 0 }],
        probation: { outcomes: 60, minOutcomes: 30, durationMs: 7 * 86_400_000 },
      },
    },
  });
  const own = createModelClient({ baseUrl: simulated.url, apiKey: 'none' });
  await startHouseWorkers(house, {
    agents: [analyst, desk],
    models: {
      complete: (input) =>
        (input.model === SIMULATED_MODEL ? own : scripted.client).complete(input),
    },
    hasLocalModel: true,
    workflowBundle: await workflowBundle(),
  });
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const Metadata = z.object({ currentDetails: z.string().default('') });

/** What the Temporal UI shows of a run without our code. */
async function shownOf(workflowId: string) {
  const handle = house.temporal.workflow.getHandle(workflowId);
  const described = await handle.describe();
  const metadata = Metadata.parse(await handle.query('__temporal_workflow_metadata'));
  return {
    attributes: Object.fromEntries(
      described.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
    ),
    summary: await described.staticSummary(),
    details: metadata.currentDetails,
    memo: described.memo,
  };
}

async function idsListed(query: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of house.temporal.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

test('the example learns the names of its database and the notes reach their canary', async () => {
  const scope = scopeOf('garden', analyst);
  const rounds = new Rounds(house, scope, analyst);
  const deck = questionDeck(7);
  const [phase] = phases;
  const states: string[] = [];

  for (let round = 1; round <= 5 && !states.includes('canary'); round += 1) {
    const dealt = deck.deal(phase?.mix ?? { sales: 7, people: 7, stock: 6 });
    await rounds.run(
      dealt.map(({ text, area }, index) => ({
        id: taskId(`q-${String(round)}-${String(index)}`),
        input: { question: text, area },
      })),
    );
    await rounds.settle(AbortSignal.timeout(90_000));
    states.push(...(await house.store.candidates(scope)).map(({ state }) => state));
  }

  expect(states).toContain('canary');
  const [candidate] = await house.store.candidates(scope);
  if (candidate === undefined) throw new Error('there is no candidate');
  expect(candidate.lessons.length).toBeGreaterThan(3);
  const pairs = await house.store.pairsOf(scope.tenant, candidate.id, 'gate');
  const wins = pairs.filter((pair) => (pair.candidate.score ?? 0) > (pair.baseline.score ?? 0));
  expect(wins.length).toBeGreaterThanOrEqual(10);
});

/** Forty desk tasks of one cause, run once for the tests below. */
const failing = Array.from({ length: 40 }, (_, index) => ({
  id: `t-${String(index)}`,
  input: deskQuestion('helps', index),
}));
const deskScope = scopeOf('acme', desk);

test('forty failing tasks of one cause end as one candidate, and no other workflow is left', async () => {
  const results = await runTasks(house, desk, deskScope, failing);

  const candidate = await until('a candidate in its canary', async () => {
    const rows = await house.store.candidates(deskScope);
    return rows.find(({ state }) => state === 'canary');
  });
  await until('every other reflection has ended', async () => {
    const open = await idsListed(
      `WorkflowType = 'reflectAndUpdate' AND ExecutionStatus = 'Running' AND RatchetTenant = 'acme'`,
    );
    return open.length <= 1 ? open : undefined;
  });
  expect(results.filter(({ end, score }) => end === 'done' && score === 0)).toHaveLength(40);
  expect((await house.store.candidates(deskScope)).map(({ id }) => id)).toEqual([candidate.id]);
  const proposals = await Promise.all(
    results.map(({ episode }) => house.store.proposalsOf(deskScope.tenant, episode)),
  );
  const kinds = proposals.flat().map(({ result }) => result?.kind);
  expect(kinds.filter((kind) => kind === 'opened')).toHaveLength(1);
  expect(kinds.every((kind) => kind === 'opened' || kind === 'support')).toBe(true);
});

test('the canary is readable in the Temporal UI and found by its search attributes', async () => {
  const [candidate] = await house.store.candidates(deskScope);
  if (candidate === undefined) throw new Error('there is no candidate');

  const life = await shownOf(candidate.workflowId);
  const task = await shownOf('task/acme/desk/t-0');

  expect(life.attributes).toMatchObject({ RatchetCandidate: candidate.id, RatchetVerdict: 'pass' });
  expect(life.details).toContain('Canary');
  expect(task.attributes).toMatchObject({
    RatchetTenant: 'acme',
    RatchetAgent: 'desk',
    RatchetMode: 'live',
    RatchetSuccess: false,
    RatchetStrategy: candidate.baseline,
    RatchetSlices: ['desk=front'],
  });
  expect(task.summary).toBe('desk: t-0');
  expect(task.details).toContain('2 model calls, 1 tool calls');
  const listed = await until('the candidate is listed', async () => {
    const ids = await idsListed(`RatchetCandidate = '${candidate.id}'`);
    return ids.includes(candidate.workflowId) ? ids : undefined;
  });
  expect(listed).toContain(candidate.workflowId);
});

test('a reflection links the page of the candidate that it carries', async () => {
  const [candidate] = await house.store.candidates(deskScope);
  if (candidate === undefined) throw new Error('there is no candidate');

  const { memo } = await shownOf(candidate.workflowId);

  expect(memo).toEqual({ page: `/candidates/${encodeURIComponent(candidate.id)}?tenant=acme` });
});

test('feedback that is sent five times at once is stored once', async () => {
  const { tenant } = deskScope;
  const episode = (await house.store.taskInput(deskScope, taskId('t-0')))?.episode;
  const feedback = { actor: 'ann', role: 'user', score: 0, correction: null, comment: 'no' };
  const given = { id: 'feedback-1', episode, ...feedback };

  const answers = await Promise.all(
    Array.from({ length: 5 }, () => house.client.giveFeedback(tenant, given)),
  );

  expect(answers.filter(({ existing }) => !existing)).toHaveLength(1);
  const stored = await house.pool.query('select id from feedback where tenant = $1', [tenant]);
  expect(stored.rows).toEqual([{ id: 'feedback-1' }]);
});

test('live tasks carry the canary through probation, with one audit entry a transition', async () => {
  let next = 40;
  const ended = await until('the candidate has ended', async () => {
    const [candidate] = await house.store.candidates(deskScope);
    if (candidate !== undefined && isEnd(candidate.state)) return candidate;
    const more = Array.from({ length: 8 }, (_, index) => ({
      id: `t-${String(next + index)}`,
      input: deskQuestion('helps', next + index),
    }));
    next += more.length;
    await runTasks(house, desk, deskScope, more);
    return undefined;
  });

  expect(ended.state).toBe('promoted');
  const { tenant } = deskScope;
  const entries = await house.store.auditOf(tenant, { kind: 'candidate', id: ended.id }, 100);
  expect(entries.map(({ action }) => action)).toEqual([
    'evaluating',
    'passed',
    'canary',
    'probation',
    'promoted',
  ]);
  expect(await verifyAudit(house.pool, tenant)).toMatchObject({ intact: true });
  const pointer = await house.store.pointer(deskScope);
  expect(pointer).toMatchObject({ active: ended.version, canary: null });
  await house.temporal.workflow.getHandle(ended.workflowId).result();
  const life = await shownOf(ended.workflowId);
  expect(life.details).toMatch(
    /^\*\*promoted\*\*: probation of [\s\S]*\*\*pass: [\s\S]*logE[\s\S]*- promoted /,
  );
});
