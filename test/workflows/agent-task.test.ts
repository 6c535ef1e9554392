import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  ModelAuthError,
  ModelRateLimitedError,
  ModelUnavailableError,
} from '../../src/contracts/model-errors.js';
import { episodeId, taskId, versionId } from '../../src/contracts/ids.js';
import {
  answer,
  cancelTask,
  giveFeedback,
  recordedResult,
  taskProgress,
} from '../../src/workflows/messages.js';
import { anOfferedTool, ANSWERED, aReply, aToolCall } from '../support/fake-task.js';
import { until } from '../support/poll.js';
import { openWorkflowHouse, type WorkflowHouse } from '../support/workflow-house.js';

const DAY_MS = 86_400_000;
const ASK = anOfferedTool('ask_person');
const LIMITS = {
  modelCalls: 10,
  tokens: 1_000_000,
  costMicroUsd: null,
  toolCallsPerTurn: 4,
  badCalls: 3,
};

let house: WorkflowHouse;

beforeAll(async () => {
  house = await openWorkflowHouse();
});

afterAll(() => house.close());

type Handle = Awaited<ReturnType<WorkflowHouse['startTask']>>;

/** Waits until this many calls wait for a person. */
function waitingCalls(handle: Handle, count = 1) {
  return until(`${String(count)} waiting calls`, async () => {
    const { waiting } = await handle.query(taskProgress);
    return waiting.length === count ? waiting : undefined;
  });
}

/** What a refused update says. */
async function refusalOf(update: Promise<unknown>): Promise<string> {
  try {
    await update;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return error.cause?.message ?? '';
    throw error;
  }
  throw new Error('The update was accepted');
}

test('runs the calls of one turn side by side and records the episode once', async () => {
  const world = house.world();
  let running = 0;
  let most = 0;
  world.task.says({ toolCalls: [aToolCall('a'), aToolCall('b', 'send_mail')] }, { text: '42' });
  world.task.tool = async () => {
    running += 1;
    most = Math.max(most, running);
    await until('both calls', () => Promise.resolve(most === 2 ? true : undefined), {
      capMs: 5_000,
    });
    return ANSWERED;
  };

  const result = await house.resultOf(await house.startTask(world, 'happy'));

  expect(result).toMatchObject({ end: 'done', score: 1, modelCalls: 2, toolCalls: 2 });
  expect(world.task.toolRequests.map(({ step }) => step).sort()).toEqual([1, 2]);
  expect(world.task.modelRequests.map(({ step }) => step)).toEqual([0, 3]);
  expect(world.task.recorded).toHaveLength(1);
  expect(world.task.recorded[0]).toMatchObject({ end: 'done', output: '42', tokens: 20 });
});

test('asks the model at the temperature of the version that serves the task', async () => {
  const world = house.world();
  world.task.context = { temperature: 0.7 };
  world.task.says({ text: '42' });

  await house.resultOf(await house.startTask(world, 'warm'));

  expect(world.task.modelRequests.map(({ temperature }) => temperature)).toEqual([0.7]);
});

test('waits 30 days for the answer to a question and goes on with it', async () => {
  const world = house.world();
  world.task.context = { tools: [ASK] };
  world.task.says({ toolCalls: [aToolCall('q', 'ask_person', 'Which year?')] }, { text: '2024' });
  const startMs = await house.env.currentTimeMs();
  const handle = await house.startTask(world, 'asks');
  await waitingCalls(handle);

  await house.env.sleep('30 days');
  const { phase, waiting } = await handle.query(taskProgress);
  await handle.executeUpdate(answer, { args: [{ actor: 'olga', text: 'the last one' }] });
  const result = await house.resultOf(handle);

  expect(phase).toBe('needs_review');
  expect(waiting).toEqual([
    { callId: 'q', tool: 'ask_person', question: 'Which year?', expects: 'text' },
  ]);
  expect(world.task.answerTo('q')).toEqual({ ok: true, content: 'the last one' });
  expect(result.end).toBe('done');
  expect((await house.env.currentTimeMs()) - startMs).toBeGreaterThanOrEqual(30 * DAY_MS);
});

