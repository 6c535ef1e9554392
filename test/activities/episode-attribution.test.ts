import { expect, test } from 'vitest';

import { attributeEpisode } from '../../src/activities/episode-attribution.js';
import type { CompletedReply, CompletionInput } from '../../src/activities/model-activities.js';
import { ModelUnavailableError } from '../../src/contracts/model-errors.js';
import type { SpectrumEpisode } from '../../src/domain/attribution/spectrum.js';
import type { Outcome, Step, Trajectory } from '../../src/domain/episode.js';
import { FAILED, failure, ok, SUCCEEDED, turn } from '../domain/trajectories.js';
import { anEpisodeHead } from '../support/fake-store.js';
import { anAgent } from '../support/tools.js';

/** A model that gives one reply after the other, the last one for ever, or throws. */
class FakeModel {
  readonly asked: CompletionInput[] = [];
  readonly #replies: readonly (string | Error)[];

  constructor(...replies: readonly (string | Error)[]) {
    this.#replies = replies;
  }

  async complete(input: CompletionInput): Promise<CompletedReply> {
    this.asked.push(input);
    const reply = this.#replies[Math.min(this.asked.length, this.#replies.length) - 1] ?? '';
    if (reply instanceof Error) throw reply;
    const usage = { inputTokens: 1, outputTokens: 1 };
    return { model: input.model, text: reply, toolCalls: [], usage };
  }
}

const call = (result: ReturnType<typeof ok>): Trajectory =>
  turn(turn([], 'so', [{ tool: 'book', arguments: {}, result }]), 'it is done');

interface Arrangement {
  readonly trajectory?: Trajectory;
  readonly outcome?: Outcome;
  readonly cluster?: readonly SpectrumEpisode[];
  readonly reflectionModel?: string;
  readonly replays?: number;
  readonly model?: FakeModel;
}

function attributed({
  trajectory = call(ok('booked')),
  outcome = FAILED,
  cluster = [],
  reflectionModel,
  replays = 0,
  model = new FakeModel('{"step":0,"confidence":1,"reason":"it guessed"}'),
}: Arrangement) {
  let clusters = 0;
  const store = {
    cluster: async () => {
      clusters += 1;
      return cluster;
    },
    spentShadowRuns: async () => 0,
    episode: async () => null,
    openEpisode: async () => ({ head: anEpisodeHead(), steps: [] }),
    putStep: async (_tenant: string, _episode: string, step: Step) => step,
  };
  const learning = { replays, ...(reflectionModel === undefined ? {} : { reflectionModel }) };
  const episode = {
    ...anEpisodeHead(),
    number: 1,
    end: 'done' as const,
    output: 'it is done',
    outcome,
    steps: trajectory,
  };
  const blame = attributeEpisode({ store, models: model }, anAgent({ learning }), episode);
  return { blame, model, clusters: () => clusters };
}

const others: readonly SpectrumEpisode[] = [
  { trajectory: call(failure('FULL')), hasFailed: true },
  { trajectory: call(ok('booked')), hasFailed: false },
  { trajectory: call(ok('booked')), hasFailed: false },
];

test('a fatal error on the way to the output is sure enough: no other rung is asked', async () => {
  const first = turn([], 'so', [
    { tool: 'query', arguments: { key: 'alpha_1' }, result: failure('BAD', 'beta_2') },
  ]);
  const { blame, model, clusters } = attributed({
    trajectory: turn(first, 'it is beta_2, it is done'),
    reflectionModel: 'thinker',
  });

  expect(await blame).toMatchObject({ step: 1, method: 'backward-slice', isVerified: false });
  expect(clusters()).toBe(0);
  expect(model.asked).toEqual([]);
});

test('a replay that needs something to put in place asks the model, however sure the slice is', async () => {
  const first = turn([], 'so', [
    { tool: 'query', arguments: { key: 'alpha_1' }, result: failure('BAD', 'beta_2') },
  ]);
  const { blame, model } = attributed({
    trajectory: turn(first, 'it is beta_2, it is done'),
    reflectionModel: 'thinker',
    replays: 3,
    model: new FakeModel('{"step":0,"confidence":1,"instead":{"text":"I do not know."}}'),
  });

  const { step, replay } = await blame;

  expect(step).toBe(1);
  expect(replay).toMatchObject({ step: 0, at: 0 });
  expect(model.asked).toHaveLength(1);
});

