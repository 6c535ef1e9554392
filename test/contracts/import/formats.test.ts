import { expect, test } from 'vitest';

import { runsIn, itemsIn, linesOf, MESSAGES, readOptions } from '../../support/import-lines.js';

const STEPS = [
  { index: 0, kind: 'model', text: '', toolCalls: [{ tool: 'seats' }] },
  { index: 1, kind: 'tool', tool: 'seats', arguments: '{"flight":"F1"}' },
  { index: 2, kind: 'model', text: 'Twelve.', toolCalls: [] },
];

test('a chat transcript becomes model and tool steps, and what the person said later', async () => {
  const [run] = await runsIn(linesOf([...MESSAGES]), readOptions('openai-chat'));

  expect(run).toMatchObject({
    agent: 'openai-chat',
    user: 'How many seats?',
    output: 'Twelve.',
    steps: [...STEPS, { index: 3, tool: 'user', result: { ok: true, content: 'Thanks' } }],
    recorded: { success: null, turns: 2 },
  });
});

test('the same transcript has the same run, and another one another', async () => {
  const other = [{ role: 'user', content: 'Hello' }, MESSAGES[3]];

  const runs = await runsIn(
    linesOf([...MESSAGES], [...MESSAGES], other),
    readOptions('openai-chat'),
  );

  expect(runs[0]?.runId).toBe(runs[1]?.runId);
  expect(runs[0]?.runId).not.toBe(runs[2]?.runId);
});

test('items of the Agents SDK and legacy function calls are the same conversation', async () => {
  const items = [
    MESSAGES[0],
    { type: 'reasoning', summary: [] },
    { type: 'function_call', call_id: 'c1', name: 'seats', arguments: '{"flight":"F1"}' },
    { type: 'function_call_output', call_id: 'c1', output: '12' },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Twelve.' }] },
  ];
  const legacy = [
    MESSAGES[0],
    {
      role: 'assistant',
      content: null,
      function_call: { name: 'seats', arguments: '{"flight":"F1"}' },
    },
    { role: 'function', name: 'seats', content: '12' },
    MESSAGES[3],
  ];

  const runs = await runsIn(linesOf(items, legacy), readOptions('openai-chat'));

  expect(runs).toMatchObject([{ steps: STEPS }, { steps: STEPS }]);
});

test('a result that begins with an error is an error with its code', async () => {
  const messages = [
    MESSAGES[0],
    MESSAGES[1],
    { role: 'tool', tool_call_id: 'c1', content: 'Error FLIGHT_UNKNOWN: no such flight' },
    MESSAGES[3],
  ];

  const [run] = await runsIn(linesOf({ task_id: 3, messages }), readOptions('tau-bench'));

  expect(run?.steps[1]).toMatchObject({
    result: { ok: false, code: 'FLIGHT_UNKNOWN', content: 'Error FLIGHT_UNKNOWN: no such flight' },
  });
});

test('results as tau-bench itself writes them are read too, and a reward of 1 is success', async () => {
  const [run] = await runsIn(
    linesOf({ task_id: 3, trial: 1, reward: 1, info: {}, traj: [...MESSAGES] }),
    readOptions('tau-bench'),
  );

  expect(run).toMatchObject({
    agent: 'tau-bench',
    task: '3',
    recorded: { success: true, reward: 1, trial: 1 },
  });
});

test('an ALTK-Evolve batch is one run by its identity, whatever its revision says anew', async () => {
  const batch = { source: 's', conversation_id: 'c', batch_id: 'b', revision: '1' };
  const outcome = { success: false, failed_checks: ['rows'], detail: 'none came' };
  const of = (revision: string) => ({
    messages: MESSAGES,
    batch: { ...batch, revision },
    outcome,
    metadata: { agent_id: 'clerk', user_id: 'u7' },
  });

  const [first, again, later] = await runsIn(
    linesOf(of('1'), of('1'), of('2')),
    readOptions('altk-evolve'),
  );

  expect(first).toMatchObject({
    agent: 'clerk',
    subject: 'u7',
    category: 'rows',
    detail: 'none came',
    recorded: { success: false },
  });
  expect(again?.runId).toBe(first?.runId);
  expect(later?.runId).not.toBe(first?.runId);
});

