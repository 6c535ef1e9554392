import { z } from 'zod';

import { foundText, parseOr } from '../parse.js';
import { plainText } from '../plain-text.js';
import { BadRecordError } from './bad-record.js';

/** Values by name; nested ones as objects and arrays, whatever form they were exported in. */
export type AttributeTree = ReadonlyMap<string, unknown>;

/** A span of OpenTelemetry, whatever exporter wrote it. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly name: string;
  /** Nanoseconds since the epoch, as far as the source is that exact. */
  readonly start: bigint;
  readonly attributes: AttributeTree;
  readonly events: readonly { readonly name: string; readonly attributes: AttributeTree }[];
  readonly isError: boolean;
}

const Id = z
  .string()
  .min(1)
  .max(128)
  .transform((id) => id.replace(/^0x/, ''));
const Instant = z.union([z.string().min(1), z.number(), z.tuple([z.int(), z.int()])]);
const Attributes = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).nullish();

/** The names that exporters of Python, JavaScript and Phoenix, and OTLP in JSON, give the same things. */
const Exported = z.object({
  context: z.object({ trace_id: Id, span_id: Id }).nullish(),
  spanContext: z.object({ traceId: Id, spanId: Id }).nullish(),
  traceId: Id.nullish(),
  trace_id: Id.nullish(),
  spanId: Id.nullish(),
  span_id: Id.nullish(),
  id: z.union([Id, z.int().transform(String)]).nullish(),
  parent_id: z.string().nullish(),
  parentId: z.string().nullish(),
  parentSpanId: z.string().nullish(),
  name: z.string().default(''),
  start_time: Instant.nullish(),
  startTime: Instant.nullish(),
  startTimeUnixNano: Instant.nullish(),
  timestamp: Instant.nullish(),
  attributes: Attributes,
  span_kind: z.string().nullish(),
  status_code: z.string().nullish(),
  status: z
    .object({ code: z.union([z.int(), z.string()]).nullish(), status_code: z.string().nullish() })
    .nullish(),
  events: z.array(z.object({ name: z.string().default(''), attributes: Attributes })).nullish(),
});

const Export = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }).nullish(),
      scopeSpans: z.array(z.object({ spans: z.array(z.unknown()) })).default([]),
    }),
  ),
});

/** What Phoenix exports beside the attributes. */
const KIND = 'openinference.span.kind';

/** The spans of one record: an OTLP export holds many, everything else is one. */
export function spansOf(value: unknown): readonly Span[] {
  if (typeof value !== 'object' || value === null || !('resourceSpans' in value)) {
    return [spanOf(value, new Map())];
  }
  return parseOr(Export, value, 'export').resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const ofResource = attributeTree(resource?.attributes);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => spanOf(span, ofResource)));
  });
}

function spanOf(value: unknown, ofResource: AttributeTree): Span {
  const span = parseOr(Exported, unflattened(value), 'span');
  const traceId =
    span.context?.trace_id ?? span.spanContext?.traceId ?? span.traceId ?? span.trace_id;
  const spanId =
    span.context?.span_id ?? span.spanContext?.spanId ?? span.spanId ?? span.span_id ?? span.id;
  if (traceId == null) throw new BadRecordError('MALFORMED', 'span.trace_id', 'none', 'an id');
  if (spanId == null) throw new BadRecordError('MALFORMED', 'span.span_id', 'none', 'an id');
  const began = span.start_time ?? span.startTimeUnixNano ?? span.startTime ?? span.timestamp;
  if (began == null) {
    throw new BadRecordError('MALFORMED', 'span.start_time', 'none', 'when the span began');
  }
  const parent = span.parent_id ?? span.parentSpanId ?? span.parentId ?? '';
  const kind = span.span_kind == null ? [] : [[KIND, span.span_kind] as const];
  const attributes = new Map([...ofResource, ...attributeTree(span.attributes, kind)]);
  const status = span.status_code ?? span.status?.status_code ?? span.status?.code;
  return {
    traceId,
    spanId,
    parentId: /^(?:0x)?0*$/.test(parent) ? null : parent.replace(/^0x/, ''),
    name: plainText(span.name),
    start: nanoseconds(began),
    attributes,
    events: (span.events ?? []).map(({ name, attributes: given }) => ({
      name,
      attributes: attributeTree(given),
    })),
    isError: status === 2 || /ERROR$/i.test(String(status ?? '')),
  };
}

/** A row of a table of spans, as Phoenix keeps them, has dotted names for what is nested elsewhere. */
function unflattened(value: unknown): unknown {
  const isFlat = typeof value === 'object' && value !== null && 'context.trace_id' in value;
  return isFlat ? plainOf(branchOf(value, 0)) : value;
}

function nanoseconds(instant: z.infer<typeof Instant>): bigint {
  if (Array.isArray(instant)) return BigInt(instant[0]) * 1_000_000_000n + BigInt(instant[1]);
  const text = String(instant);
  const [, whole, part = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole !== undefined) {
    const unit = scaled(BigInt(whole));
    const digits = part.slice(0, 9);
    return (
      unit.value + (BigInt(digits === '' ? 0 : digits) * unit.each) / 10n ** BigInt(digits.length)
    );
  }
  const date = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(date)) {
    throw new BadRecordError('MALFORMED', 'span.start_time', text.slice(0, 40), 'an instant');
  }
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return (
    BigInt(Math.floor(date / 1000)) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9))
  );
}

