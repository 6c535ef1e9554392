import { z } from 'zod';

import { defineAgent, type Agent } from '../../src/contracts/agent.js';
import { defineTool, type ToolContext } from '../../src/contracts/tool.js';
import { startCompletionServer, type CompletionServer } from '../../src/model/completion-server.js';

const Item = z.strictObject({ item: z.string() });

/** An agent whose tools change the world outside: one tool an effect class. */
export function courier(effectUrl: string, id = 'courier'): Agent {
  const send = async (item: string, keyed: boolean, { effectKey, signal }: ToolContext) => {
    const response = await fetch(`${effectUrl}/effects`, {
      method: 'POST',
      signal,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': effectKey,
        'x-sender': String(process.pid),
      },
      body: JSON.stringify({ item, keyed }),
    });
    return response.json();
  };
  const input = Item;
  return defineAgent({
    id,
    instructions: 'Deliver three parcels.',
    model: { name: 'scripted' },
    tools: [
      defineTool({
        name: 'keyed_delivery',
        description: 'The receiver takes each key once.',
        input,
        effect: 'keyed',
        run: ({ item }, context) => send(item, true, context),
      }),
      defineTool({
        name: 'queryable_delivery',
        description: 'The receiver can be asked.',
        input,
        effect: 'queryable',
        run: ({ item }, context) => send(item, false, context),
        query: async ({ effectKey, signal }) => {
          const query = `${effectUrl}/effects?key=${encodeURIComponent(effectKey)}`;
          const response = await fetch(query, { signal });
          return z.object({ happened: z.boolean() }).parse(await response.json());
        },
      }),
      defineTool({
        name: 'unsafe_delivery',
        description: 'The receiver delivers whatever comes, and tells nobody.',
        input,
        effect: 'unsafe',
        run: ({ item }, context) => send(item, false, context),
      }),
    ],
    evaluators: [
      {
        name: 'delivered',
        source: 'checker',
        evaluate: ({ output }) => Promise.resolve({ score: output === 'delivered' ? 1 : 0 }),
      },
    ],
    learning: { reflect: 'never' },
  });
}

const CLASSES = ['keyed', 'queryable', 'unsafe'] as const;

/** A model that delivers one parcel a class, one after the other; at a free port unless told. */
export function startCourierModel(port = 0): Promise<CompletionServer> {
  return startCompletionServer({
    port,
    models: ['scripted'],
    answer: ({ messages }) => {
      const name = /parcel: (\S+)/.exec(messages[1]?.content ?? '')?.[1] ?? 'none';
      const done = messages.filter(({ role }) => role === 'tool').length;
      const next = CLASSES[done];
      const call = {
        id: `call-${String(done)}`,
        name: `${next ?? 'no'}_delivery`,
        arguments: JSON.stringify({ item: `${name}/${next ?? ''}` }),
      };
      return {
        ok: true,
        model: 'scripted',
        text: next === undefined ? 'delivered' : null,
        toolCalls: next === undefined ? [] : [call],
      };
    },
  });
}