test('compares with episodes like it where the slice is not sure', async () => {
  const { blame, model } = attributed({ trajectory: call(failure('FULL')), cluster: others });

  const { step, levels } = await blame;

  expect(step).toBe(1);
  expect(levels.map(({ method }) => method)).toContain('spectrum');
  expect(model.asked).toEqual([]);
});

test('asks the model that the agent names, where no rung below is sure', async () => {
  const { blame, model } = attributed({ reflectionModel: 'thinker' });

  const { step, levels } = await blame;

  expect(levels).toHaveLength(3);
  expect(levels[2]).toMatchObject({ step: 0, method: 'critical-step', confidence: 0.5 });
  expect(step).toBe(0);
  expect(model.asked).toMatchObject([{ model: 'thinker', temperature: 0, functions: [] }]);
});

test('holds the model to a schema, and sends back once what is not in form', async () => {
  const model = new FakeModel('step 0, I think', '{"step":0,"confidence":1,"reason":"so"}');
  const { blame } = attributed({ reflectionModel: 'thinker', model });

  const { levels } = await blame;

  expect(levels[2]).toMatchObject({ step: 0, method: 'critical-step' });
  expect(model.asked).toHaveLength(2);
  expect(model.asked[0]?.replySchema).toMatchObject({ name: 'critical_step' });
  expect(model.asked[1]?.messages.at(-1)?.content).toContain('found no JSON object, expected one');
});

test.each([
  ['no JSON', 'step 0', 'NOT_JSON'],
  ['no step', '{"reason":"?"}', 'MALFORMED'],
  ['a step of another run', '{"step":17}', 'STEP_UNKNOWN'],
])('a model that twice replies with %s leaves the rung unknown', async (_, reply, code) => {
  const model = new FakeModel(reply);
  const { blame } = attributed({ reflectionModel: 'thinker', model });

  const { levels } = await blame;

  expect(levels[2]).toMatchObject({ step: null, method: 'unknown' });
  expect(levels[2]?.reason).toContain(`thinker replied out of form, ${code}: `);
  expect(model.asked).toHaveLength(2);
});

test('a model that does not answer leaves the rung unknown', async () => {
  const model = new FakeModel(new ModelUnavailableError('HTTP 503'));
  const { blame } = attributed({ reflectionModel: 'thinker', model });

  const { levels } = await blame;

  expect(levels[2]).toMatchObject({
    method: 'unknown',
    reason: 'thinker could not be asked: ModelUnavailableError',
  });
});

test('a fault of our own is not taken for a model that is away', async () => {
  const model = new FakeModel(new TypeError('broken'));
  const { blame } = attributed({ reflectionModel: 'thinker', model });

  await expect(blame).rejects.toThrow('broken');
});

test.each([
  ['a success', SUCCEEDED],
  ['an episode nobody could judge', { ...FAILED, score: null }],
])('of %s no rung is asked', async (_, outcome) => {
  const { blame, model, clusters } = attributed({ outcome, reflectionModel: 'thinker' });

  expect(await blame).toMatchObject({ step: null, method: 'unknown' });
  expect(clusters()).toBe(0);
  expect(model.asked).toEqual([]);
});

test('plans the runs that would test the blame where the settings allow them', async () => {
  const reply =
    '{"step":0,"confidence":1,"reason":"it guessed","instead":{"text":"I do not know."}}';
  const asking = { reflectionModel: 'thinker', model: new FakeModel(reply) };

  const { replay } = await attributed({ ...asking, replays: 3 }).blame;

  expect(replay).toMatchObject({ step: 0, at: 0 });
  expect(replay?.replicates).toHaveLength(3);
  expect((await attributed(asking).blame).replay).toBeNull();
});
