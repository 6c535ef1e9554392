import type { Agent } from '../contracts/agent.js';
import { plainText } from '../contracts/plain-text.js';
import { parseToolArguments } from '../contracts/tool-arguments.js';
import type { ToolCall } from '../domain/episode.js';
import { redacted } from '../domain/redaction.js';
import type { TravellingCall } from './task-activities.js';

const MOST_CHARACTERS = 200;

/**
 * The call with what its tool says of it for the Temporal UI: one line without secrets and personal data.
 * Without it where the tool says nothing, throws, or was called with something else than its arguments.
 */
export async function summarized(
  call: ToolCall,
  { tools }: Pick<Agent, 'tools'>,
): Promise<TravellingCall> {
  const tool = tools.find(({ name }) => name === call.tool);
  if (tool?.summarize === undefined) return call;
  const parsed = await parseToolArguments(tool.input, call.arguments);
  if (!parsed.ok) return call;
  try {
    const said: unknown = tool.summarize(parsed.value);
    if (typeof said !== 'string' || said.trim() === '') return call;
    return { ...call, summary: lineOf(said) };
  } catch {
    // What a tool calls itself is no reason to fail its task: the UI shows its arguments instead.
    return call;
  }
}

function lineOf(said: string): string {
  const line = redacted(plainText(said), 'personal').replace(/\s+/g, ' ').trim();
  return line.length > MOST_CHARACTERS ? plainText(`${line.slice(0, MOST_CHARACTERS - 1)}…`) : line;
}
