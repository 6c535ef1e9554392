import type { Agent } from '../contracts/agent.js';
import type { Step, ToolStep } from '../domain/episode.js';
import type { JsonObject } from '../domain/json.js';
import type { SchemaFact } from '../domain/schema-fact.js';

/** A tool call and what it told of the tool's hidden schema. */
export interface Observation {
  readonly step: ToolStep;
  readonly facts: readonly SchemaFact[];
}

/** What the calls of a trajectory revealed, by the word of the tools themselves. */
export function observedCalls(
  agent: Pick<Agent, 'tools'>,
  taskInput: JsonObject,
  steps: readonly Step[],
): readonly Observation[] {
  return steps.flatMap((step) => {
    if (step.kind !== 'tool') return [];
    const reveals = agent.tools.find(({ name }) => name === step.tool)?.reveals;
    if (reveals === undefined) return [];
    const { ok, content } = step.result;
    const call = { arguments: parsed(step.arguments), result: content, ok, taskInput };
    return [{ step, facts: reveals(call) }];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