test('an ALTK-Evolve guideline is a rule of medium trust whose support counts nothing', async () => {
  const entity = {
    id: '7',
    type: 'guideline',
    content: 'Read the schema before you write a query.',
    created_at: '2026-01-01',
    metadata: { agent_id: 'clerk', support: 40, evidence: 'success', trigger: 'an unknown schema' },
  };
  const document = JSON.stringify({ id: 'ns', entities: [entity] }, null, 2);

  const items = await itemsIn(document, readOptions('altk-evolve'));

  expect(items.find(({ kind }) => kind === 'lesson')).toMatchObject({
    agent: 'clerk',
    draft: {
      kind: 'rule',
      trust: 'medium',
      trigger: { when: 'an unknown schema' },
      sources: [{ channel: 'reflection', authority: 0 }],
    },
  });
});

const openInference = [
  {
    name: 'agent',
    context: { trace_id: '0xab', span_id: '0x1' },
    parent_id: null,
    start_time: '2026-01-01T00:00:00.000000+00:00',
    status_code: 'OK',
    attributes: {
      'openinference.span.kind': 'AGENT',
      'agent.name': 'clerk',
      'user.id': 'u7',
      'input.value': 'How many seats?',
    },
  },
  {
    name: 'llm',
    context: { trace_id: '0xab', span_id: '0x2' },
    parent_id: '0x1',
    start_time: '2026-01-01T00:00:01.000000+00:00',
    span_kind: 'LLM',
    attributes: {
      llm: {
        model_name: 'm',
        token_count: { prompt: 11, completion: 3 },
        input_messages: [{ message: { role: 'user', content: 'How many seats?' } }],
        output_messages: [
          {
            message: {
              role: 'assistant',
              tool_calls: [
                {
                  tool_call: {
                    id: 'c1',
                    function: { name: 'seats', arguments: '{"flight":"F1"}' },
                  },
                },
              ],
            },
          },
        ],
      },
    },
  },
  {
    name: 'seats',
    context: { trace_id: '0xab', span_id: '0x3' },
    parent_id: '0x1',
    start_time: '2026-01-01T00:00:02.000000+00:00',
    attributes: {
      'openinference.span.kind': 'TOOL',
      'tool.name': 'seats',
      'input.value': '{"flight":"F1"}',
      'output.value': '12',
    },
  },
  {
    name: 'llm',
    context: { trace_id: '0xab', span_id: '0x4' },
    parent_id: '0x1',
    start_time: '2026-01-01T00:00:03.000000+00:00',
    attributes: {
      'openinference.span.kind': 'LLM',
      'llm.output_messages.0.message.role': 'assistant',
      'llm.output_messages.0.message.content': 'Twelve.',
    },
  },
];

test('OpenInference spans of a trace are one run, in whatever order they stand', async () => {
  const [run, ...more] = await runsIn(
    linesOf(...openInference.toReversed()),
    readOptions('openinference'),
  );

  expect(more).toEqual([]);
  expect(run).toMatchObject({
    runId: 'ab',
    agent: 'clerk',
    subject: 'u7',
    model: 'm',
    user: 'How many seats?',
    output: 'Twelve.',
    steps: STEPS,
    recorded: { success: null, turns: 2 },
  });
  expect(run?.steps[0]).toMatchObject({ usage: { inputTokens: 11, outputTokens: 3 } });
});

