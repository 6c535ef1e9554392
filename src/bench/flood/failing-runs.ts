import type { AgentDefinition } from '../../contracts/agent.js';
import { taskId } from '../../contracts/ids.js';
import { defineTool } from '../../contracts/tool.js';
import type { Step } from '../../domain/episode.js';
import type { AgentId } from '../../domain/ids.js';
import type { ImportedRun } from '../../domain/imported-run.js';
import { z } from 'zod';

export const FLOOD_AGENT = 'flood';
const TOOL = 'book_goods';
const MODEL = 'none';

/** Names a cause: the field of the call that is asked for and not given. */
function fieldOf(cause: number): string {
  return `field_${String(cause + 1)}`;
}

/** An agent whose tool has as many required fields as there are causes; nothing here runs it. */
export const floodAgent = {
  id: FLOOD_AGENT,
  instructions: 'Book the goods.',
  model: { name: MODEL },
  tools: [
    defineTool({
      name: TOOL,
      description: 'Books goods; every field that belongs to them has to be given.',
      input: z.record(z.string(), z.string()),
      effect: 'keyed',
      run: () => Promise.reject(new Error('a flood is recorded, nothing is booked')),
    }),
  ],
  evaluators: [],
} satisfies AgentDefinition;

/**
 * A failed run as a recording would bring it: the tool refuses a call that lacks the field of its cause, takes
 * the next one, and the task fails all the same. What is ordered differs from run to run.
 */
export function failingRun(agent: AgentId, at: number, causes: number): ImportedRun {
  const cause = causeOf(at, causes);
  const order = `order-${String(at + 1)}`;
  const field = fieldOf(cause);
  return {
    runId: `flood-${String(at + 1)}`,
    agent,
    task: taskId(`flood-${String(at + 1)}`),
    model: MODEL,
    input: { order },
    slices: {},
    subject: null,
    system: floodAgent.instructions,
    user: `Book ${order}.`,
    steps: [
      ...called(0, { order }, { ok: false, code: `NO_${field}`, content: `missing ${field}` }),
      ...called(2, { order, [field]: 'given' }, { ok: true, content: 'booked' }),
    ],
    output: 'Booked too late.',
    category: 'late',
    detail: '',
    recorded: {
      format: 'openai-chat',
      taskId: `flood-${String(at + 1)}`,
      success: false,
      reward: 0,
      turns: 2,
      strategy: FLOOD_AGENT,
    },
  };
}

/** Causes take turns, so that every batch of the learner has most of them. */
export function causeOf(at: number, causes: number): number {
  return at % causes;
}

function called(
  index: number,
  given: Readonly<Record<string, string>>,
  result: Extract<Step, { kind: 'tool' }>['result'],
): readonly Step[] {
  const call = { id: `call_${String(index)}`, tool: TOOL, arguments: JSON.stringify(given) };
  const usage = { inputTokens: 0, outputTokens: 0 };
  return [
    { index, kind: 'model', model: MODEL, text: '', toolCalls: [call], usage },
    {
      index: index + 1,
      kind: 'tool',
      callId: call.id,
      tool: TOOL,
      arguments: call.arguments,
      result,
    },
  ];
}
