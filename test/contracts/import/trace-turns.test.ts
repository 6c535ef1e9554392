import { expect, test } from 'vitest';

import { itemsIn, linesOf, readOptions, runsIn } from '../../support/import-lines.js';

type Attributes = Readonly<Record<string, unknown>>;

let spans = 0;

function span(start: number, attributes: Attributes, changes: object = {}) {
  spans += 1;
  const context = { trace_id: 'ab', span_id: String(spans) };
  return { name: 's', context, parent_id: null, start_time: start, attributes, ...changes };
}

function messages(name: string, list: readonly (readonly [string, string])[]): Attributes {
  return Object.fromEntries(
    list.flatMap(([role, content], at) => [
      [`llm.${name}_messages.${String(at)}.message.role`, role],
      [`llm.${name}_messages.${String(at)}.message.content`, content],
    ]),
  );
}

const LLM = { 'openinference.span.kind': 'LLM' };

function call(given: readonly (readonly [string, string])[], ...said: readonly string[]) {
  const answers = said.map((text) => ['assistant', text] as const);
  return { ...LLM, ...messages('input', given), ...messages('output', answers) };
}

const toolCall = {
  ...LLM,
  ...messages('input', [['user', 'How many?']]),
  'llm.output_messages.0.message.role': 'assistant',
  'llm.output_messages.0.message.tool_calls.0.tool_call.id': 'c1',
  'llm.output_messages.0.message.tool_calls.0.tool_call.function.name': 'seats',
  'llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments': '{"flight": "F1"}',
};
const afterTool = {
  ...call([], 'Twelve.'),
  ...messages('input', [
    ['user', 'How many?'],
    ['assistant', ''],
    ['tool', '12'],
    ['user', 'Be short.'],
  ]),
  'llm.input_messages.1.message.tool_calls.0.tool_call.id': 'c1',
  'llm.input_messages.1.message.tool_calls.0.tool_call.function.name': 'seats',
  'llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments': '{"flight":"F1"}',
  'llm.input_messages.2.message.tool_call_id': 'c1',
};
const toolSpan = {
  'openinference.span.kind': 'TOOL',
  'tool.name': 'seats',
  'input.value': '{"flight":"F1"}',
  'output.value': '{"seats":12}',
};

/** What was said by whom, step by step. */
async function stepsOf(...records: readonly unknown[]): Promise<readonly string[]> {
  const [run] = await runsIn(linesOf(...records), readOptions('openinference'));
  return (run?.steps ?? []).map((step) =>
    step.kind === 'tool' ? `${step.tool}: ${step.result.content}` : `agent: ${step.text}`,
  );
}

async function faultsOf(format: 'openinference' | 'otel-genai', ...records: readonly unknown[]) {
  const items = await itemsIn(linesOf(...records), readOptions(format));
  return items.filter(({ kind }) => kind === 'bad');
}

test('with tool spans, what the person says later stands in its place, and a result once', async () => {
  expect(await stepsOf(span(1, toolCall), span(2, toolSpan), span(3, afterTool))).toEqual([
    'agent: ',
    'seats: {"seats":12}',
    'user: Be short.',
    'agent: Twelve.',
  ]);
});

test('without tool spans the results are those that the next call was given', async () => {
  expect(await stepsOf(span(1, toolCall), span(2, afterTool))).toEqual([
    'agent: ',
    'seats: 12',
    'user: Be short.',
    'agent: Twelve.',
  ]);
});

test('calls that repeat no history, or only the end of it, tell all that was said', async () => {
  const first = span(1, call([['user', 'yes']], 'One?'));
  const second = span(2, call([['user', 'Two']], 'Two.'));
  const third = span(
    3,
    call(
      [
        ['assistant', 'Two.'],
        ['user', 'yes'],
      ],
      'Done.',
    ),
  );

  expect(await stepsOf(first, second, third)).toEqual([
    'agent: One?',
    'user: Two',
    'agent: Two.',
    'user: yes',
    'agent: Done.',
  ]);
});

test('a trace of two agents tells both', async () => {
  const steps = await stepsOf(
    span(1, call([['user', 'Research it']], 'RESULT')),
    span(
      2,
      call(
        [
          ['system', 'You write.'],
          ['user', 'Write it'],
        ],
        'TEXT',
      ),
    ),
  );

  expect(steps).toEqual(['agent: RESULT', 'user: Write it', 'agent: TEXT']);
});

test('a call that two instrumentations recorded, and a span delivered twice, count once', async () => {
  const outer = span(1, call([['user', 'Hi']], 'Hello'));
  const inner = span(2, call([['user', 'Hi']], 'Hello'), { parent_id: outer.context.span_id });

  expect(await stepsOf(outer, inner, inner)).toEqual(['agent: Hello']);
});

