import { z } from 'zod';
import { coverage, stemsOf } from '../words.js';

/** A name in the document and the words that are said about it. */
export interface Named {
  readonly name: string;
  readonly stems: readonly string[];
  readonly description: string;
  readonly isNumber: boolean;
}

/** One operation as an OpenAPI document describes it. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly stems: readonly string[];
  readonly query: readonly Named[];
  readonly inPath: readonly Named[];
  readonly body: readonly Named[];
  /** Fields of its answer, or of one row of it. */
  readonly answer: readonly Named[];
  /** The field of the answer that holds its rows. */
  readonly rows: string | undefined;
}

const Property = z.object({ type: z.string().optional(), description: z.string().default('') });
const Schema = z.object({
  properties: z
    .record(
      z.string(),
      Property.extend({
        items: z.object({ properties: z.record(z.string(), Property).default({}) }).optional(),
      }),
    )
    .default({}),
});
const Content = z.object({ 'application/json': z.object({ schema: Schema }) }).partial();
const DocumentedOperation = z.object({
  summary: z.string().default(''),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        description: z.string().default(''),
      }),
    )
    .default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.optional() })).default({}),
});
const Document = z.object({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), DocumentedOperation)),
});

/** The operations in a document; `undefined` for any other value. */
export function operationsIn(value: unknown): readonly Operation[] | undefined {
  const parsed = Document.safeParse(value);
  if (!parsed.success) return undefined;
  return Object.entries(parsed.data.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationOf(path, method, operation)),
  );
}

function operationOf(
  path: string,
  method: string,
  { summary, parameters, requestBody, responses }: z.infer<typeof DocumentedOperation>,
): Operation {
  const taken = (where: string): readonly Named[] =>
    parameters
      .filter((parameter) => parameter.in === where)
      .map(({ name, description }) => named(name, description, false));
  const good = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  const answer = good?.content?.['application/json']?.schema.properties ?? {};
  const [rows, list] = Object.entries(answer).find(([, { type }]) => type === 'array') ?? [];
  return {
    method: method.toUpperCase(),
    path,
    stems: stemsOf(`${summary} ${path.replace(/\{[^}]*\}/g, '')}`),
    query: taken('query'),
    inPath: taken('path'),
    body: propertiesOf(requestBody?.content['application/json']?.schema.properties ?? {}),
    answer: propertiesOf(list?.items?.properties ?? answer),
    rows,
  };
}

function propertiesOf(
  properties: Readonly<Record<string, z.infer<typeof Property>>>,
): readonly Named[] {
  return Object.entries(properties).map(([name, { type, description }]) =>
    named(name, description, type === 'number' || type === 'integer'),
  );
}

function named(name: string, description: string, isNumber: boolean): Named {
  return { name, description, isNumber, stems: stemsOf(`${name} ${description}`) };
}

/** What is called so, by the words that were said about it; `undefined` where nothing is. */
export function namedSo<T extends { readonly stems: readonly string[] }>(
  words: string,
  offered: readonly T[],
): T | undefined {
  const wanted = stemsOf(words);
  const [best] = offered
    .map((one) => ({ one, score: coverage(wanted, one.stems) }))
    .filter(({ score }) => score > 0.5)
    .sort((left, right) => right.score - left.score);
  return best?.one;
}
