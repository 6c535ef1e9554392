import { expect, test } from 'vitest';

import {
  anInterCodeRun,
  itemsIn,
  linesOf,
  MESSAGES,
  readOptions,
  runsIn,
} from '../../support/import-lines.js';

test('a record may have a list of its own under any name', async () => {
  const source = linesOf(
    anInterCodeRun({ run_id: 'a', data: [] }),
    anInterCodeRun({ run_id: 'b', spans: [{ x: 1 }] }),
    anInterCodeRun({ run_id: 'c', entities: [] }),
  );

  const runs = await runsIn(source, readOptions('intercode'));

  expect(runs.map(({ runId }) => runId)).toEqual(['a', 'b', 'c']);
});

test('a span with a list beside its ids is a span, a list without ids is its spans', async () => {
  const span = { trace_id: 'ab', span_id: '1', start_time: 1, data: [] };
  const items = await itemsIn(
    linesOf(span, { spans: [{ ...span, span_id: '2' }] }),
    readOptions('openinference'),
  );

  expect(items.filter(({ kind }) => kind === 'record')).toHaveLength(2);
});

test('trials that went alike word for word are runs of their own', async () => {
  const trials = [0, 1, 2].map((trial) => ({ task_id: 3, trial, reward: 1, traj: MESSAGES }));

  const runs = await runsIn(linesOf(...trials, trials[0]), readOptions('tau-bench'));

  const [first, second, third, again] = runs.map(({ runId }) => runId);
  expect(new Set([first, second, third]).size).toBe(3);
  expect(again).toBe(first);
});

test('chats alike but for what is said of them are different runs, also under one bare id', async () => {
  const other = [{ role: 'user', content: 'Hello' }, MESSAGES[3]];
  const source = linesOf(
    { messages: MESSAGES, success: true },
    { messages: MESSAGES, success: false },
    { id: 5, agent: 'a', messages: MESSAGES },
    { id: 5, agent: 'b', messages: other },
  );

  const runs = await runsIn(source, readOptions('openai-chat'));

  expect(new Set(runs.map(({ runId }) => runId)).size).toBe(4);
});

test('ALTK-Evolve trajectories of other outcomes are different runs', async () => {
  const source = linesOf(
    { messages: MESSAGES, outcome: { success: true } },
    { messages: MESSAGES, outcome: { success: false } },
  );

  const [passed, failed] = await runsIn(source, readOptions('altk-evolve'));

  expect(passed?.runId).not.toBe(failed?.runId);
});

test('an agent that is named for the import stands above the one of a record', async () => {
  const source = linesOf({ agent: 'theirs', messages: MESSAGES });
  const { agent } = readOptions('lessons');

  const [run] = await runsIn(source, readOptions('openai-chat', { agent }));

  expect(run?.agent).toBe('clerk');
});

test('an attribute nested too deep is a fault of its line, and the others are read', async () => {
  const of = (trace: string, attributes: object) => ({
    trace_id: trace,
    span_id: '1',
    start_time: 1,
    attributes: {
      'openinference.span.kind': 'LLM',
      'input.value': 'Hi',
      'output.value': 'Hello',
      ...attributes,
    },
  });
  const deep = Array.from({ length: 30_000 }, () => 'a').join('.');

  const items = await itemsIn(
    linesOf(of('good', {}), of('bad', { [deep]: 1 }), of('fine', {})),
    readOptions('openinference'),
  );

  expect(items.flatMap((item) => (item.kind === 'run' ? [item.run.runId] : []))).toEqual([
    'good',
    'fine',
  ]);
  expect(items.filter(({ kind }) => kind === 'bad')).toMatchObject([{ line: 2, code: 'TOO_DEEP' }]);
});

test('a refusal is what the agent said', async () => {
  const refusal = { role: 'assistant', content: null, refusal: 'I cannot do that.' };

  const [run] = await runsIn(linesOf([MESSAGES[0], refusal]), readOptions('openai-chat'));

  expect(run).toMatchObject({
    output: 'I cannot do that.',
    steps: [{ kind: 'model', text: 'I cannot do that.' }],
  });
});

test('calls of custom tools are calls with their input, in messages and in items', async () => {
  const custom = { id: 'c1', type: 'custom', custom: { name: 'sql', input: 'select 1' } };
  const messages = [
    MESSAGES[0],
    { role: 'assistant', content: null, tool_calls: [custom] },
    { role: 'tool', tool_call_id: 'c1', content: '1' },
  ];
  const items = [
    MESSAGES[0],
    { type: 'custom_tool_call', call_id: 'c1', name: 'sql', input: 'select 1' },
    { type: 'custom_tool_call_output', call_id: 'c1', output: '1' },
  ];

  const runs = await runsIn(linesOf(messages, items), readOptions('openai-chat'));

  const steps = [
    { kind: 'model', toolCalls: [{ id: 'c1', tool: 'sql', arguments: 'select 1' }] },
    { kind: 'tool', tool: 'sql', arguments: 'select 1', result: { content: '1' } },
  ];
  expect(runs).toMatchObject([{ steps }, { steps }]);
});