test('runs a dangerous tool only after a person allowed it', async () => {
  const world = house.world();
  world.task.context = { tools: [anOfferedTool('delete_rows', { needsApproval: true })] };
  world.task.says({ toolCalls: [aToolCall('d', 'delete_rows')] }, { text: 'deleted' });
  const handle = await house.startTask(world, 'dangerous');
  await waitingCalls(handle);
  const before = world.task.toolRequests.length;

  await handle.executeUpdate(answer, { args: [{ actor: 'olga', callId: 'd', allow: true }] });
  await house.resultOf(handle);

  expect(before).toBe(0);
  expect(world.task.toolRequests.map(({ call }) => call.id)).toEqual(['d']);
});

test('answers the model with DENIED when a person refuses a dangerous tool', async () => {
  const world = house.world();
  world.task.context = { tools: [anOfferedTool('delete_rows', { needsApproval: true })] };
  world.task.says({ toolCalls: [aToolCall('d', 'delete_rows')] }, { text: 'kept' });
  const handle = await house.startTask(world, 'denied');
  await waitingCalls(handle);

  const no = { actor: 'olga', callId: 'd', allow: false, text: 'not on a Friday' };
  await handle.executeUpdate(answer, { args: [no] });
  const result = await house.resultOf(handle);

  expect(world.task.toolRequests).toEqual([]);
  expect(world.task.answerTo('d')).toEqual({
    ok: false,
    code: 'DENIED',
    content: 'not on a Friday',
  });
  expect(result.end).toBe('done');
});

test('asks a person whether an unsafe effect of unknown fate happened', async () => {
  const world = house.world();
  world.task.says({ toolCalls: [aToolCall('m', 'send_mail')] }, { text: 'sent' });
  world.task.tool = () => ({ kind: 'unknown-effect', code: null, characters: 0 });
  const handle = await house.startTask(world, 'unsafe');
  const [waiting] = await waitingCalls(handle);
  const { phase } = await handle.query(taskProgress);

  await handle.executeUpdate(answer, { args: [{ actor: 'olga', text: 'it is in the outbox' }] });
  const result = await house.resultOf(handle);

  expect(phase).toBe('needs_review');
  expect(waiting?.question).toContain(`${world.scope.tenant}:clerk:unsafe:1:m`);
  expect(world.task.toolRequests).toHaveLength(1);
  expect(world.task.answerTo('m')).toEqual({ ok: true, content: 'it is in the outbox' });
  expect(result.end).toBe('done');
});

test('makes a call again once a person said that it did not happen', async () => {
  const world = house.world();
  world.task.says({ toolCalls: [aToolCall('m', 'send_mail')] }, { text: 'sent' });
  world.task.tool = ({ again }) =>
    again === 2 ? ANSWERED : { kind: 'unknown-effect', code: null, characters: 0 };
  const handle = await house.startTask(world, 'again');
  for (const tries of [1, 2]) {
    await until('a question', () =>
      Promise.resolve(world.task.toolRequests.length === tries ? true : undefined),
    );
    await waitingCalls(handle);
    await handle.executeUpdate(answer, { args: [{ actor: 'olga', allow: true }] });
  }
  const result = await house.resultOf(handle);

  expect(world.task.toolRequests.map(({ again }) => again)).toEqual([undefined, 1, 2]);
  expect(new Set(world.task.toolRequests.map(({ effectKey }) => effectKey)).size).toBe(1);
  expect(world.task.answerTo('m')).toBeUndefined();
  expect(result.end).toBe('done');
});

test('tells the model that a call of unknown fate did not happen and shall not', async () => {
  const world = house.world();
  world.task.says({ toolCalls: [aToolCall('m', 'send_mail')] }, { text: 'never mind' });
  world.task.tool = () => ({ kind: 'unknown-effect', code: null, characters: 0 });
  const handle = await house.startTask(world, 'never-mind');
  await waitingCalls(handle);

  await handle.executeUpdate(answer, { args: [{ actor: 'olga', allow: false }] });
  await house.resultOf(handle);

  expect(world.task.toolRequests).toHaveLength(1);
  expect(world.task.answerTo('m')).toMatchObject({ ok: false, code: 'DENIED' });
});

