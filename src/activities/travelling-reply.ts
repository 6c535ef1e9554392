import { sha256 } from '../contracts/digest.js';
import { plainText } from '../contracts/plain-text.js';
import type { Step, ToolCall } from '../domain/episode.js';
import { ConflictError } from '../domain/errors.js';
import type { EpisodeId, TenantId } from '../domain/ids.js';
import type { Store } from './store.js';
import type { ModelAnswer, TravellingCall } from './task-activities.js';

/** Most bytes of a reply in the history of its task; what is larger is read from the store by its step. */
const LONGEST_REPLY_BYTES = 48 * 1024;
const LONGEST_NAME_BYTES = 64;
const SHOWN_CHARACTERS = 80;

/**
 * The reply as it travels through the history: whole where it is small, else its text and the longest
 * arguments stay in the store, and their beginning with a digest stands for them.
 */
export function travelling(reply: ModelAnswer): ModelAnswer {
  const toolCalls = reply.toolCalls.map(withShortNames);
  let bytes = bytesOf({ ...reply, toolCalls });
  if (bytes <= LONGEST_REPLY_BYTES) return { ...reply, toolCalls };
  const text = shown(reply.text);
  bytes -= bytesOf(reply.text) - bytesOf(text);
  const longestFirst = toolCalls
    .map((call, index) => ({ index, length: call.arguments.length }))
    .sort((one, other) => other.length - one.length);
  for (const { index } of longestFirst) {
    const call = toolCalls[index];
    if (bytes <= LONGEST_REPLY_BYTES || call === undefined) break;
    const short = { ...call, arguments: shown(call.arguments), isStored: true as const };
    bytes -= bytesOf(call) - bytesOf(short);
    toolCalls[index] = short;
  }
  // What is left are a hundred calls and what their tools say of them: the UI shows their arguments then.
  const kept = bytes <= LONGEST_REPLY_BYTES ? toolCalls : toolCalls.map(withoutSummary);
  return { ...reply, text, isTextStored: true, toolCalls: kept };
}

/** A call as the model wrote it, whatever of it travelled. */
export async function wholeCall(
  store: Pick<Store, 'conversation'>,
  place: {
    readonly tenant: TenantId;
    readonly episode: EpisodeId;
    readonly step: number;
    readonly call: TravellingCall;
  },
): Promise<ToolCall> {
  const { tenant, episode, step, call } = place;
  if (call.isStored !== true) return { id: call.id, tool: call.tool, arguments: call.arguments };
  const { steps } = await store.conversation(tenant, episode);
  const said = steps.findLast((each) => each.kind === 'model' && each.index < step);
  const whole = said?.kind === 'model' ? said.toolCalls[step - said.index - 1] : undefined;
  if (whole !== undefined) return whole;
  throw new ConflictError(
    `step ${String(step)}: found no call of the model there, expected ${call.tool}; ` +
      'a step keeps its place in the trajectory',
  );
}

/** The text that the model's step of this index holds. */
export function textOfStep(steps: readonly Step[], index: number): string {
  const step = steps.find((each) => each.index === index);
  return step?.kind === 'model' ? step.text : '';
}

/** Ids and names are the model's to choose; one too long to be either is known by its digest. */
function withShortNames(call: TravellingCall): TravellingCall {
  const { id, tool } = call;
  if (!isLong(id) && !isLong(tool)) return call;
  return {
    ...call,
    id: isLong(id) ? shown(id, 16) : id,
    tool: isLong(tool) ? shown(tool, 16) : tool,
    isStored: true,
  };
}

function withoutSummary({ summary: _summary, ...call }: TravellingCall): TravellingCall {
  return call;
}

function isLong(name: string): boolean {
  return name.length > 8 && bytesOf(name) > LONGEST_NAME_BYTES + 2;
}

function shown(text: string, characters = SHOWN_CHARACTERS): string {
  if (bytesOf(text) <= 6 * characters) return text;
  return `${plainText(text.slice(0, characters))}… sha256:${sha256(text).slice(0, 16)}`;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
