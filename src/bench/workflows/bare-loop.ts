import { proxyActivities } from '@temporalio/workflow';

import type { ChatMessage } from '../../activities/conversation.js';
import type { BareActivities } from '../overhead-arms.js';

const { bareModelCall, bareToolCall } = proxyActivities<BareActivities>({
  startToCloseTimeout: '65s',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '500ms', maximumInterval: '30s', maximumAttempts: 5 },
});

export interface BareLoopInput {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
}

/** An agent loop as Temporal alone makes it: the conversation is a variable, and nothing is kept of it. */
export async function bareLoop({ model, messages: given }: BareLoopInput): Promise<string> {
  const messages = [...given];
  for (;;) {
    const { text, toolCalls } = await bareModelCall({ model, messages });
    if (toolCalls.length === 0) return text;
    messages.push({ role: 'assistant', content: text, toolCalls });
    for (const call of toolCalls) {
      const content = await bareToolCall(call);
      messages.push({ role: 'tool', callId: call.id, content });
    }
  }
}