test('a question takes words and nothing else, and waits on', async () => {
  const world = house.world();
  world.task.context = { tools: [ASK] };
  world.task.says({ toolCalls: [aToolCall('q', 'ask_person', 'Which?')] }, { text: 'done' });
  const handle = await house.startTask(world, 'wrong-kind-question');
  await waitingCalls(handle);
  const refused = (given: { readonly text?: string; readonly allow?: boolean }) =>
    refusalOf(handle.executeUpdate(answer, { args: [{ actor: 'olga', ...given }] }));

  expect(await refused({ allow: true })).toContain('answer.text: found none, expected the answer');
  expect(await refused({ text: ' ' })).toContain('answer.text: found " ", expected the answer');
  expect(await refused({ text: 'this', allow: true })).toContain('answer.allow: found true');
  await handle.executeUpdate(answer, { args: [{ actor: 'olga', text: 'this' }] });
  await house.resultOf(handle);

  expect(world.task.answers.map(({ result }) => result.content)).toEqual(['this']);
});

test('a call that needs permission takes a yes or no and is not refused by words', async () => {
  const world = house.world();
  world.task.context = { tools: [anOfferedTool('delete_rows', { needsApproval: true })] };
  world.task.says({ toolCalls: [aToolCall('d', 'delete_rows')] }, { text: 'done' });
  const handle = await house.startTask(world, 'wrong-kind-approval');
  await waitingCalls(handle);

  const said = { actor: 'olga', text: 'yes' };
  const refusal = await refusalOf(handle.executeUpdate(answer, { args: [said] }));
  await handle.executeUpdate(answer, { args: [{ ...said, allow: true }] });
  await house.resultOf(handle);

  expect(refusal).toContain('answer.allow: found none, expected true or false');
  expect(world.task.toolRequests.map(({ call }) => call.id)).toEqual(['d']);
});

test('records a task that was cancelled while it waited as cancelled, once', async () => {
  const world = house.world();
  world.task.context = { tools: [ASK] };
  world.task.says({ toolCalls: [aToolCall('q', 'ask_person', 'Which?')] });
  const handle = await house.startTask(world, 'cancelled');
  await waitingCalls(handle);

  await handle.executeUpdate(cancelTask, { args: [{ actor: 'olga', reason: 'not needed' }] });
  const result = await house.resultOf(handle);

  expect(result.end).toBe('cancelled');
  expect(world.task.recorded.map(({ end, output }) => [end, output])).toEqual([
    ['cancelled', null],
  ]);
});

test('records a task whose workflow was cancelled in Temporal as cancelled, once', async () => {
  const world = house.world();
  world.task.context = { tools: [ASK] };
  world.task.says({ toolCalls: [aToolCall('q', 'ask_person', 'Which?')] });
  const handle = await house.startTask(world, 'cancelled-outside');
  await waitingCalls(handle);

  await handle.cancel();
  const result = await house.resultOf(handle);

  expect(result.end).toBe('cancelled');
  expect(world.task.recorded.map(({ end }) => end)).toEqual(['cancelled']);
});

test('ends well where feedback has started its reflection before it does', async () => {
  const world = house.world();
  world.task.context = { tools: [ASK], reflects: 'always' };
  world.task.says({ toolCalls: [aToolCall('q', 'ask_person', 'Which?')] }, { text: 'done' });
  const handle = await house.startTask(world, 'judged-early');
  await waitingCalls(handle);
  const episode = episodeId(`${world.scope.tenant}.judged-early`);
  // What feedback starts the moment the end is stored; here something is there before, and stays.
  const other = house.world();
  other.task.context = { tools: [ASK] };
  other.task.says({ toolCalls: [aToolCall('o', 'ask_person', 'Which other?')] }, { text: 'done' });
  const earlier = await house.env.client.workflow.start('agentTask', {
    workflowId: `reflect/${episode}`,
    taskQueue: house.queue,
    args: [{ ...other.scope, task: taskId('stays'), mode: 'live', input: {} }],
  });

  await handle.executeUpdate(answer, { args: [{ actor: 'olga', text: 'the last one' }] });
  // Not by its result, which would let time pass and end what waits.
  const ended = await until('the end of the task', async () => {
    const { status } = await handle.describe();
    return status.name === 'RUNNING' ? undefined : status.name;
  });

  expect(ended).toBe('COMPLETED');
  // It ends by itself: after one that was terminated this server skips no time for the tests behind it.
  await earlier.executeUpdate(answer, { args: [{ actor: 'olga', text: 'that one' }] });
  await earlier.result();
});

