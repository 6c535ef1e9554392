import { z } from 'zod';

import { argumentsText } from '../model-reply.js';
import { parseOr } from '../parse.js';
import { turnsOf, type Turn } from './conversation.js';
import { BadRecordError } from './bad-record.js';
import { toldByEvents } from './genai-events.js';
import { Text } from './run-fields.js';
import {
  attributeAt,
  listAt,
  numberAt,
  plainOf,
  textAt,
  type AttributeTree,
  type Span,
} from './spans.js';
import {
  evaluated,
  oneChoice,
  saidBy,
  type Evaluation,
  type SpanMeaning,
  type TraceConvention,
} from './trace.js';

/**
 * OpenTelemetry semantic conventions for generative AI: messages as the attributes of the present
 * conventions, on the span or in the event for them, else as the numbered ones (`gen_ai.prompt.0.role`) or
 * the events a message (`gen_ai.user.message`) of earlier instrumentations.
 */
export const OTEL_GENAI: TraceConvention = {
  format: 'otel-genai',
  meaning,
  agent: ({ attributes }) => textAt(attributes, 'gen_ai.agent.name'),
  subject: ({ attributes }) => textAt(attributes, 'enduser.id') ?? textAt(attributes, 'user.id'),
  asked: ({ attributes }) => lastText(messagesAt(attributes, 'gen_ai.input.messages'), 'user'),
  answered: ({ attributes }) =>
    lastText(messagesAt(attributes, 'gen_ai.output.messages'), 'assistant'),
  evaluation: ({ events }) =>
    events
      .filter(({ name }) => name === 'gen_ai.evaluation.result')
      .map(({ attributes }) => scoreOf(attributes))
      .find((score) => score !== undefined),
};

const MODEL_CALLS = ['chat', 'text_completion', 'generate_content'];

function meaning(span: Span): SpanMeaning {
  const { name, isError } = span;
  const attributes = withDetails(span);
  const operation = textAt(attributes, 'gen_ai.operation.name');
  if (operation === 'execute_tool') {
    return {
      kind: 'tool',
      turn: {
        role: 'tool',
        callId: textAt(attributes, 'gen_ai.tool.call.id') ?? null,
        tool: textAt(attributes, 'gen_ai.tool.name') ?? name.replace(/^execute_tool\s+/, ''),
        content: jsonText(attributeAt(attributes, 'gen_ai.tool.call.result')),
        arguments: argumentsText(plainOf(attributeAt(attributes, 'gen_ai.tool.call.arguments'))),
        isError,
      },
    };
  }
  const isModelCall =
    operation === undefined
      ? attributeAt(attributes, 'gen_ai.completion') !== undefined
      : MODEL_CALLS.includes(operation);
  if (!isModelCall) return { kind: 'other' };
  const events = toldByEvents(span);
  const field = 'gen_ai.output.messages';
  const answers = firstTold(
    messagesAt(attributes, field),
    numbered(attributes, 'gen_ai.completion'),
    events.said,
  );
  const said = oneChoice(span, answers, field);
  const usage = {
    inputTokens: numberAt(attributes, 'gen_ai.usage.input_tokens') ?? 0,
    outputTokens: numberAt(attributes, 'gen_ai.usage.output_tokens') ?? 0,
  };
  return {
    kind: 'model',
    model:
      textAt(attributes, 'gen_ai.response.model') ?? textAt(attributes, 'gen_ai.request.model'),
    given: [
      ...instructions(attributes),
      ...firstTold(
        messagesAt(attributes, 'gen_ai.input.messages'),
        numbered(attributes, 'gen_ai.prompt'),
        events.given,
      ),
    ],
    said: saidBy(span, said, field).map((turn) =>
      turn.role === 'assistant' ? { ...turn, usage } : turn,
    ),
  };
}

/** The present form of the conventions before the earlier ones: an exporter may write several. */
function firstTold(...forms: readonly (readonly Turn[])[]): readonly Turn[] {
  return forms.find((turns) => turns.length > 0) ?? [];
}

const DETAILS = 'gen_ai.client.inference.operation.details';

/** The attributes of a span, with those of the event that may hold its messages instead. */
function withDetails({ attributes, events }: Span): AttributeTree {
  const details = events.find(({ name }) => name === DETAILS)?.attributes;
  const inner = details === undefined ? undefined : attributeAt(details, 'gen_ai');
  const own = attributeAt(attributes, 'gen_ai');
  if (!(inner instanceof Map)) return attributes;
  return new Map([
    ...attributes,
    ['gen_ai', new Map<unknown, unknown>([...inner, ...(own instanceof Map ? own : [])])],
  ]);
}

