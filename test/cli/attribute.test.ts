import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from './run-command.js';

const Suspect = { step: z.int(), agent: z.string(), confidence: z.number().min(0).max(1) };
/** Field by field as FORMATS.md has it. */
const Answer = z.union([
  z.strictObject({
    id: z.string(),
    ...Suspect,
    method: z.literal('step-score'),
    alternatives: z.array(z.strictObject(Suspect)),
  }),
  z.strictObject({ id: z.string(), step: z.null(), method: z.literal('unknown') }),
]);

const aStep = (more: object = {}) => ({
  i: 0,
  agent: 'Coder',
  role: 'assistant',
  content: 'There are 47 lighthouses.',
  ...more,
});
const aLine = (more: object = {}): string =>
  JSON.stringify({ id: 'c1', question: 'How many lighthouses?', steps: [aStep()], ...more });

const attribute = (lines: readonly string[], ...options: readonly string[]) =>
  runCommandLine(['attribute', ...options], {}, '/nowhere', lines.join('\n'));

test('answers a line a trajectory, in input order', async () => {
  const ids = ['b', 'a', 'b', 'c'];

  const { code, out } = await attribute(ids.map((id) => aLine({ id })));

  expect(code).toBe(0);
  const answers = out
    .trimEnd()
    .split('\n')
    .map((line) => Answer.parse(JSON.parse(line)));
  expect(answers.map(({ id }) => id)).toEqual(ids);
});

test('answers the same with and without --json', async () => {
  const lines = [aLine(), aLine({ id: 'c2', steps: [] })];

  expect((await attribute(lines, '--json')).out).toBe((await attribute(lines)).out);
});

test('says unknown of a trajectory without a step of an agent', async () => {
  const steps = [
    aStep({ agent: 'human', role: 'human' }),
    aStep({ i: 1, agent: 'search', role: 'tool', content: 'nothing' }),
  ];

  const { out } = await attribute([aLine({ steps })]);

  expect(JSON.parse(out)).toEqual({ id: 'c1', step: null, method: 'unknown' });
});

test('names the number of the blamed step, not its place', async () => {
  const { out } = await attribute([aLine({ steps: [aStep({ i: 41 })] })]);

  expect(JSON.parse(out)).toMatchObject({ step: 41, agent: 'Coder', method: 'step-score' });
});

test('reads steps with tools, with their arguments and errors', async () => {
  const tool = { name: 'search', arguments: { q: ['lighthouses', 1, null] }, error: 'HTTP 500' };

  const { code } = await attribute([
    aLine({ steps: [aStep({ tool }), aStep({ i: 1, tool: null })] }),
  ]);

  expect(code).toBe(0);
});

test('reads a trajectory of several megabytes', async () => {
  const steps = Array.from({ length: 30 }, (_, i) => aStep({ i, content: 'word '.repeat(20_000) }));

  const { code, out } = await attribute([aLine({ steps })]);

  expect(code).toBe(0);
  expect(out).toContain('"id":"c1"');
});

const withStep = (more: object): string => aLine({ steps: [aStep(), aStep({ i: 1, ...more })] });

describe('refuses the whole input, by line and field', () => {
  test.each<{ readonly kind: string; readonly line: string; readonly says: string }>([
    { kind: 'no JSON', line: '{"id":', says: 'text: found text that is no JSON' },
    { kind: 'a list', line: '[]', says: 'text: found []' },
    { kind: 'a blank line', line: '', says: 'text: found a blank line' },
    {
      kind: 'a key twice',
      line: `{"id":"x",${aLine().slice(1)}`,
      says: 'id: found the key twice',
    },
    {
      kind: 'a line over 16 MiB',
      line: aLine({ question: 'x'.repeat(16 * 1_048_576) }),
      says: 'text: found more than 16777216 bytes, expected a line of 16 MiB at most',
    },
    { kind: 'no id', line: aLine({ id: undefined }), says: 'id: found nothing' },
    { kind: 'an empty id', line: aLine({ id: '' }), says: 'id: found ""' },
    { kind: 'a question of null', line: aLine({ question: null }), says: 'question: found null' },
    { kind: 'no steps', line: aLine({ steps: undefined }), says: 'steps: found nothing' },
    { kind: 'steps as text', line: aLine({ steps: 'two' }), says: 'steps: found "two"' },
    {
      kind: 'an unknown key',
      line: aLine({ truth: 4 }),
      says: 'truth: found a key that is not known',
    },
    { kind: 'a step of null', line: aLine({ steps: [null] }), says: 'steps.0: found null' },
    { kind: 'a negative i', line: withStep({ i: -1 }), says: 'steps.1.i: found -1' },
    { kind: 'a broken i', line: withStep({ i: 1.5 }), says: 'steps.1.i: found 1.5' },
    { kind: 'the same i twice', line: withStep({ i: 0 }), says: 'steps.1.i: found 0' },
    {
      kind: 'no agent',
      line: withStep({ agent: undefined }),
      says: 'steps.1.agent: found nothing',
    },
    {
      kind: 'an agent with a number',
      line: withStep({ agent: 7 }),
      says: 'steps.1.agent: found 7',
    },
    { kind: 'no role', line: withStep({ role: undefined }), says: 'steps.1.role: found nothing' },
    {
      kind: 'content in parts',
      line: withStep({ content: ['a'] }),
      says: 'steps.1.content: found ["a"]',
    },
    {
      kind: 'a tool as text',
      line: withStep({ tool: 'search' }),
      says: 'steps.1.tool: found "search"',
    },
    {
      kind: 'a tool without name',
      line: withStep({ tool: { arguments: {} } }),
      says: 'steps.1.tool.name: found nothing',
    },
    {
      kind: 'an error that is a flag',
      line: withStep({ tool: { name: 'search', error: true } }),
      says: 'steps.1.tool.error: found true',
    },
  ])('$kind', async ({ line, says }) => {
    const { code, out, error } = await attribute([aLine(), line, aLine()]);

    expect(code).toBe(2);
    expect(out).toBe('');
    expect(error).toContain(`line 2: ${says}`);
  });

  test('no input', async () => {
    const { code, error } = await attribute([]);

    expect(code).toBe(2);
    expect(error).toContain('line 1: text: found no input');
  });
});