test('answers a call of a tool that does not exist and runs nothing', async () => {
  const world = house.world();
  world.task.says({ toolCalls: [aToolCall('x', 'drop_database')] }, { text: 'ok' });

  const result = await house.resultOf(await house.startTask(world, 'hallucinated'));

  expect(world.task.answerTo('x')).toMatchObject({ ok: false, code: 'TOOL_UNKNOWN' });
  expect(world.task.toolRequests).toEqual([]);
  expect(result).toMatchObject({ end: 'done', toolCalls: 0 });
});

test('answers the second call with one id and runs the first', async () => {
  const world = house.world();
  world.task.says({ toolCalls: [aToolCall('x'), aToolCall('x', 'send_mail')] }, { text: 'ok' });

  await house.resultOf(await house.startTask(world, 'duplicate'));

  expect(world.task.toolRequests.map(({ call }) => call.tool)).toEqual(['look_up']);
  expect(world.task.answerTo('x')).toMatchObject({ ok: false, code: 'CALL_ID_DUPLICATE' });
});

test('answers every call of a turn that makes too many and runs none of them', async () => {
  const world = house.world();
  const calls = ['a', 'b', 'c', 'd', 'e'].map((id) => aToolCall(id));
  world.task.says({ toolCalls: calls }, { text: 'ok' });

  await house.resultOf(await house.startTask(world, 'too-many'));

  expect(world.task.toolRequests).toEqual([]);
  expect(world.task.answers.map(({ result }) => !result.ok && result.code)).toEqual(
    calls.map(() => 'TOO_MANY_TOOL_CALLS'),
  );
});

test('stops a model that repeats one call for ever, after telling it so', async () => {
  const world = house.world();
  let number = 0;
  world.task.reply = () => aReply({ toolCalls: [aToolCall(`c${String((number += 1))}`)] });

  const result = await house.resultOf(await house.startTask(world, 'endless'));

  expect(result).toMatchObject({ end: 'failed', category: 'bad-calls' });
  expect(world.task.toolRequests).toHaveLength(4);
  expect(world.task.answers.every(({ result: { ok } }) => !ok)).toBe(true);
  expect(world.task.answers).toHaveLength(LIMITS.badCalls);
});

test('stops at the token budget with at most one model call past it', async () => {
  const world = house.world();
  world.task.context = { limits: { ...LIMITS, tokens: 25 } };
  let number = 0;
  world.task.reply = () =>
    aReply({
      tokens: 10,
      toolCalls: [aToolCall(`c${String((number += 1))}`, 'look_up', `${number}`)],
    });

  const result = await house.resultOf(await house.startTask(world, 'tokens'));

  expect(result).toMatchObject({ end: 'failed', category: 'tokens', modelCalls: 3 });
  expect(world.task.recorded[0]?.tokens).toBe(30);
});

test('stops at the cost budget with at most one model call past it', async () => {
  const world = house.world();
  world.task.context = { limits: { ...LIMITS, costMicroUsd: 100 } };
  let number = 0;
  world.task.reply = () =>
    aReply({
      costMicroUsd: 60,
      toolCalls: [aToolCall(`c${String((number += 1))}`, 'look_up', `${number}`)],
    });

  const result = await house.resultOf(await house.startTask(world, 'cost'));

  expect(result).toMatchObject({ end: 'failed', category: 'cost', modelCalls: 2 });
});

