import { z } from 'zod';

import { InvalidInputError } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import type { SchemaFact } from '../domain/schema-fact.js';
import { functionOf, settingsOf } from './object-of.js';
import { parseOr, whereOf } from './parse.js';

/**
 * What a tool does to the world outside. `read`: nothing; `keyed`: the receiver de-duplicates by our
 * key; `queryable`: it can be asked whether the effect happened; `unsafe`: never repeated blindly.
 */
export const EffectClass = z.enum(['read', 'keyed', 'queryable', 'unsafe']);
export type EffectClass = z.infer<typeof EffectClass>;

/** What a tool's implementation gets beside its arguments. */
export interface ToolContext<Resources = Readonly<Record<string, unknown>>> {
  /** Aborted when the task is cancelled or the call timed out. */
  readonly signal: AbortSignal;
  /** The same on every attempt of one logical call; pass it on to receivers that de-duplicate. */
  readonly effectKey: string;
  readonly callId: string;
  /**
   * The run this call belongs to: another one for each arm of a pair and for each exploration, so that a
   * sandbox can keep the state of one apart from that of the others.
   */
  readonly episode: string;
  readonly task: { readonly id: string; readonly input: JsonObject };
  /** What the agent's configuration put at its tools' disposal: pools, clients. */
  readonly resources: Resources;
}

/** One call as a discovery miner sees it. */
export interface ObservedCall {
  readonly arguments: unknown;
  readonly result: string;
  readonly ok: boolean;
  readonly taskInput: JsonObject;
}

/** What a user writes about a tool. */
export interface ToolDefinition<Input extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly effect: EffectClass;
  /** Returns what the model is shown: a string as it is, anything else as JSON. Errors are shown too. */
  readonly run: (args: z.infer<Input>, context: ToolContext) => Promise<unknown>;
  /**
   * What runs in shadow and explore: the string `same` for tools that touch nothing real, or an
   * implementation of its own. Absent: tasks that need this tool are not shadowable.
   */
  readonly sandbox?: 'same' | ((args: z.infer<Input>, context: ToolContext) => Promise<unknown>);
  /** For `queryable`: whether the effect of this key happened, and what it answered. */
  readonly query?: (context: ToolContext) => Promise<{ happened: boolean; result?: unknown }>;
  /** A person must allow each call before it runs. */
  readonly needsApproval?: boolean;
  /** Seconds one attempt may take; 60 unless told. */
  readonly timeoutSeconds?: number;
  /** What a call of this tool tells of its hidden schema. */
  readonly reveals?: (call: ObservedCall) => readonly SchemaFact[];
  /** A short line for the Temporal UI; no personal data. */
  readonly summarize?: (args: z.infer<Input>) => string;
}

/** A tool whose argument type is known only at run time. */
export type AnyTool = ToolDefinition;

const TOOL_NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/;
/** One attempt may take a day: what waits longer is a question to a person. */
const LONGEST_SECONDS = 86_400;
const FORBIDDEN_PROPERTIES = ['__proto__', 'constructor', 'prototype'];

/** What `defineTool` takes; its schema is looked at apart. */
export const ToolShape = settingsOf({
  name: z.string().regex(TOOL_NAME, 'a letter, then up to 63 letters, digits, _ or -'),
  description: z.string().min(1).max(10_000),
  input: z.instanceof(z.ZodType, { error: 'a zod object schema such as z.strictObject({ … })' }),
  effect: EffectClass,
  run: functionOf(),
  sandbox: z.union([z.literal('same'), functionOf()], { error: '"same" or a function' }).optional(),
  query: functionOf().optional(),
  needsApproval: z.boolean().optional(),
  timeoutSeconds: z.number().gt(0).max(LONGEST_SECONDS).optional(),
  reveals: functionOf().optional(),
  summarize: functionOf().optional(),
}).check(({ value, issues }) => {
  if (value.effect !== 'queryable' || value.query !== undefined) return;
  const message = 'a function, since effect is queryable';
  issues.push({ code: 'custom', path: ['query'], input: value.query, message });
});

/** Checks a tool when it is defined, so that a wrong one fails at start-up and not in a task. */
export function defineTool<Input extends z.ZodType>(
  definition: ToolDefinition<Input>,
): ToolDefinition<Input> {
  const where = whereOf('tool', definition, 'name');
  parseOr(ToolShape, definition, where);
  const schema = toolSchema(definition);
  const properties = Object.keys(PropertiesOf.parse(schema).properties);
  const forbidden = properties.find((property) => FORBIDDEN_PROPERTIES.includes(property));
  if (forbidden !== undefined) {
    throw new InvalidInputError(`${where}.input.${forbidden}`, 'a reserved name', 'another name');
  }
  return definition;
}

const PropertiesOf = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
});

/** By what it was made of: every model call is told the schemas of all tools. */
const schemas = new WeakMap<z.ZodType, JsonObject>();

/** The JSON Schema that the model is told and the tool's digest is taken of. */
export function toolSchema(definition: Pick<ToolDefinition, 'name' | 'input'>): JsonObject {
  const known = schemas.get(definition.input);
  if (known !== undefined) return known;
  const schema = makeSchema(definition);
  schemas.set(definition.input, schema);
  return schema;
}

function makeSchema(definition: Pick<ToolDefinition, 'name' | 'input'>): JsonObject {
  try {
    const schema = z.toJSONSchema(definition.input, { io: 'input' });
    const plain = z.record(z.string(), z.json()).parse(JSON.parse(JSON.stringify(schema)));
    if (plain['type'] !== 'object') {
      throw new InvalidInputError(
        `tool ${JSON.stringify(definition.name)}.input`,
        `a schema of ${JSON.stringify(plain['type'] ?? 'no type')}`,
        'an object schema such as z.strictObject({ … })',
      );
    }
    return plain;
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    throw new InvalidInputError(
      `tool ${JSON.stringify(definition.name)}.input`,
      'a schema without a JSON form',
      'a zod object schema of JSON types',
      { cause: error },
    );
  }
}