/** Seconds, milliseconds, microseconds and nanoseconds since the epoch are told apart by their size. */
function scaled(value: bigint): { readonly value: bigint; readonly each: bigint } {
  const each =
    value < 100_000_000_000n
      ? 1_000_000_000n
      : value < 100_000_000_000_000n
        ? 1_000_000n
        : value < 100_000_000_000_000_000n
          ? 1000n
          : 1n;
  return { value: value * each, each };
}

const KeyValue = z.object({ key: z.string(), value: z.unknown() });

/** Deeper names and values than this are a fault or an attack, not a recording. */
const MAX_DEPTH = 100;

/** Dotted names become branches; OTLP's typed values become plain ones. What is given wins over `beside`. */
export function attributeTree(
  given: z.infer<typeof Attributes>,
  beside: readonly (readonly [string, unknown])[] = [],
): AttributeTree {
  const root = new Map<string, unknown>();
  const pairs: readonly (readonly [string, unknown])[] = Array.isArray(given)
    ? given.map((item) => {
        const { key, value } = parseOr(KeyValue, item, 'span.attributes');
        return [key, plainValue(value)];
      })
    : Object.entries(given ?? {});
  for (const [key, value] of [...beside, ...pairs]) put(root, key, value, 0);
  return root;
}

const AnyValue = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
  doubleValue: z.number().optional(),
  boolValue: z.boolean().optional(),
  arrayValue: z.object({ values: z.array(z.unknown()).default([]) }).optional(),
  kvlistValue: z.object({ values: z.array(KeyValue).default([]) }).optional(),
});

function plainValue(value: unknown): unknown {
  const parsed = AnyValue.safeParse(value);
  if (!parsed.success) return value;
  const { stringValue, intValue, doubleValue, boolValue, arrayValue, kvlistValue } = parsed.data;
  if (arrayValue !== undefined) return arrayValue.values.map(plainValue);
  if (kvlistValue !== undefined) {
    return Object.fromEntries(
      kvlistValue.values.map(({ key, value: one }) => [key, plainValue(one)]),
    );
  }
  return stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue) : Number(intValue));
}

/** Objects as branches, so that a nested export and a dotted one read alike. */
function branchOf(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return value.map((inner) => branchOf(inner, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const branch = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(value)) put(branch, key, inner, depth);
  return branch;
}

function put(root: Map<string, unknown>, name: string, given: unknown, depth: number): void {
  const path = name.split('.');
  if (depth + path.length > MAX_DEPTH) {
    const expected = `at most ${String(MAX_DEPTH)} levels`;
    const found = `${name.slice(0, 64)}…, nested deeper`;
    throw new BadRecordError('TOO_DEEP', 'span.attributes', found, expected);
  }
  const value = branchOf(given, depth + path.length);
  const last = path.pop() ?? '';
  let branch = root;
  for (const key of path) {
    const held = branch.get(key);
    const inner = isBranch(held) ? held : new Map<string, unknown>();
    branch.set(key, inner);
    branch = inner;
  }
  const held = branch.get(last);
  if (!isBranch(held) || !isBranch(value)) branch.set(last, value);
  else for (const [key, one] of value) held.set(key, one);
}

function isBranch(value: unknown): value is Map<string, unknown> {
  return value instanceof Map;
}

/** What stands at a dotted name; undefined where nothing does. */
export function attributeAt(tree: AttributeTree, name: string): unknown {
  return name.split('.').reduce<unknown>((at, key) => (isTree(at) ? at.get(key) : undefined), tree);
}

function isTree(value: unknown): value is AttributeTree {
  return value instanceof Map;
}

export function textAt(tree: AttributeTree, name: string): string | undefined {
  const found = attributeAt(tree, name);
  if (typeof found === 'string') return plainText(found);
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : undefined;
}

export function numberAt(tree: AttributeTree, name: string): number | undefined {
  const found = attributeAt(tree, name);
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}

/** The members of a list at a name: an array, a branch whose keys are 0, 1, 2, …, or JSON text of one. */
export function listAt(tree: AttributeTree, name: string): readonly AttributeTree[] {
  const found = attributeAt(tree, name);
  if (found === undefined || found === null || found === '') return [];
  const held = typeof found === 'string' ? listIn(found) : found;
  const members = isTree(held) ? [...held].sort(byIndex).map(([, one]) => one) : held;
  if (Array.isArray(members) && members.every(isTree)) return members;
  throw new BadRecordError('MALFORMED', name, foundText(plainOf(found)), 'a list of objects');
}

/** The list that a text is the JSON of; undefined where it is none. */
function listIn(text: string): unknown {
  try {
    return branchOf(JSON.parse(text), 0);
  } catch (error) {
    if (error instanceof BadRecordError) throw error;
    return undefined;
  }
}

function byIndex(
  [left]: readonly [unknown, unknown],
  [right]: readonly [unknown, unknown],
): number {
  return Number(left) - Number(right);
}

/** A value as JSON of its own: branches become objects again. */
export function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf);
  if (!isTree(value)) return value;
  return Object.fromEntries([...value].map(([key, inner]) => [key, plainOf(inner)]));
}