test('offers no tools in the last model call a task may make', async () => {
  const world = house.world();
  world.task.context = { limits: { ...LIMITS, modelCalls: 2 } };
  world.task.says({ toolCalls: [aToolCall('a')] }, { text: 'a guess' });

  const result = await house.resultOf(await house.startTask(world, 'last-call'));

  expect(world.task.modelRequests.map(({ tools }) => tools)).toEqual(['offered', 'none']);
  expect(result.end).toBe('done');
});

test('ends as failed after one attempt when the model refuses for good', async () => {
  const world = house.world();
  world.task.reply = () => {
    throw new ModelAuthError(401);
  };

  const result = await house.resultOf(await house.startTask(world, 'refused'));

  expect(result).toMatchObject({ end: 'failed', category: 'ModelAuthError' });
  expect(world.task.modelRequests).toHaveLength(1);
});

test('ends as failed after a bounded number of attempts when the model stays away', async () => {
  const world = house.world();
  world.task.reply = () => {
    throw new ModelUnavailableError('HTTP 503');
  };

  const result = await house.resultOf(await house.startTask(world, 'away'));

  expect(result).toMatchObject({ end: 'failed', category: 'ModelUnavailableError' });
  expect(world.task.modelRequests).toHaveLength(5);
});

test('waits as long as the model asked before it tries again', async () => {
  const world = house.world();
  const seenMs: number[] = [];
  world.task.reply = async () => {
    seenMs.push(await house.env.currentTimeMs());
    if (seenMs.length > 1) return aReply({ text: 'ok' });
    throw new ModelRateLimitedError('HTTP 429', { retryAfterMs: 2 * 3_600_000 });
  };

  const result = await house.resultOf(await house.startTask(world, 'retry-after'));

  const [first = 0, second = 0] = seenMs;
  expect(result.end).toBe('done');
  expect(second - first).toBeGreaterThanOrEqual(2 * 3_600_000);
  expect(second - first).toBeLessThan(3 * 3_600_000);
});

test('stores feedback given to a running task once, however often it is sent', async () => {
  const world = house.world();
  world.task.context = { tools: [ASK] };
  world.task.says({ toolCalls: [aToolCall('q', 'ask_person', 'Which?')] }, { text: 'ok' });
  const handle = await house.startTask(world, 'feedback');
  await waitingCalls(handle);
  const given = {
    id: 'f1',
    actor: 'olga',
    role: 'owner',
    score: 0,
    correction: null,
    comment: null,
  } as const;

  const first = await handle.executeUpdate(giveFeedback, { args: [given] });
  const again = await handle.executeUpdate(giveFeedback, { args: [given] });
  await handle.executeUpdate(answer, { args: [{ actor: 'olga', text: 'this' }] });
  await house.resultOf(handle);

  expect([first, again]).toEqual([{ existing: false }, { existing: true }]);
  expect([...world.task.feedback.keys()]).toEqual(['f1']);
  expect(world.task.recorded.map(({ isWithoutFeedback }) => isWithoutFeedback)).toEqual([
    undefined,
  ]);
});

test('gives its result to whoever waits when the episode is recorded, before it closes', async () => {
  const world = house.world();
  world.task.context = { tools: [ASK] };
  world.task.says({ toolCalls: [aToolCall('q', 'ask_person', 'Which?')] }, { text: 'ok' });
  let allow: () => void = () => undefined;
  const allowed = new Promise<void>((resolve) => {
    allow = resolve;
  });
  let isStoring = false;
  world.task.storeFeedback = async () => {
    isStoring = true;
    await allowed;
    return { existing: false };
  };
  const handle = await house.startTask(world, 'early-result');
  const [call] = await waitingCalls(handle);
  const waits = handle.executeUpdate(recordedResult);
  // What keeps the task from closing: it waits for the feedback that it took.
  const given = { id: 'f1', actor: 'olga', role: 'owner', score: 1 } as const;
  const feedback = handle.executeUpdate(giveFeedback, {
    args: [{ ...given, correction: null, comment: null }],
  });
  await until('the feedback', () => Promise.resolve(isStoring || undefined));

  await handle.executeUpdate(answer, {
    args: [{ actor: 'olga', callId: call?.callId ?? '', text: 'this' }],
  });
  const recorded = await waits;
  const { status } = await handle.describe();
  allow();
  await feedback;
  const closed = await house.resultOf(handle);

  expect(status.name).toBe('RUNNING');
  expect(recorded).toMatchObject({ end: 'done', score: 1 });
  expect(recorded).toEqual(closed);
});

