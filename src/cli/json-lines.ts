import { isUtf8 } from 'node:buffer';
import { addAbortSignal, type Readable } from 'node:stream';

import type { z } from 'zod';

import { MalformedInputError, foundText, parsedAt, placeOf } from './malformed-input.js';

const MEBIBYTE = 1_048_576;

const NEWLINE = 0x0a;

/** The field named where a line as a whole is at fault. */
const WHOLE = 'text';

/**
 * Reads JSON lines as they come and hands on each one parsed, with its number from 1. It holds a chunk
 * and a line at most, however many there are. Anything that is no line of its own (blank, longer than
 * `longestLine` bytes without its end, no UTF-8, no JSON object, a key twice) is a MalformedInputError,
 * as is input without a line. What `take` throws ends the reading.
 */
export async function readJsonLines<T>(
  input: Readable,
  schema: z.ZodType<T>,
  take: (value: T, line: number) => void,
  signal: AbortSignal,
  longestLine = MEBIBYTE,
): Promise<number> {
  const lines = new LineSplitter(longestLine);
  let line = 0;
  const read = (bytes: Buffer): void => {
    line += 1;
    take(parsedAt(schema, jsonObject(bytes, line), placeOf(line)), line);
  };
  // A terminal or a slow writer would otherwise be waited for after Ctrl-C.
  for await (const chunk of addAbortSignal(signal, input)) {
    lines.split(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)), read, () => line + 1);
  }
  const last = lines.rest();
  if (last.length > 0) read(last);
  if (line === 0) {
    throw new MalformedInputError(placeOf(1), WHOLE, 'no input', 'one JSON object a line');
  }
  return line;
}

/** Cuts chunks into lines, without ever holding more than one unfinished line. */
class LineSplitter {
  #parts: Buffer[] = [];
  #length = 0;
  readonly #longestLine: number;

  constructor(longestLine: number) {
    this.#longestLine = longestLine;
  }

  split(chunk: Buffer, take: (bytes: Buffer) => void, number: () => number): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#add(chunk.subarray(from, end), number());
      take(this.rest());
      from = end + 1;
    }
    this.#add(chunk.subarray(from), number());
  }

  /** What came since the last end of a line, and forgets it. */
  rest(): Buffer {
    const [only = Buffer.alloc(0)] = this.#parts;
    const bytes = this.#parts.length > 1 ? Buffer.concat(this.#parts) : only;
    this.#parts = [];
    this.#length = 0;
    return bytes;
  }

  #add(bytes: Buffer, line: number): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    if (this.#length <= this.#longestLine) return;
    const found = `more than ${String(this.#longestLine)} bytes`;
    const longest = `a line of ${String(this.#longestLine / MEBIBYTE)} MiB at most`;
    throw new MalformedInputError(placeOf(line), WHOLE, found, longest);
  }
}

function jsonObject(bytes: Buffer, line: number): object {
  const refuse = (found: string): never => {
    throw new MalformedInputError(placeOf(line), WHOLE, found, 'one JSON object');
  };
  if (!isUtf8(bytes)) refuse('bytes that are no UTF-8');
  const text = bytes.toString('utf8');
  if (text.startsWith('\uFEFF')) refuse('a byte order mark');
  if (text.trim() === '') refuse('a blank line');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse(`text that is no JSON, ${foundText(text)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(foundText(value));
  }
  const twice = keyThatIsLost(text, value);
  if (twice === undefined) return value;
  throw new MalformedInputError(placeOf(line), twice, 'the key twice', 'each key once');
}

/**
 * A key of the text that is not in what was parsed from it: of a key that stands there twice
 * `JSON.parse` keeps the later value and says nothing.
 */
function keyThatIsLost(text: string, value: object): string | undefined {
  const written = (text.match(KEYS) ?? []).filter((match) => match.endsWith(':'));
  const parsed = keysOf(value);
  if (written.length === parsed.length) return undefined;
  const left = [...parsed];
  return written
    .map((match) => String(JSON.parse(match.slice(0, -1))))
    .find((name) => {
      const at = left.indexOf(name);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
}

/** Every string of a JSON text, with the colon after it where it is a key. */
const KEYS = /"(?:[^"\\]|\\.)*"(?:\s*:)?/g;

function keysOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(keysOf);
  return Array.isArray(value) ? inner : [...Object.keys(value), ...inner];
}
