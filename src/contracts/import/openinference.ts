import type { ToolCall } from '../../domain/episode.js';
import { argumentsText } from '../model-reply.js';
import type { Turn } from './conversation.js';
import {
  attributeAt,
  listAt,
  numberAt,
  plainOf,
  textAt,
  type AttributeTree,
  type Span,
} from './spans.js';
import type { SpanMeaning, TraceConvention } from './trace.js';

/** OpenInference semantic conventions 2.12, as Phoenix keeps and exports them. */
export const OPENINFERENCE: TraceConvention = {
  format: 'openinference',
  meaning,
  agent: ({ attributes }) =>
    textAt(attributes, 'agent.name') ?? textAt(attributes, 'graph.node.id'),
  subject: ({ attributes }) => textAt(attributes, 'user.id'),
  asked: ({ attributes }) => textAt(attributes, 'input.value'),
  answered: ({ attributes }) => textAt(attributes, 'output.value'),
  evaluation: ({ attributes }) =>
    kindOf(attributes) === 'EVALUATOR' ? numberAt(attributes, 'eval.score') : undefined,
};

function kindOf(attributes: AttributeTree): string | undefined {
  return textAt(attributes, 'openinference.span.kind')?.toUpperCase();
}

function meaning({ attributes, name, isError }: Span): SpanMeaning {
  switch (kindOf(attributes)) {
    case 'LLM': {
      const given = listAt(attributes, 'llm.input_messages').flatMap(turnOf);
      const said = listAt(attributes, 'llm.output_messages').flatMap(turnOf);
      const asked = textAt(attributes, 'input.value') ?? '';
      const answered = textAt(attributes, 'output.value') ?? '';
      return {
        kind: 'model',
        model: textAt(attributes, 'llm.model_name'),
        given: given.length > 0 ? given : [{ role: 'user', text: asked }],
        said: withUsage(
          said.length > 0 ? said : [{ role: 'assistant', text: answered, calls: [] }],
          attributes,
        ),
      };
    }
    case 'TOOL':
      return {
        kind: 'tool',
        turn: {
          role: 'tool',
          callId: textAt(attributes, 'tool_call.id') ?? textAt(attributes, 'tool.id') ?? null,
          tool: textAt(attributes, 'tool.name') ?? name,
          content: textAt(attributes, 'output.value') ?? '',
          arguments: argumentsText(
            textAt(attributes, 'input.value') ??
              plainOf(attributeAt(attributes, 'tool.parameters')),
          ),
          isError,
        },
      };
    default:
      return { kind: 'other' };
  }
}

function withUsage(turns: readonly Turn[], attributes: AttributeTree): readonly Turn[] {
  const usage = {
    inputTokens: numberAt(attributes, 'llm.token_count.prompt') ?? 0,
    outputTokens: numberAt(attributes, 'llm.token_count.completion') ?? 0,
  };
  return turns.map((turn, index) =>
    index === 0 && turn.role === 'assistant' ? { ...turn, usage } : turn,
  );
}

function turnOf(member: AttributeTree): readonly Turn[] {
  const role = textAt(member, 'message.role') ?? 'user';
  const parts = listAt(member, 'message.contents').map(
    (part) =>
      textAt(part, 'message_content.text') ?? `[${textAt(part, 'message_content.type') ?? 'part'}]`,
  );
  const text = textAt(member, 'message.content') ?? parts.join('');
  switch (role) {
    case 'system':
    case 'developer':
      return [{ role: 'system', text }];
    case 'assistant':
    case 'ai':
    case 'model':
      return [{ role: 'assistant', text, calls: listAt(member, 'message.tool_calls').map(callOf) }];
    case 'tool':
    case 'function': {
      const callId = textAt(member, 'message.tool_call_id') ?? null;
      return [
        { role: 'tool', callId, tool: textAt(member, 'message.name') ?? null, content: text },
      ];
    }
    default:
      return [{ role: 'user', text }];
  }
}

function callOf(member: AttributeTree): ToolCall {
  return {
    id: textAt(member, 'tool_call.id') ?? '',
    tool: textAt(member, 'tool_call.function.name') ?? 'unknown',
    arguments: argumentsText(plainOf(attributeAt(member, 'tool_call.function.arguments'))),
  };
}