test('voids a shadow run that calls a tool without a sandbox', async () => {
  const world = house.world();
  world.task.context = { tools: [anOfferedTool('send_mail', { isAllowed: false })] };
  world.task.says({ toolCalls: [aToolCall('m', 'send_mail')] });
  const run = { version: versionId('v9'), episode: episodeId('shadow-1'), candidate: null };

  const result = await house.resultOf(
    await house.startTask(world, 'unmocked', { mode: 'shadow', run }),
  );

  expect(result).toMatchObject({
    end: 'failed',
    category: 'SHADOW_UNMOCKED',
    missing: 'infrastructure',
    score: null,
  });
  expect(world.task.toolRequests).toEqual([]);
});

test('answers two waiting calls by their ids, in any order', async () => {
  const world = house.world();
  world.task.context = { tools: [ASK] };
  const calls = [aToolCall('one', 'ask_person', '1?'), aToolCall('two', 'ask_person', '2?')];
  world.task.says({ toolCalls: calls }, { text: 'ok' });
  const handle = await house.startTask(world, 'two');
  await waitingCalls(handle, 2);

  const two = { actor: 'olga', callId: 'two', text: 'second' };
  await handle.executeUpdate(answer, { args: [two] });
  await waitingCalls(handle, 1);
  await handle.executeUpdate(answer, { args: [{ actor: 'olga', callId: 'one', text: 'first' }] });
  await house.resultOf(handle);

  expect(world.task.answerTo('one')).toEqual({ ok: true, content: 'first' });
  expect(world.task.answerTo('two')).toEqual({ ok: true, content: 'second' });
});

test('refuses an answer to a call that does not wait, naming those that do', async () => {
  const world = house.world();
  world.task.context = { tools: [ASK] };
  world.task.says({ toolCalls: [aToolCall('one', 'ask_person', '1?')] }, { text: 'ok' });
  const handle = await house.startTask(world, 'wrong-call');
  await waitingCalls(handle);

  const wrong = { actor: 'olga', callId: 'other', text: 'x' };
  const refusal = await refusalOf(handle.executeUpdate(answer, { args: [wrong] }));
  await handle.executeUpdate(answer, { args: [{ actor: 'olga', text: 'right' }] });
  await house.resultOf(handle);

  expect(refusal).toContain('found other, expected one of: one');
  expect(world.task.answerTo('one')).toEqual({ ok: true, content: 'right' });
});

test('counts calls that the tool found malformed against the cap of bad calls', async () => {
  const world = house.world();
  let number = 0;
  world.task.reply = () =>
    aReply({ toolCalls: [aToolCall(`c${String((number += 1))}`, 'look_up', `{${number}`)] });
  world.task.tool = () => ({ kind: 'refused', code: 'TOOL_ARGUMENTS', characters: 10 });

  const result = await house.resultOf(await house.startTask(world, 'malformed'));

  expect(result).toMatchObject({ end: 'failed', category: 'bad-calls', modelCalls: 3 });
});

test('ends as failed when a tool fails for good, and records it', async () => {
  const world = house.world();
  world.task.says({ toolCalls: [aToolCall('a')] });
  world.task.tool = () => {
    throw ApplicationFailure.nonRetryable('the ledger is gone', 'LedgerError');
  };

  const result = await house.resultOf(await house.startTask(world, 'broken-tool'));

  expect(result).toMatchObject({ end: 'failed', category: 'LedgerError' });
  expect(world.task.recorded).toHaveLength(1);
});
