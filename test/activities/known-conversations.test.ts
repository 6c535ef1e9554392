import { expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { KnownConversations } from '../../src/activities/known-conversations.js';
import { createModelActivities } from '../../src/activities/model-activities.js';
import type { Conversation } from '../../src/activities/store.js';
import { episodeId } from '../../src/contracts/ids.js';
import type { Step, ToolStep } from '../../src/domain/episode.js';
import { anActivityEnvironment, runIn } from '../support/activity-environment.js';
import { AGENT, anEpisodeHead, EPISODE, FakeStore, TENANT } from '../support/fake-store.js';
import { anAgent } from '../support/tools.js';

const head = anEpisodeHead();
const NOTHING = { head, steps: [] };

function aStep(index: number, content = 'three'): ToolStep {
  const call = { callId: `call-${String(index)}`, tool: 'count', arguments: '{}' };
  return { index, kind: 'tool', ...call, result: { ok: true, content } };
}

function knowing(...steps: readonly Step[]): KnownConversations {
  const known = new KnownConversations();
  known.read(TENANT, EPISODE, 'run-1', NOTHING);
  for (const step of steps) known.stored(TENANT, EPISODE, step);
  return known;
}

test('what was read and stored since is known, in its order', () => {
  const known = knowing(aStep(1), aStep(0));

  const found = known.ofLength(TENANT, EPISODE, 2, 'run-1');

  expect(found).toEqual({ head, steps: [aStep(0), aStep(1)] });
});

test.each([
  ['a step is missing', knowing(aStep(0), aStep(2)), 3, 'run-1'],
  ['there are steps after it', knowing(aStep(0), aStep(1)), 1, 'run-1'],
  ['another run asks', knowing(aStep(0)), 1, 'run-2'],
  ['it was never read', new KnownConversations(), 0, 'run-1'],
  ['it grew long', knowing(aStep(0, 'x'.repeat(200_001))), 1, 'run-1'],
])('a conversation is not known where %s', (_, known, count, run) => {
  expect(known.ofLength(TENANT, EPISODE, count, run)).toBeUndefined();
});

test('a step stays what it was first stored as', () => {
  const known = knowing(aStep(0, 'first'), aStep(0, 'second'));

  expect(known.ofLength(TENANT, EPISODE, 1)?.steps).toEqual([aStep(0, 'first')]);
});

test('the least recently used conversation is dropped first', () => {
  const known = new KnownConversations(2);
  const others = ['e-2', 'e-3'].map((id) => ({ ...head, id: episodeId(id) }));
  known.read(TENANT, EPISODE, 'run-1', NOTHING);
  for (const other of others) {
    known.ofLength(TENANT, EPISODE, 0);
    known.read(TENANT, other.id, 'run-1', { head: other, steps: [] });
  }

  const kept = [EPISODE, ...others.map(({ id }) => id)].map(
    (id) => known.ofLength(TENANT, id, 0) !== undefined,
  );

  expect(kept).toEqual([true, false, true]);
});

/** Counts readings. */
class ReadStore extends FakeStore {
  readings = 0;

  override conversation(...of: Parameters<FakeStore['conversation']>): Promise<Conversation> {
    this.readings += 1;
    return super.conversation(...of);
  }
}

test('a run reads its conversation once; another attempt and another run read it anew', async () => {
  const store = new ReadStore();
  const usage = { inputTokens: 1, outputTokens: 1 };
  const complete = () => Promise.resolve({ model: 'm', text: 'said', toolCalls: [], usage });
  const agents = createAgentRegistry([anAgent()]);
  const { callModel } = createModelActivities({ store, agents, models: { complete } });
  const call = async (step: number, attempt: number, runId: string) => {
    const info = { attempt, workflowExecution: { workflowId: 'w', runId } };
    const of = { tenant: TENANT, agent: AGENT, episode: EPISODE };
    await runIn(anActivityEnvironment(info), callModel, {
      ...of,
      step,
      temperature: 0,
      tools: 'offered',
    });
    return store.readings;
  };

  const readings = [
    await call(0, 1, 'run-1'),
    await call(1, 1, 'run-1'),
    await call(2, 2, 'run-1'),
    await call(3, 1, 'run-1'),
    await call(3, 1, 'run-1'),
    await call(4, 1, 'run-2'),
    await call(5, 1, 'run-2'),
  ];

  expect(readings).toEqual([1, 1, 2, 2, 3, 4, 4]);
});
