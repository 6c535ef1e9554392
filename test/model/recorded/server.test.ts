import OpenAI from 'openai';
import { afterEach, expect, test } from 'vitest';
import {
  startRecordedModel,
  type RecordedModelOptions,
} from '../../../src/model/recorded/server.js';
import { SMALL_RECORDING, writeSmallRecording } from './small-recording.js';

type Message = OpenAI.ChatCompletionMessageParam;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function aClient(
  more: Partial<RecordedModelOptions> = {},
  files: Record<string, string> = {},
): Promise<OpenAI> {
  const dataDir = await writeSmallRecording(files);
  const server = await startRecordedModel({
    dataDir,
    mode: 'S',
    plain: 'plain',
    informed: 'informed',
    ...more,
  });
  closers.push(server.close);
  return new OpenAI({ apiKey: 'none', baseURL: server.url, maxRetries: 0, timeout: 500 });
}

function aTask(question: string, lessons: readonly string[] = [], more = ''): Message[] {
  const section = lessons.map((text, at) => `- [l${String(at)}@1] ${text}`).join('\n');
  return [
    {
      role: 'system',
      content: lessons.length === 0 ? 'Answer.' : `Answer.\n# Lessons\n${section}`,
    },
    { role: 'user', content: `database: pets\nquestion: ${question}${more}` },
  ];
}
const counting = 'How many dogs are there?';

/** Plays a conversation to its end, answering each call with what `tool` says. */
async function play(
  client: OpenAI,
  model: string,
  messages: Message[],
  tool: (callId: string, sql: string) => string,
): Promise<{ models: string[]; calls: string[]; text: string | null }> {
  const models: string[] = [];
  const calls: string[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    const completion = await client.chat.completions.create({ model, messages });
    const message = completion.choices[0]?.message;
    if (message === undefined) throw new Error('no choice');
    models.push(completion.model);
    if (message.tool_calls === undefined) return { models, calls, text: message.content };
    messages.push(message);
    for (const call of message.tool_calls) {
      if (call.type !== 'function') throw new Error('not a function');
      calls.push(call.function.arguments);
      const content = tool(call.id, call.function.arguments);
      messages.push({ role: 'tool', tool_call_id: call.id, content });
    }
  }
  throw new Error('no end');
}

const recorded: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(SMALL_RECORDING)
    .filter(([name]) => name.startsWith('runs/'))
    .flatMap(([, text]) => text.trim().split('\n'))
    .flatMap((line) => {
      const run = JSON.parse(line) as { run_id: string; steps: { observation: string }[] };
      return run.steps.map(({ observation }, at) => [`${run.run_id}#${String(at)}`, observation]);
    }),
);
const asRecorded = (callId: string): string => recorded[callId] ?? 'not recorded';

test('plays a configuration turn by turn and ends with a message', async () => {
  const client = await aClient();

  const played = await play(client, 'recorded/explore', aTask(counting), asRecorded);

  expect(played.calls).toEqual([
    '{"sql":"SHOW TABLES"}',
    '{"sql":"execute[DESC dog]"}',
    '{"sql":"SELECT COUNT(*) FROM dog"}',
  ]);
  expect(played.text).toBe('[(3,)]');
  expect(new Set(played.models)).toEqual(new Set(['explore']));
});

test('answers 409 where a result parts from the recording', async () => {
  const client = await aClient();

  const playing = play(client, 'recorded/explore', aTask(counting), () => '[]');

  await expect(playing).rejects.toMatchObject({ status: 409, code: 'parted_from_recording' });
});

test('plays the informed run only where the lessons make the schema known', async () => {
  const client = await aClient();
  const modelOf = async (lessons: readonly string[]): Promise<string> => {
    const messages = aTask(counting, lessons);
    return (await client.chat.completions.create({ model: 'recorded/S:plain:informed', messages }))
      .model;
  };

  expect(await modelOf([])).toBe('plain');
  expect(await modelOf(['Owner(Full_Name)'])).toBe('plain');
  expect(await modelOf(['dog(Dog_ID, Wrong)'])).toBe('plain');
  expect(await modelOf(['dog(Dog_ID, Weight)'])).toBe('informed');
});

test('changes the configuration at the task it is told', async () => {
  const client = await aClient();
  const questions = [counting, 'Which owners have a dog of more than 20 kilograms?'];
  const model = 'recorded/D:plain:explore:2';

  const played = await Promise.all(
    questions.map((each) => client.chat.completions.create({ model, messages: aTask(each) })),
  );

  expect(played.map((completion) => completion.model)).toEqual(['plain', 'explore']);
});

test('plays what its options say for a name of another kind', async () => {
  const client = await aClient({ mode: 'P', plain: 'explore' });

  const completion = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: aTask(counting),
  });

  expect(completion.model).toBe('explore');
});

test('answers 404 with what it expected for a task or configuration that was not recorded', async () => {
  const client = await aClient();
  const ask = async (model: string, question: string): Promise<unknown> =>
    client.chat.completions
      .create({ model, messages: aTask(question) })
      .catch((error: unknown) => error);

  expect(await ask('recorded/plain', 'What else?')).toMatchObject({ status: 404 });
  expect(String(await ask('recorded/nobody', counting))).toContain('expected one of explore');
});

test('asks for the task id where database and question fit two tasks', async () => {
  const twice = (SMALL_RECORDING['tasks.jsonl'] ?? '').replace(
    'Which owners have a dog of more than 20 kilograms?',
    counting,
  );
  const client = await aClient({}, { 'tasks.jsonl': twice });
  const model = 'recorded/informed';

  await expect(
    client.chat.completions.create({ model, messages: aTask(counting) }),
  ).rejects.toThrow('task: ID');
  const named = aTask(counting, [], '\ntask: t-1');
  const completion = await client.chat.completions.create({ model, messages: named });
  expect(completion.choices[0]?.message.tool_calls?.[0]?.id).toBe('made-up/informed/t-1#0');
});

test('refuses a request that is no chat completion', async () => {
  const dataDir = await writeSmallRecording();
  const server = await startRecordedModel({
    dataDir,
    mode: 'R',
    plain: 'plain',
    informed: 'plain',
  });
  closers.push(server.close);

  const answer = await fetch(`${server.url}/chat/completions`, { method: 'POST', body: '{}' });

  expect(answer.status).toBe(400);
});