test('two spans of one id that differ are a fault', async () => {
  const one = span(1, call([['user', 'Hi']], 'Hello'));
  const other = { ...one, attributes: call([['user', 'Hi']], 'Bye') };

  expect(await faultsOf('openinference', one, other)).toMatchObject([
    { line: 1, code: 'MALFORMED', message: expect.stringContaining('span.span_id') },
  ]);
});

test('of several choices none is taken for the answer', async () => {
  expect(await faultsOf('openinference', span(1, call([['user', 'Hi']], 'A', 'B')))).toMatchObject([
    { code: 'MALFORMED', message: expect.stringContaining('found 2 choices, expected one') },
  ]);
});

test('prompts and choices of completions are read, and messages kept as JSON', async () => {
  const completion = {
    ...LLM,
    'llm.prompts.0.prompt.text': 'Hi',
    'llm.choices.0.completion.text': 'Hello',
  };
  const asJson = {
    ...LLM,
    'llm.input_messages': JSON.stringify([{ message: { role: 'user', content: 'Hi' } }]),
    'llm.output_messages': JSON.stringify([{ role: 'assistant', content: 'Hello' }]),
  };

  expect(await stepsOf(span(1, completion))).toEqual(['agent: Hello']);
  expect(await stepsOf(span(1, asJson))).toEqual(['agent: Hello']);
});

test('a model call whose answer cannot be read is a fault, not an empty step', async () => {
  const faults = await faultsOf('openinference', span(1, { ...LLM, 'input.value': 'Hi' }));

  expect(faults).toMatchObject([{ code: 'EMPTY_RUN', line: 1 }]);
  expect(
    await faultsOf('openinference', span(1, { ...LLM, 'llm.output_messages': 'no JSON' })),
  ).toMatchObject([{ code: 'MALFORMED' }]);
});

test('a row of a table of spans is a span, with its times in seconds', async () => {
  const row = (id: string, start: number, text: string) => ({
    'context.trace_id': 'ab',
    'context.span_id': id,
    start_time: start,
    span_kind: 'LLM',
    'attributes.llm.output_messages': [{ 'message.role': 'assistant', 'message.content': text }],
  });

  expect(await stepsOf(row('2', 1767225601.75, 'Two'), row('1', 1767225601.5, 'One'))).toEqual([
    'agent: One',
    'agent: Two',
  ]);
});

const evaluator = (score: Attributes) => ({ 'openinference.span.kind': 'EVALUATOR', ...score });

test('a verdict stands above a score, and a score of another scale is refused', async () => {
  const said = span(1, call([['user', 'Hi']], 'Hello'));
  const failed = span(2, evaluator({ 'eval.score': 4, 'eval.label': 'fail' }));

  const [run] = await runsIn(linesOf(said, failed), readOptions('openinference'));

  expect(run?.recorded).toMatchObject({ success: false, reward: 4 });
  expect(
    await faultsOf('openinference', said, span(2, evaluator({ 'eval.score': 85 }))),
  ).toMatchObject([
    { code: 'MALFORMED', message: expect.stringContaining('eval.score: found 85') },
  ]);
});

const genAi = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' };

test('GenAI messages may stand in an event, in the form of OpenAI or under the role model', async () => {
  const input = JSON.stringify([{ role: 'user', content: 'Hi' }]);
  const output = JSON.stringify([
    { role: 'model', parts: [{ type: 'text', content: 'Hello' }, { type: 'blob' }] },
  ]);
  const name = 'gen_ai.client.inference.operation.details';
  const attributes = { 'gen_ai.input.messages': input, 'gen_ai.output.messages': output };

  const [run] = await runsIn(
    linesOf(span(1, genAi, { events: [{ name, attributes }] })),
    readOptions('otel-genai'),
  );

  expect(run).toMatchObject({ user: 'Hi', output: 'Hello[blob]', model: 'm' });
});

test('GenAI choices beyond one and answers that were not captured are faults', async () => {
  const message = { role: 'assistant', parts: [{ type: 'text', content: 'A' }] };
  const two = { ...genAi, 'gen_ai.output.messages': JSON.stringify([message, message]) };

  expect(await faultsOf('otel-genai', span(1, two))).toMatchObject([{ code: 'MALFORMED' }]);
  expect(await faultsOf('otel-genai', span(1, genAi))).toMatchObject([{ code: 'EMPTY_RUN' }]);
});

