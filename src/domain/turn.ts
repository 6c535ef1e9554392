import type { ToolCall } from './episode.js';
import { seedOf } from './random.js';

/** What a task may do before it is stopped. */
export interface TaskLimits {
  readonly modelCalls: number;
  readonly tokens: number;
  readonly costMicroUsd: number | null;
  readonly toolCallsPerTurn: number;
  readonly badCalls: number;
}

/** What a task has spent and got wrong so far; survives continue-as-new. */
export interface TaskTally {
  readonly modelCalls: number;
  readonly toolCalls: number;
  readonly tokens: number;
  readonly costMicroUsd: number;
  readonly badCalls: number;
  /** Index of the next step of the trajectory. */
  readonly nextStep: number;
  /** Calls seen, by hash of tool and arguments; a model that repeats itself is told so, then stopped. */
  readonly repeats: Readonly<Record<string, number>>;
  /** Ids of calls that were answered; an id answers one call. */
  readonly callIds: readonly string[];
}

export const NOTHING_SPENT: TaskTally = {
  modelCalls: 0,
  toolCalls: 0,
  tokens: 0,
  costMicroUsd: 0,
  badCalls: 0,
  nextStep: 0,
  repeats: {},
  callIds: [],
};

/** Why a task ends without an answer of its own. */
export type StopReason = 'model-calls' | 'tokens' | 'cost' | 'bad-calls';

/** Whether another model call may be paid for; spend passes a budget by at most the call before. */
export function stopReason(tally: TaskTally, limits: TaskLimits): StopReason | undefined {
  if (tally.badCalls >= limits.badCalls) return 'bad-calls';
  if (tally.modelCalls >= limits.modelCalls) return 'model-calls';
  if (tally.tokens >= limits.tokens) return 'tokens';
  if (limits.costMicroUsd !== null && tally.costMicroUsd >= limits.costMicroUsd) return 'cost';
  return undefined;
}

/** What becomes of one tool call of a model's reply. */
export type PlannedCall<Call extends ToolCall = ToolCall> =
  | { readonly kind: 'run'; readonly call: Call; readonly step: number }
  | {
      readonly kind: 'refuse';
      readonly call: Call;
      readonly step: number;
      readonly code: 'TOOL_UNKNOWN' | 'TOO_MANY_TOOL_CALLS' | 'CALL_ID_DUPLICATE' | 'LOOP_DETECTED';
      readonly message: string;
    };

/** The same call with the same arguments may stand this often in one task. */
const REPEAT_LIMIT = 4;

/**
 * Decides, before anything runs, which calls of one reply run and which are answered with an error.
 * A refused call has no effect; the model is told why and may go on.
 */
export function planTurn<Call extends ToolCall>(
  calls: readonly Call[],
  tools: readonly string[],
  tally: TaskTally,
  limits: TaskLimits,
): { readonly planned: readonly PlannedCall<Call>[]; readonly tally: TaskTally } {
  const repeats = { ...tally.repeats };
  const seen = new Set(tally.callIds);
  const tooMany = calls.length > limits.toolCallsPerTurn;
  const planned = calls.map((call, offset): PlannedCall<Call> => {
    const step = tally.nextStep + offset;
    const refuse = (
      code: Extract<PlannedCall, { kind: 'refuse' }>['code'],
      message: string,
    ): PlannedCall<Call> => ({ kind: 'refuse', call, step, code, message });
    if (tooMany) {
      const found = `${String(calls.length)} calls in one turn`;
      return refuse('TOO_MANY_TOOL_CALLS', `${found}, at most ${String(limits.toolCallsPerTurn)}`);
    }
    if (seen.has(call.id)) return refuse('CALL_ID_DUPLICATE', `call id ${call.id} was used before`);
    seen.add(call.id);
    if (!tools.includes(call.tool)) {
      return refuse('TOOL_UNKNOWN', `no tool ${call.tool}; there are: ${tools.join(', ')}`);
    }
    const signature = String(seedOf(call.tool, call.arguments));
    const times = (repeats[signature] ?? 0) + 1;
    repeats[signature] = times;
    if (times > REPEAT_LIMIT) {
      return refuse('LOOP_DETECTED', `this call was made ${String(times - 1)} times already`);
    }
    return { kind: 'run', call, step };
  });
  const refused = planned.filter(({ kind }) => kind === 'refuse').length;
  return {
    planned,
    tally: {
      ...tally,
      repeats,
      callIds: [...seen],
      nextStep: tally.nextStep + calls.length,
      toolCalls: tally.toolCalls + planned.length - refused,
      badCalls: tally.badCalls + (tooMany ? 1 : refused),
    },
  };
}
