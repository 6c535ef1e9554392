import { z } from 'zod';

import { defineAgent, type Agent, type AgentDefinition } from '../../src/contracts/agent.js';
import { defineTool, type AnyTool } from '../../src/contracts/tool.js';
import { AGENT } from './fake-store.js';

/** A tool that counts how often it took effect; `more` says what else it does. */
export class CountingTool {
  effects: { readonly args: unknown; readonly effectKey: string }[] = [];

  tool(more: Partial<AnyTool> = {}): AnyTool {
    return defineTool({
      name: 'add_row',
      description: 'Adds a row.',
      input: z.strictObject({
        name: z.string().max(20),
        amount: z.number().optional(),
        tags: z.array(z.strictObject({ id: z.string() })).optional(),
      }),
      effect: 'read',
      sandbox: 'same',
      run: async (args, { effectKey }) => {
        this.effects.push({ args, effectKey });
        return 'added';
      },
      ...more,
    });
  }
}

export function anAgent(more: Partial<AgentDefinition> = {}): Agent {
  return defineAgent({
    id: AGENT,
    instructions: 'Answer.',
    model: { name: 'gpt-test' },
    tools: [],
    evaluators: [],
    ...more,
  });
}
