import { expect, test } from 'vitest';

import { proposedOfCluster } from '../../src/activities/cluster-proposals.js';
import type { ClusterEpisode } from '../../src/activities/cluster-store.js';
import type { CompletedReply, CompletionInput } from '../../src/activities/model-activities.js';
import type { Store } from '../../src/activities/store.js';
import type { AgentDefinition } from '../../src/contracts/agent.js';
import { episodeId, taskId } from '../../src/contracts/ids.js';
import { ModelUnavailableError } from '../../src/contracts/model-errors.js';
import type { Outcome, Trajectory } from '../../src/domain/episode.js';
import { lessonText } from '../../src/domain/lesson.js';
import { FAILED, failure, ok, SUCCEEDED, turn } from '../domain/trajectories.js';
import { anEpisodeHead } from '../support/fake-store.js';
import { anAgent } from '../support/tools.js';

/** A model that gives one reply after the other, or throws. */
class FakeModel {
  readonly asked: CompletionInput[] = [];
  readonly #replies: (string | Error)[];

  constructor(...replies: (string | Error)[]) {
    this.#replies = replies;
  }

  async complete(input: CompletionInput): Promise<CompletedReply> {
    this.asked.push(input);
    const reply = this.#replies.shift() ?? '';
    if (reply instanceof Error) throw reply;
    const usage = { inputTokens: 1, outputTokens: 1 };
    return { model: input.model, text: reply, toolCalls: [], usage };
  }
}

const booking = (flight: string): Trajectory =>
  turn(turn([], '', [{ tool: 'find', arguments: { to: 'Oslo' }, result: ok(flight) }]), '', [
    { tool: 'book', arguments: { flight }, result: ok('done') },
  ]);

const REPLY = JSON.stringify({
  lessons: [
    { kind: 'rule', title: 'ask first', text: 'Ask for the date before you search.', steps: [1] },
  ],
});

interface Arrangement {
  readonly outcome?: Outcome;
  readonly model?: FakeModel;
  readonly learning?: AgentDefinition['learning'];
  readonly steps?: Trajectory;
  readonly revealsSomething?: boolean;
  readonly shifts?: Awaited<ReturnType<Store['shiftsOf']>>;
}

async function proposed({
  outcome = FAILED,
  model = new FakeModel(REPLY),
  learning = { reflectionModel: 'thinker' },
  steps = booking('flight-live'),
  revealsSomething = false,
  shifts = [],
}: Arrangement = {}) {
  const other = (id: string, hasFailed: boolean): ClusterEpisode => ({
    episode: episodeId(`e-${id}`),
    task: taskId(id),
    input: { question: 'Book a flight' },
    slices: { air: 'north' },
    score: hasFailed ? 0 : 1,
    hasFailed,
    trajectory: booking(`flight-${id}`),
  });
  const store = {
    cluster: async () => [other('p1', false), other('p2', false), other('f1', true)],
    isPoolLarge: async () => false,
    shiftsOf: async () => shifts,
  };
  const live = {
    ...anEpisodeHead(),
    slices: { air: 'north' },
    input: { question: 'Book a flight' },
    steps,
    number: 1,
    end: 'done' as const,
    output: 'done',
    outcome,
  };
  const agent = anAgent({ learning });
  const agents = { digests: () => ({ policyDigest: 'p', toolDigests: {} }) };
  return proposedOfCluster({ store, agents, models: model }, agent, live, revealsSomething);
}

test('asks nobody and mines nothing unless the settings name a model or the layer', async () => {
  const model = new FakeModel(REPLY);

  expect(await proposed({ learning: {}, model })).toEqual([]);
  expect(await proposed({ learning: {}, model, outcome: SUCCEEDED })).toEqual([]);
  expect(model.asked).toEqual([]);
});

test('turns what a model makes of a failure into drafts of medium trust', async () => {
  const drafts = await proposed();

  expect(drafts).toMatchObject([
    {
      kind: 'rule',
      title: 'ask first',
      trust: 'medium',
      sources: [{ channel: 'reflection', principal: 'thinker' }],
      evidence: [{ steps: [1], role: 'failure' }],
    },
  ]);
});

test('shows the model the episodes that succeeded beside the one that failed', async () => {
  const model = new FakeModel(REPLY);

  await proposed({ model });

  const shown = model.asked[0]?.messages[1]?.content ?? '';
  expect(shown).toContain('flight-live');
  expect(shown).toContain('another episode that succeeded, 2');
  expect(shown).toContain('flight-p2');
  expect(shown).not.toContain('flight-f1');
});

test('tells the model of changes that only moved failures', async () => {
  const model = new FakeModel(REPLY);
  const categories = [
    { name: 'timeout', baseline: 12, candidate: 3 },
    { name: 'wrong-table', baseline: 2, candidate: 11 },
  ];

  await proposed({ model, shifts: [{ title: 'ask for less', categories }] });

  const shown = model.asked[0]?.messages[1]?.content ?? '';
  expect(shown).toContain('ask for less: timeout 12 -> 3, wrong-table 2 -> 11');
});

test('sends a reply that is out of form back once, with what was wrong', async () => {
  const model = new FakeModel('{"lessons": 7}', `Here it is:\n\`\`\`json\n${REPLY}\n\`\`\``);

  const drafts = await proposed({ model });

  expect(drafts).toHaveLength(1);
  expect(model.asked[1]?.messages.at(-1)?.content).toContain('lessons');
});

test.each([
  ['twice nothing in form', new FakeModel('none', 'none')],
  ['no answer', new FakeModel(new ModelUnavailableError('503'))],
])('goes on without the model after %s', async (_, model) => {
  expect(await proposed({ model })).toEqual([]);
});

test('mines procedures of tasks that succeeded where the agent names the layer', async () => {
  const drafts = await proposed({
    outcome: SUCCEEDED,
    learning: { layers: { procedures: 'approve' } },
  });

  expect(drafts.map(({ body }) => lessonText(body))).toEqual([
    '1. Call `find` with `to` = Oslo.\n2. Call `book` with `flight` from step 1.',
  ]);
  expect(drafts[0]?.evidence).toHaveLength(3);
});

const recovered: Trajectory = turn(
  turn([], '', [{ tool: 'find', arguments: { to: 'oslo' }, result: failure('NO_CITY') }]),
  '',
  [{ tool: 'find', arguments: { to: 'Oslo' }, result: ok('F1') }],
);

test.each([
  ['got past an error', { steps: recovered }],
  ['revealed something new', { revealsSomething: true }],
])('asks the model about a success that %s, for what to do from the start', async (_, of) => {
  const model = new FakeModel(REPLY);

  const drafts = await proposed({ ...of, outcome: SUCCEEDED, model });

  expect(drafts).toMatchObject([{ evidence: [{ role: 'success' }] }]);
  expect(model.asked[0]?.messages[0]?.content).toContain('got past what stood in its way');
});

test('does not ask the model about a success without anything in its way', async () => {
  const model = new FakeModel(REPLY);

  expect(await proposed({ outcome: SUCCEEDED, model })).toEqual([]);
  expect(model.asked).toEqual([]);
});
