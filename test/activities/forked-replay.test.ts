import { expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import {
  blameAfterReplay,
  planReplay,
  type ReplayPlan,
  type ReplayRun,
  type ReplayStore,
} from '../../src/activities/forked-replay.js';
import { createModelActivities } from '../../src/activities/model-activities.js';
import type { CompletedReply, CompletionInput } from '../../src/activities/model-activities.js';
import type { StoredEpisode } from '../../src/activities/store.js';
import { createToolActivities } from '../../src/activities/tool-activities.js';
import { unknownBlame, type Blame } from '../../src/domain/attribution/blame.js';
import { blameOf } from '../../src/domain/attribution/ladder.js';
import type { ModelStep, Trajectory } from '../../src/domain/episode.js';
import { LearningBudgetError } from '../../src/domain/errors.js';
import type { EpisodeId } from '../../src/domain/ids.js';
import { createToolRuntime } from '../../src/tools/tool-runtime.js';
import { FAILED, failure, ok, turn } from '../domain/trajectories.js';
import { anActivityEnvironment, runIn } from '../support/activity-environment.js';
import { AGENT, anEpisodeHead, EPISODE, FakeStore, TASK, TENANT } from '../support/fake-store.js';
import { anAgent, CountingTool } from '../support/tools.js';

/** Looks, books without a date, which fails, and gives up. */
const TRAJECTORY: Trajectory = turn(
  turn(
    turn([], 'let me look', [{ tool: 'add_row', arguments: { name: 'look' }, result: ok('free') }]),
    'booking',
    [{ tool: 'add_row', arguments: { name: 'book' }, result: failure('NO_DATE') }],
  ),
  'I could not book.',
);

const UNCORRECTED: Blame = {
  step: 3,
  method: 'critical-step',
  confidence: 0.5,
  reason: 'the date is missing',
  alternatives: [],
};
const BLAMED: Blame = {
  ...UNCORRECTED,
  correction: { kind: 'call', tool: 'add_row', arguments: '{"name":"book on 1 May"}' },
};

interface Arrangement {
  readonly replays?: number;
  readonly blame?: Blame;
  readonly spent?: number;
  readonly hasSandbox?: boolean;
  readonly mode?: StoredEpisode['mode'];
}

function arrange({
  replays = 3,
  blame = BLAMED,
  spent = 0,
  hasSandbox = true,
  mode = 'live',
}: Arrangement = {}) {
  const counting = new CountingTool();
  const { sandbox: _sandbox, ...real } = counting.tool();
  const agent = anAgent({
    tools: [hasSandbox ? counting.tool() : real],
    learning: { replays, shadowRunsPerDay: 100 },
  });
  const fake = new FakeStore();
  const scores = new Map<EpisodeId, number | null>();
  const source: StoredEpisode = {
    ...anEpisodeHead(),
    mode,
    number: 1,
    end: 'done',
    output: 'I could not book.',
    outcome: FAILED,
    steps: TRAJECTORY,
  };
  const store = {
    openEpisode: fake.openEpisode.bind(fake),
    putStep: fake.putStep.bind(fake),
    spentShadowRuns: async () => spent,
    episode: async (_tenant: string, id: EpisodeId): Promise<StoredEpisode> => {
      const score = scores.get(id);
      return { ...source, id, outcome: score === undefined ? null : { ...FAILED, score } };
    },
  };
  const ladder = blameOf([blame], []);
  const plan = (): Promise<ReplayPlan | null> => planReplay(store, agent, source, ladder);
  return { agent, counting, fake, ladder, plan, scores, store };
}

async function planned(arrangement: ReturnType<typeof arrange>): Promise<ReplayPlan> {
  const plan = await arrangement.plan();
  if (plan === null) throw new Error('found no plan, expected one');
  return plan;
}

test('both arms share the steps before the fork, and the patched one has the step changed', async () => {
  const arrangement = arrange();
  const { fake } = arrangement;

  const { step, at, replicates } = await planned(arrangement);

  expect({ step, at, replicates: replicates.length }).toEqual({ step: 3, at: 2, replicates: 3 });
  for (const { patched, control } of replicates) {
    expect(fake.stepsOf(control.episode)).toEqual(TRAJECTORY.slice(0, 2));
    const [first, second, changed, ...more] = fake.stepsOf(patched.episode);
    expect([first, second]).toEqual(TRAJECTORY.slice(0, 2));
    expect(more).toEqual([]);
    expect(changed).toMatchObject({
      index: 2,
      text: 'booking',
      toolCalls: [{ tool: 'add_row', arguments: '{"name":"book on 1 May"}' }],
    });
  }
});

test('every run is an exploration of the same task on the same version, with an episode of its own', async () => {
  const { replicates } = await planned(arrange());

  const runs = replicates.flatMap(({ patched, control }) => [patched, control]);
  expect(new Set(runs.map(({ episode }) => episode)).size).toBe(6);
  for (const { episode, start } of runs) {
    expect(start).toEqual({
      tenant: TENANT,
      agent: AGENT,
      task: TASK,
      mode: 'explore',
      run: { version: 'v-1', episode, candidate: null, model: 'gpt-test' },
    });
  }
});

test('the conversation of a run is that of the failed episode, lessons and all', async () => {
  const arrangement = arrange();
  const { replicates } = await planned(arrangement);

  const episode = replicates[0]?.control.episode ?? EPISODE;
  const { head } = await arrangement.fake.conversation(TENANT, episode);

  expect(head).toMatchObject({ mode: 'explore', system: 'Answer.', user: 'question: how many?' });
});

test('planning again opens nothing twice', async () => {
  const arrangement = arrange();

  const first = await arrangement.plan();

  expect(await arrangement.plan()).toEqual(first);
});

test.each<{ readonly kind: string; readonly arrangement: Arrangement }>([
  { kind: 'the settings allow none', arrangement: { replays: 0 } },
  { kind: 'a tool has no sandbox', arrangement: { hasSandbox: false } },
  { kind: 'the budget has nothing left', arrangement: { spent: 95 } },
  { kind: 'the episode was imported', arrangement: { mode: 'imported' } },
  {
    kind: 'nobody knows what would have been right',
    arrangement: { blame: UNCORRECTED },
  },
  { kind: 'nobody is blamed', arrangement: { blame: unknownBlame('no error') } },
])('plans nothing where $kind', async ({ arrangement }) => {
  expect(await arrange(arrangement).plan()).toBeNull();
});

test('plans nothing where others spend the rest of the budget while its runs are opened', async () => {
  const arrangement = arrange();
  const { store, agent, ladder, fake } = arrangement;
  const source = await store.episode(TENANT, EPISODE);
  const limits: (number | undefined)[] = [];
  const openEpisode: ReplayStore['openEpisode'] = async (head, perDay) => {
    limits.push(perDay);
    if (limits.length === 4) throw new LearningBudgetError(AGENT, 100);
    return fake.openEpisode(head);
  };

  const plan = await planReplay({ ...store, openEpisode }, agent, source, ladder);

  expect(plan).toBeNull();
  expect(limits).toEqual([100, 100, 100, 100]);
});

/** Asks for a model's reply the way `agentTask` does in its n-th step. */
async function stepsOfRun(arrangement: ReturnType<typeof arrange>, { episode }: ReplayRun) {
  const asked: CompletionInput[] = [];
  const complete = async (input: CompletionInput): Promise<CompletedReply> => {
    asked.push(input);
    const usage = { inputTokens: 1, outputTokens: 1 };
    return { model: input.model, text: 'Booked.', toolCalls: [], usage };
  };
  const { fake: store, agent } = arrangement;
  const agents = createAgentRegistry([agent]);
  const { callModel } = createModelActivities({ store, agents, models: { complete } });
  const { add_row: addRow } = createToolActivities({ store, agents, runtime: createToolRuntime() });
  if (addRow === undefined) throw new Error('found no activity add_row, expected one');
  const of = { tenant: TENANT, agent: AGENT, episode };
  const model = (step: number) =>
    runIn(anActivityEnvironment(), callModel, { ...of, step, temperature: 0, tools: 'offered' });
  const tool = (step: number, call: ModelStep['toolCalls'][number]) =>
    runIn(anActivityEnvironment(), addRow, {
      ...of,
      task: TASK,
      mode: 'explore',
      step,
      call,
      effectKey: `key-${String(step)}`,
    });
  return { asked, model, tool };
}

test('recorded steps are answered without a call, and the run goes on by itself after the patch', async () => {
  const arrangement = arrange();
  const { replicates } = await planned(arrangement);
  const patched = replicates[0]?.patched;
  if (patched === undefined) throw new Error('found no replicate, expected three');
  const { asked, model, tool } = await stepsOfRun(arrangement, patched);

  const first = await model(0);
  await tool(1, first.toolCalls[0] ?? { id: '', tool: '', arguments: '' });
  const changed = await model(2);
  expect(asked).toEqual([]);
  expect(arrangement.counting.effects).toEqual([]);

  await tool(3, changed.toolCalls[0] ?? { id: '', tool: '', arguments: '' });
  const last = await model(4);

  expect(arrangement.counting.effects.map(({ args }) => args)).toEqual([{ name: 'book on 1 May' }]);
  expect(last.text).toBe('Booked.');
  expect(asked).toHaveLength(1);
  expect(asked[0]?.messages.map(({ role }) => role)).toEqual([
    'system',
    'user',
    'assistant',
    'tool',
    'assistant',
    'tool',
  ]);
});

test('without a patch the model is asked anew from the fork on', async () => {
  const arrangement = arrange();
  const { replicates } = await planned(arrangement);
  const control = replicates[0]?.control;
  if (control === undefined) throw new Error('found no replicate, expected three');
  const { asked, model } = await stepsOfRun(arrangement, control);

  await model(0);
  expect(asked).toEqual([]);
  await model(2);

  expect(asked).toHaveLength(1);
});

async function replayed(patched: readonly (number | null)[], control: readonly (number | null)[]) {
  const arrangement = arrange();
  const replay = await planned(arrangement);
  for (const [index, replicate] of replay.replicates.entries()) {
    arrangement.scores.set(replicate.patched.episode, patched[index] ?? null);
    arrangement.scores.set(replicate.control.episode, control[index] ?? null);
  }
  return blameAfterReplay(arrangement.store, TENANT, { ...arrangement.ladder, replay });
}

test('the blame is verified where the patched arm wins every pair', async () => {
  expect(await replayed([1, 1, 1], [0, 0, 0])).toMatchObject({
    step: 3,
    method: 'forked-replay',
    isVerified: true,
  });
});

test('the blame is not verified where running again alone succeeds as often', async () => {
  expect(await replayed([1, 1, 1], [1, 1, 1])).toMatchObject({ isVerified: false, step: null });
});

test('the blame stays as it was where the infrastructure lost the runs', async () => {
  expect(await replayed([1, 1, null], [0, null, 0])).toMatchObject({
    step: 3,
    method: 'critical-step',
    isVerified: false,
    replays: [{ step: 3, verdict: 'open', pairs: 1 }],
  });
});

test('without a plan the blame stays as it was', async () => {
  const { ladder, store } = arrange();

  expect(await blameAfterReplay(store, TENANT, { ...ladder, replay: null })).toEqual(ladder);
});
