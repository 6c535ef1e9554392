import type { ModelStep, Outcome, Step, ToolResult, ToolStep } from '../../src/domain/episode.js';

export const FAILED: Outcome = {
  score: 0,
  evaluator: 'checker',
  source: 'checker',
  category: 'wrong-answer',
  detail: '',
};
export const SUCCEEDED: Outcome = { ...FAILED, score: 1, category: 'ok' };

export function ok(content: string): ToolResult {
  return { ok: true, content };
}

export function failure(code: string, content = ''): ToolResult {
  return { ok: false, code, content };
}

/** One model step and the steps of its calls, numbered on from the steps before. */
export function turn(
  before: readonly Step[],
  text: string,
  calls: readonly { tool: string; arguments: unknown; result: ToolResult }[] = [],
): Step[] {
  const start = before.length;
  const model: ModelStep = {
    index: start,
    kind: 'model',
    model: 'm',
    text,
    toolCalls: calls.map((call, at) => ({
      id: `c${start}-${at}`,
      tool: call.tool,
      arguments: JSON.stringify(call.arguments),
    })),
    usage: { inputTokens: 1, outputTokens: 1 },
  };
  const tools = calls.map((call, at): ToolStep => ({
    index: start + 1 + at,
    kind: 'tool',
    callId: `c${start}-${at}`,
    tool: call.tool,
    arguments: JSON.stringify(call.arguments),
    result: call.result,
  }));
  return [...before, model, ...tools];
}
