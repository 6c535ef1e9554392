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
  const results = new Map(
    messages.flatMap(({ role, tool_call_id: id, content }) =>
      role === 'tool' && id !== undefined ? [[id, content ?? '']] : [],
    ),
  );
  for (const [index, step] of run.steps.entries()) {
    const id = callIdOf(run, index);
    const result = results.get(id);
    if (result === undefined) {
      const call = { id, name: RECORDED_TOOL, arguments: JSON.stringify({ sql: step.action }) };
      return { ok: true, model: run.config, text: null, toolCalls: [call] };
    }
    if (result !== step.observation) return parted(id, result, step.observation);
  }
  const last = run.steps.at(-1);
  return { ok: true, model: run.config, text: last?.observation ?? '', toolCalls: [] };
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