const seats = { id: 'c1', type: 'function', function: { name: 'seats', arguments: '{"f":1}' } };

function event(name: string, attributes: Attributes) {
  return { name: `gen_ai.${name}`, attributes: { 'gen_ai.system': 'openai', ...attributes } };
}

function body(value: object): Attributes {
  return { 'gen_ai.event.content': JSON.stringify(value) };
}

test.each([
  [
    'as fields of the events',
    [
      event('system.message', { content: 'You sell.' }),
      event('user.message', { content: 'How many?', role: 'user' }),
      event('choice', {
        index: 0,
        finish_reason: 'tool_calls',
        message: JSON.stringify({ role: 'assistant', content: '', tool_calls: [seats] }),
      }),
    ],
    [
      event('user.message', { content: 'How many?' }),
      event('assistant.message', { tool_calls: JSON.stringify([seats]) }),
      event('tool.message', { id: 'c1', content: '12' }),
      event('choice', { index: 0, 'message.role': 'assistant', 'message.content': 'Twelve.' }),
    ],
  ],
  [
    'as JSON in each event',
    [
      event('system.message', body({ content: 'You sell.' })),
      event('user.message', body({ role: 'user', content: 'How many?' })),
      event('choice', body({ index: 0, message: { tool_calls: [seats] } })),
    ],
    [
      event('user.message', body({ content: 'How many?' })),
      event('assistant.message', body({ tool_calls: [seats] })),
      event('tool.message', body({ id: 'c1', content: '12' })),
      event('choice', body({ index: 0, message: { role: 'model', content: 'Twelve.' } })),
    ],
  ],
  [
    'as lists of parts',
    [
      event('system.message', { content: '[{"text":"You sell."}]' }),
      event('user.message', { content: '[{"text":"How "},{"text":"many?"}]' }),
      event('choice', {
        finish_reason: 'tool_use',
        message: '[{"toolUse":{"toolUseId":"c1","name":"seats","input":{"f":1}}}]',
      }),
    ],
    [
      event('user.message', { content: '[{"text":"How many?"}]' }),
      event('tool.message', {
        content: '[{"toolResult":{"toolUseId":"c1","content":[{"text":"12"}]}}]',
      }),
      event('choice', { finish_reason: 'end_turn', message: '[{"text":"Twelve."}]' }),
    ],
  ],
  [
    'as two events for all of them',
    [
      event('content.prompt', {
        'gen_ai.prompt': JSON.stringify([
          { role: 'system', content: 'You sell.' },
          { role: 'user', content: 'How many?' },
        ]),
      }),
      event('content.completion', {
        'gen_ai.completion': JSON.stringify([{ role: 'assistant', tool_calls: [seats] }]),
      }),
    ],
    [
      event('content.prompt', {
        'gen_ai.prompt': JSON.stringify([{ role: 'tool', tool_call_id: 'c1', content: '12' }]),
      }),
      event('content.completion', {
        'gen_ai.completion': JSON.stringify([{ content: 'Twelve.' }]),
      }),
    ],
  ],
])('GenAI messages in events of their own are read, %s', async (_form, first, second) => {
  const calls = [
    span(1_700_000_000.25, genAi, { events: first }),
    span(1_700_000_001.75, genAi, { events: second }),
  ];

  const [run] = await runsIn(linesOf(...calls), readOptions('otel-genai'));

  expect(run).toMatchObject({ system: 'You sell.', user: 'How many?', output: 'Twelve.' });
  expect(run?.steps).toMatchObject([
    { kind: 'model', toolCalls: [{ id: 'c1', tool: 'seats', arguments: '{"f":1}' }] },
    { kind: 'tool', tool: 'seats', result: { ok: true, content: '12' } },
    { kind: 'model', text: 'Twelve.' },
  ]);
});

test('what a person wrote stays as it was written, also where it is JSON', async () => {
  const events = [
    event('user.message', { content: '[1, 2]' }),
    event('choice', { message: '{"content":"{\\"sum\\":3}"}' }),
  ];

  const [run] = await runsIn(linesOf(span(1, genAi, { events })), readOptions('otel-genai'));

  expect(run).toMatchObject({ user: '[1, 2]', output: '{"sum":3}' });
});

test('two choices in events are as little one answer as two of an attribute', async () => {
  const choice = (index: number) => event('choice', { index, message: '{"content":"A"}' });
  const events = [event('user.message', { content: 'Hi' }), choice(0), choice(1)];

  expect(await faultsOf('otel-genai', span(1, genAi, { events }))).toMatchObject([
    { code: 'MALFORMED', message: expect.stringContaining('2 choices') },
  ]);
});