const Part = z.object({
  type: z.string(),
  content: z.unknown().optional(),
  id: z.string().nullish(),
  name: Text.nullish(),
  arguments: z.unknown().optional(),
  response: z.unknown().optional(),
  result: z.unknown().optional(),
});
const Message = z.object({ role: z.string(), parts: z.array(Part) });

function messagesAt(attributes: AttributeTree, name: string): readonly Turn[] {
  const found = jsonAt(attributes, name);
  if (found === undefined) return [];
  return parseOr(z.array(z.unknown()), found, name).flatMap((message, index) => {
    const where = `${name}.${String(index)}`;
    const hasParts = typeof message === 'object' && message !== null && 'parts' in message;
    // Some exporters keep the messages as the API of OpenAI has them.
    if (!hasParts) return turnsOf([message], where);
    return turnsOfMessage(parseOr(Message, message, where));
  });
}

/** JSON text, as attributes of spans are, or structured, as some exporters keep it. */
function jsonAt(attributes: AttributeTree, name: string): unknown {
  const found = plainOf(attributeAt(attributes, name));
  if (typeof found !== 'string') return found;
  try {
    return JSON.parse(found);
  } catch {
    throw new BadRecordError('MALFORMED', name, 'text that is no JSON', 'a list of messages');
  }
}

/** Parts of a message that are no part of its text; of what else is no text its type stands there. */
const BESIDE_THE_TEXT = ['tool_call', 'tool_call_response', 'reasoning'];

function turnsOfMessage({ role, parts }: z.infer<typeof Message>): readonly Turn[] {
  const results = parts
    .filter(({ type }) => type === 'tool_call_response')
    .map((part): Turn => {
      const content = jsonText(part.response ?? part.result);
      return { role: 'tool', callId: part.id ?? null, tool: part.name ?? null, content };
    });
  const text = parts
    .filter(({ type }) => !BESIDE_THE_TEXT.includes(type))
    .map(({ type, content }) => (type === 'text' ? jsonText(content) : `[${type}]`))
    .join('');
  if (role === 'system') return [{ role: 'system', text }];
  if (role === 'assistant' || role === 'model' || role === 'ai') {
    const calls = parts
      .filter(({ type }) => type === 'tool_call')
      .map((part) => ({
        id: part.id ?? '',
        tool: part.name ?? 'unknown',
        arguments: argumentsText(part.arguments),
      }));
    return [{ role: 'assistant', text, calls }];
  }
  if (role === 'tool') {
    return results.length > 0
      ? results
      : [{ role: 'tool', callId: null, tool: null, content: text }];
  }
  return text === '' && results.length > 0 ? results : [...results, { role: 'user', text }];
}

function instructions(attributes: AttributeTree): readonly Turn[] {
  const found = jsonAt(attributes, 'gen_ai.system_instructions');
  if (found === undefined) return [];
  const parts = parseOr(z.array(Part), found, 'gen_ai.system_instructions');
  return [{ role: 'system', text: parts.map(({ content }) => jsonText(content)).join('') }];
}

function numbered(attributes: AttributeTree, name: string): readonly Turn[] {
  return listAt(attributes, name).map((member): Turn => {
    const text = textAt(member, 'content') ?? '';
    const role = textAt(member, 'role') ?? (name.endsWith('completion') ? 'assistant' : 'user');
    if (role === 'system') return { role: 'system', text };
    if (role === 'tool') {
      return {
        role: 'tool',
        callId: textAt(member, 'tool_call_id') ?? null,
        tool: null,
        content: text,
      };
    }
    if (role !== 'assistant') return { role: 'user', text };
    const calls = listAt(member, 'tool_calls').map((call) => ({
      id: textAt(call, 'id') ?? '',
      tool: textAt(call, 'name') ?? 'unknown',
      arguments: argumentsText(plainOf(attributeAt(call, 'arguments'))),
    }));
    return { role: 'assistant', text, calls };
  });
}

function scoreOf(attributes: AttributeTree): Evaluation | undefined {
  const score = 'gen_ai.evaluation.score';
  const value = numberAt(attributes, `${score}.value`);
  return evaluated(value, textAt(attributes, `${score}.label`), `${score}.value`);
}

function lastText(turns: readonly Turn[], role: 'user' | 'assistant'): string | undefined {
  const turn = turns.findLast((one) => one.role === role);
  return turn !== undefined && 'text' in turn && turn.text !== '' ? turn.text : undefined;
}

function jsonText(value: unknown): string {
  const plain = plainOf(value);
  if (plain === undefined || plain === null) return '';
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}