const text = (value: string) => ({ stringValue: value });
const otlp = (spans: readonly unknown[]) => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: text('shop') }] },
      scopeSpans: [{ spans }],
    },
  ],
});
const chat = {
  traceId: 'cd',
  spanId: '2',
  parentSpanId: '1',
  name: 'chat m',
  startTimeUnixNano: '1767225601000000000',
  attributes: [
    { key: 'gen_ai.operation.name', value: text('chat') },
    { key: 'gen_ai.request.model', value: text('m') },
    { key: 'gen_ai.usage.input_tokens', value: { intValue: '11' } },
    {
      key: 'gen_ai.input.messages',
      value: text(
        JSON.stringify([
          { role: 'user', parts: [{ type: 'text', content: 'How many seats?' }] },
          {
            role: 'assistant',
            parts: [{ type: 'tool_call', id: 'c1', name: 'seats', arguments: { flight: 'F1' } }],
          },
          { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: '12' }] },
        ]),
      ),
    },
    {
      key: 'gen_ai.output.messages',
      value: text(
        JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content: 'Twelve.' }] }]),
      ),
    },
  ],
};
const root = {
  traceId: 'cd',
  spanId: '1',
  name: 'invoke_agent clerk',
  startTimeUnixNano: '1767225600000000000',
  attributes: [
    { key: 'gen_ai.operation.name', value: text('invoke_agent') },
    { key: 'gen_ai.agent.name', value: text('clerk') },
  ],
  events: [
    {
      name: 'gen_ai.evaluation.result',
      attributes: [{ key: 'gen_ai.evaluation.score.value', value: { doubleValue: 0.25 } }],
    },
  ],
};

test('an OTLP export of GenAI spans is read with the conversation that the last call repeats', async () => {
  const [run] = await runsIn(linesOf(otlp([chat]), otlp([root])), readOptions('otel-genai'));

  expect(run).toMatchObject({
    runId: 'cd',
    agent: 'clerk',
    model: 'm',
    steps: STEPS,
    output: 'Twelve.',
    recorded: { success: false, reward: 0.25, strategy: 'invoke_agent clerk' },
  });
});

test('a trace that failed as a whole did not succeed', async () => {
  const failed = { ...root, events: [], status: { code: 2 } };

  const [run] = await runsIn(linesOf(otlp([failed, chat])), readOptions('otel-genai'));

  expect(run?.recorded.success).toBe(false);
});

test('secrets are gone before anything can write them, and personal data where asked', async () => {
  const key = ['sk', 'live', '0123456789abcdefXY'].join('-');
  const said = { role: 'user', content: `My key is ${key}, write to ann@example.com` };

  const [kept] = await runsIn(linesOf([said, MESSAGES[3]]), readOptions('openai-chat'));
  const [bare] = await runsIn(
    linesOf([said, MESSAGES[3]]),
    readOptions('openai-chat', { redaction: 'personal' }),
  );

  expect(JSON.stringify(kept)).not.toContain(key);
  expect(kept?.user).toBe('My key is [secret], write to ann@example.com');
  expect(bare?.user).toBe('My key is [secret], write to [e-mail address]');
  expect(JSON.stringify(bare)).not.toContain('ann@');
});

test('a Markdown list is lessons: headings say when, brackets which slices', async () => {
  const markdown = [
    '# For the clerk',
    'Anything else is for people.',
    '- Answer in one sentence.',
    '## When a count is asked for',
    '* [kind=count] Count distinct rows',
    '  unless the question says otherwise.',
    '1. orders(id, total)',
    '```',
    '- no lesson',
    '```',
  ].join('\n');

  const items = await itemsIn(markdown, readOptions('lessons'));

  const drafts = items.flatMap((item) => (item.kind === 'lesson' ? [item.draft] : []));
  expect(drafts).toMatchObject([
    { kind: 'rule', trigger: { when: '' }, body: { text: 'Answer in one sentence.' } },
    {
      kind: 'rule',
      trigger: {
        when: 'When a count is asked for',
        predicates: [{ field: 'kind', op: 'eq', value: 'count' }],
      },
      body: { text: 'Count distinct rows\nunless the question says otherwise.' },
    },
    { kind: 'tool-note', trust: 'high', body: { text: 'orders(id, total)' } },
  ]);
});
