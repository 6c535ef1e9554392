import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { RecordedDataError } from './recorded-data-error.js';

const ADVICE = 'the data directory of INTERCODE recordings, given by --data DIR';

/**
 * The records of a JSON-lines file, one at a time; a blank line is passed over. `advice` says what a file
 * that is not there was expected to be.
 */
export async function* readJsonLines<T>(
  file: string,
  schema: z.ZodType<T>,
  advice = ADVICE,
): AsyncGenerator<T> {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  let line = 0;
  try {
    for await (const text of lines) {
      line += 1;
      if (text.trim() !== '') yield parsed(text, schema, file, line);
    }
  } catch (error) {
    throw asDataError(error, file, advice);
  }
}

/** A file that is one JSON document. */
export async function readJson<T>(file: string, schema: z.ZodType<T>, advice = ADVICE): Promise<T> {
  try {
    return parsed(await readFile(file, 'utf8'), schema, file, 0);
  } catch (error) {
    throw asDataError(error, file, advice);
  }
}

function parsed<T>(text: string, schema: z.ZodType<T>, file: string, line: number): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const found = `text that is no JSON (${text.slice(0, 40)})`;
    throw new RecordedDataError({ file, line, field: '' }, found, 'one JSON document', {
      cause: error,
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  throw new RecordedDataError(
    { file, line, field: path.map(String).join('.') },
    describe(path.reduce<unknown>(childOf, value)),
    issue?.message ?? 'another shape',
    { cause: result.error },
  );
}

function childOf(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === String(key))?.[1];
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function asDataError(error: unknown, file: string, advice: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const found = error.code === 'ENOENT' ? 'no such file' : `an unreadable file (${error.message})`;
  return new RecordedDataError({ file, line: 0, field: '' }, found, advice, { cause: error });
}
