import { turnsOf, type Turn } from './conversation.js';
import { attributeAt, plainOf, textAt, type AttributeTree, type Span } from './spans.js';

/** What a model was given and answered, as events of its span tell it one by one. */
export interface ToldByEvents {
  readonly given: readonly Turn[];
  readonly said: readonly Turn[];
}

type Plain = Readonly<Record<string, unknown>>;

/** The speaker that an event names, where what it holds does not. */
const SPEAKERS = new Map([
  ['gen_ai.system.message', 'system'],
  ['gen_ai.user.message', 'user'],
  ['gen_ai.assistant.message', 'assistant'],
  ['gen_ai.tool.message', 'tool'],
]);
const CHOICE = 'gen_ai.choice';
/** One event with all messages, as the conventions had it first: its attribute holds them. */
const WHOLE = new Map([
  ['gen_ai.content.prompt', 'gen_ai.prompt'],
  ['gen_ai.content.completion', 'gen_ai.completion'],
]);

/**
 * Messages in events of their own, as the conventions had them before they became attributes: the fields
 * stand on the event, or as JSON in its `gen_ai.event.content`.
 */
export function toldByEvents({ events }: Pick<Span, 'events'>): ToldByEvents {
  const given: Turn[] = [];
  const said: Turn[] = [];
  for (const { name, attributes } of events) {
    const attribute = WHOLE.get(name);
    const speaker = SPEAKERS.get(name);
    if (attribute !== undefined) {
      const isAnswer = name.endsWith('completion');
      const held = structured(plainOf(attributeAt(attributes, attribute)));
      const messages = Array.isArray(held) ? held : [held];
      const turns = turnsOf(
        messages.map((one) => messageOf(one, isAnswer ? 'assistant' : 'user')),
        name,
      );
      (isAnswer ? said : given).push(...turns);
    } else if (speaker !== undefined) {
      given.push(...turnsOf([messageOf(bodyOf(attributes), speaker)], name));
    } else if (name === CHOICE) {
      const body = bodyOf(attributes);
      const message = 'message' in body ? structured(body['message']) : body;
      said.push(...turnsOf([messageOf(message, 'assistant')], name));
    }
  }
  return { given, said };
}

/** The fields of an event, wherever its exporter put them. */
function bodyOf(attributes: AttributeTree): Plain {
  const content = textAt(attributes, 'gen_ai.event.content');
  const inner = content === undefined ? undefined : structured(content);
  if (isPlain(inner)) return inner;
  const own = plainOf(attributes);
  return isPlain(own) ? own : {};
}

/** A message in the form of the API of OpenAI. */
function messageOf(value: unknown, speaker: string): unknown {
  if (Array.isArray(value)) return messageOf({ content: value }, speaker);
  if (!isPlain(value)) return { role: speaker, content: value };
  const { role = speaker, content, id, name } = value;
  const blocks = blocksOf(content);
  const calls = structured(value['tool_calls']);
  const used = blocks.flatMap(({ toolUse }) => (isPlain(toolUse) ? [callOf(toolUse)] : []));
  return {
    role: role === 'model' || role === 'ai' ? 'assistant' : role,
    content: blocks.length === 0 ? content : blocks.flatMap(partOf),
    refusal: value['refusal'],
    name: speaker === 'tool' ? name : undefined,
    tool_call_id: value['tool_call_id'] ?? (speaker === 'tool' ? (id ?? resultId(blocks)) : null),
    tool_calls: Array.isArray(calls) ? calls : used.length > 0 ? used : calls,
  };
}

/** A list of parts, or the JSON text of one; what else a text holds is what was said. */
function blocksOf(content: unknown): readonly Plain[] {
  const held = structured(content);
  return Array.isArray(held) && held.length > 0 && held.every(isBlock) ? held : [];
}

function isBlock(value: unknown): value is Plain {
  if (!isPlain(value)) return false;
  return ['text', 'type', 'toolUse', 'toolResult'].some((key) => key in value);
}

function callOf({ toolUseId, name, input }: Plain): Plain {
  return { id: toolUseId, name, arguments: input };
}

function partOf(block: Plain): readonly unknown[] {
  if (isPlain(block['toolUse'])) return [];
  const { toolResult } = block;
  return isPlain(toolResult) ? blocksOf(toolResult['content']).flatMap(partOf) : [block];
}

function resultId(blocks: readonly Plain[]): unknown {
  const [result] = blocks.flatMap(({ toolResult }) => (isPlain(toolResult) ? [toolResult] : []));
  return result?.['toolUseId'] ?? null;
}

/** What a text is the JSON of, where that is a list or an object; everything else as it is. */
function structured(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
