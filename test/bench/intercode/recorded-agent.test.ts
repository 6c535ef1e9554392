import { expect, test } from 'vitest';
import { inputOfTask, recordedAgent } from '../../../src/bench/intercode/recorded-agent.js';
import type { Agent } from '../../../src/contracts/agent.js';
import type { Evaluation } from '../../../src/contracts/evaluator.js';
import type { Trajectory } from '../../../src/domain/episode.js';
import { libraryOf, type Library } from '../../../src/model/recorded/cast.js';
import { readRecordedTasks, readRuns } from '../../../src/model/recorded/dataset.js';
import { writeSmallRecording } from '../../model/recorded/small-recording.js';

async function aLibrary(): Promise<Library> {
  const data = await readRecordedTasks(await writeSmallRecording());
  const runs = await Promise.all(
    data.configs.map(async (config) => [config, await readRuns(data, config)] as const),
  );
  return libraryOf(data, new Map(runs));
}

async function anAgent(onStep?: (config: string, step: number) => void): Promise<Agent> {
  return recordedAgent({
    library: await aLibrary(),
    casting: { mode: 'S', plain: 'plain', informed: 'informed' },
    explore: 'explore',
    recallLimit: 3,
    ...(onStep === undefined
      ? {}
      : {
          onStep: (run, step) => {
            onStep(run.config, step);
          },
        }),
  });
}

async function call(agent: Agent, callId: string, sql: string): Promise<unknown> {
  const [tool] = agent.tools;
  if (tool === undefined) throw new Error('the agent has a tool');
  return tool.run(
    { sql },
    {
      signal: new AbortController().signal,
      effectKey: 'k',
      callId,
      episode: 'e',
      task: { id: 't-0', input: {} },
      resources: {},
    },
  );
}

function played(...callIds: readonly string[]): Trajectory {
  return callIds.map((callId, index) => ({
    index,
    kind: 'tool',
    callId,
    tool: 'execute_sql',
    arguments: '{}',
    result: { ok: true, content: '' },
  }));
}

async function evaluate(agent: Agent, trajectory: Trajectory): Promise<Evaluation | undefined> {
  return agent.evaluators[0]?.evaluate({
    task: { id: 't-0', input: {} },
    output: '',
    trajectory,
    resources: {},
    signal: new AbortController().signal,
  });
}

test('hands on what was recorded for the step that a call names, and tells of it', async () => {
  const told: string[] = [];
  const agent = await anAgent((config, step) => told.push(`${config} ${String(step)}`));

  const result = await call(agent, 'made-up/explore/t-0#2', 'SELECT COUNT(*) FROM dog');

  expect(result).toBe('[(3,)]');
  expect(told).toEqual(['explore 2']);
});

test('refuses a call that was not recorded or was recorded with other SQL', async () => {
  const agent = await anAgent();

  await expect(call(agent, 'made-up/explore/t-0#2', 'SELECT 1')).rejects.toThrow('sql: found');
  await expect(call(agent, 'call_1', 'SELECT 1')).rejects.toThrow('the id of a recorded step');
});

test('scores an episode as the run that was played was recorded', async () => {
  const agent = await anAgent();

  expect(await evaluate(agent, played('made-up/informed/t-0#0'))).toMatchObject({ score: 1 });
  expect(await evaluate(agent, played('made-up/plain/t-0#0'))).toMatchObject({
    score: 0,
    category: 'wrong-answer',
  });
});

test('cannot score a run that was not played to its end', async () => {
  const agent = await anAgent();

  expect(await evaluate(agent, played('made-up/explore/t-0#0'))).toMatchObject({ score: null });
  expect(await evaluate(agent, [])).toMatchObject({ score: null });
});

test('names the database and the hardness of a task as its slices', async () => {
  const agent = await anAgent();
  const library = await aLibrary();
  const [task] = library.data.tasks;
  if (task === undefined) throw new Error('there is a task');

  const input = inputOfTask(library, task);

  expect(input).toEqual({ database: 'pets', question: 'How many dogs are there?' });
  expect(agent.slices({ input })).toEqual({ database: 'pets', hardness: 'easy' });
});
