import type { CompletionMessage, CompletionReply } from '../completion-server.js';
import type { RecordedRun } from './dataset.js';

/** The tool whose calls were recorded. */
export const RECORDED_TOOL = 'execute_sql';

/** The id of a recorded step's tool call: names the run and the step, so that the tool can answer. */
export function callIdOf(run: Pick<RecordedRun, 'runId'>, step: number): string {
  return `${run.runId}#${String(step)}`;
}

export function parseCallId(callId: string): { runId: string; step: number } | undefined {
  const match = /^(.+)#(\d+)$/.exec(callId);
  const [, runId, step] = match ?? [];
  return runId === undefined ? undefined : { runId, step: Number(step) };
}

/**
 * The next turn of a run: the first step whose call has no result yet, or the final message once all
 * have one. A result that is not what the recording says ends the play with a 409: what the model
 * would have said next was never recorded.
 */
export function nextTurn(
  run: RecordedRun,
  messages: readonly CompletionMessage[],
): CompletionReply {
  const results = new Map<string, string[]>();
  for (const { role, tool_call_id: id, content } of messages) {
    if (role === 'tool' && id !== undefined) {
      results.set(id, [...(results.get(id) ?? []), content ?? '']);
    }
  }
  for (const [index, step] of run.steps.entries()) {
    const id = callIdOf(run, index);
    const given = results.get(id);
    if (given === undefined) {
      const call = { id, name: RECORDED_TOOL, arguments: argumentsOf(run, index) };
      return { ok: true, model: run.config, text: null, toolCalls: [call] };
    }
    // A call that came twice is answered twice, and refused the second time.
    if (!given.includes(step.observation)) return parted(id, given.join(' | '), step.observation);
  }
  const last = run.steps.at(-1);
  return { ok: true, model: run.config, text: last?.observation ?? '', toolCalls: [] };
}

/**
 * The arguments of a step's call. Real models said the same up to ten times in one run: spaces at the
 * end, which mean nothing in JSON, keep such calls from being taken for one that is stuck.
 */
function argumentsOf(run: RecordedRun, index: number): string {
  const action = run.steps[index]?.action ?? '';
  const earlier = run.steps.slice(0, index).filter((step) => step.action === action).length;
  return JSON.stringify({ sql: action }) + ' '.repeat(earlier);
}

function parted(callId: string, found: string, expected: string): CompletionReply {
  const show = (text: string): string =>
    JSON.stringify(text.length > 80 ? text.slice(0, 80) : text);
  return {
    ok: false,
    status: 409,
    type: 'invalid_request_error',
    code: 'parted_from_recording',
    message: `result of ${callId}: found ${show(found)}, expected ${show(expected)} as recorded`,
  };
}
