import type { ToolCall } from '../../domain/episode.js';
import { argumentsText } from '../model-reply.js';
import { foundText } from '../parse.js';
import { BadRecordError } from './bad-record.js';
import { turnsOf, type Turn } from './conversation.js';
import {
  attributeAt,
  listAt,
  numberAt,
  plainOf,
  textAt,
  type AttributeTree,
  type Span,
} from './spans.js';
import { evaluated, oneChoice, saidBy, type SpanMeaning, type TraceConvention } from './trace.js';

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
    kindOf(attributes) === 'EVALUATOR'
      ? evaluated(
          numberAt(attributes, 'eval.score'),
          textAt(attributes, 'eval.label'),
          'eval.score',
        )
      : undefined,
};

function kindOf(attributes: AttributeTree): string | undefined {
  return textAt(attributes, 'openinference.span.kind')?.toUpperCase();
}

function meaning(span: Span): SpanMeaning {
  const { attributes, name, isError } = span;
  switch (kindOf(attributes)) {
    case 'LLM':
      return {
        kind: 'model',
        model: textAt(attributes, 'llm.model_name'),
        given: givenTo(attributes),
        said: withUsage(saidBy(span, answersOf(span), 'llm.output_messages'), attributes),
      };
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

/** Messages, else the prompts of a completion, else whatever went in. */
function givenTo(attributes: AttributeTree): readonly Turn[] {
  const messages = listAt(attributes, 'llm.input_messages').flatMap((one) => turnOf(one, 'user'));
  if (messages.length > 0) return messages;
  const prompts = listAt(attributes, 'llm.prompts').flatMap(
    (one) => textAt(one, 'prompt.text') ?? [],
  );
  const texts = prompts.length > 0 ? prompts : [textAt(attributes, 'input.value') ?? ''];
  return texts.filter((text) => text !== '').map((text) => ({ role: 'user', text }));
}

function answersOf(span: Span): readonly Turn[] {
  const { attributes } = span;
  const field = 'llm.output_messages';
  const messages = listAt(attributes, field).flatMap((one) => turnOf(one, 'assistant'));
  // One answer may be a message and calls beside it; two texts are two answers.
  oneChoice(
    span,
    messages.filter((turn) => turn.role === 'assistant' && turn.text !== ''),
    field,
  );
  if (messages.length > 0) return messages;
  const choices = listAt(attributes, 'llm.choices').flatMap(
    (one) => textAt(one, 'completion.text') ?? [],
  );
  const whole = textAt(attributes, 'output.value') ?? '';
  const texts = choices.length > 0 ? choices : whole === '' ? [] : [whole];
  return oneChoice(
    span,
    texts.map((text): Turn => ({ role: 'assistant', text, calls: [] })),
    'llm.choices',
  );
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

/** A message in the words of the convention, or as the API of OpenAI has it. */
function turnOf(member: AttributeTree, speaker: 'user' | 'assistant'): readonly Turn[] {
  if (!member.has('message')) return turnsOf([plainOf(member)], 'llm.messages');
  const role = textAt(member, 'message.role') ?? speaker;
  const content = textAt(member, 'message.content');
  const contents = content === undefined ? [...partsAt(member, 'message.content')] : [content];
  const text = [...contents, ...partsAt(member, 'message.contents')].join('');
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

function partsAt(member: AttributeTree, name: string): readonly string[] {
  return listAt(member, name).map(
    (part) =>
      textAt(part, 'message_content.text') ??
      textAt(part, 'text') ??
      `[${textAt(part, 'message_content.type') ?? textAt(part, 'type') ?? 'part'}]`,
  );
}

function callOf(member: AttributeTree): ToolCall {
  const call = attributeAt(member, 'tool_call') === undefined ? '' : 'tool_call.';
  const tool = textAt(member, `${call}function.name`);
  if (tool === undefined) {
    const found = foundText(plainOf(member));
    throw new BadRecordError('MALFORMED', 'message.tool_calls', found, 'the name of a tool');
  }
  return {
    id: textAt(member, `${call}id`) ?? '',
    tool,
    arguments: argumentsText(plainOf(attributeAt(member, `${call}function.arguments`))),
  };
}
