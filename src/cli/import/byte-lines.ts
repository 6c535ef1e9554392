import { isUtf8 } from 'node:buffer';

import { BadRecordError } from '../../contracts/import/bad-record.js';

/** A line of a file, numbered from 1, or why it could not be read as text. */
export type TextLine =
  | { readonly line: number; readonly text: string }
  | { readonly line: number; readonly fault: BadRecordError };

/** The longest line that is read, in bytes: one is in memory at a time. */
export const LONGEST_LINE = 64 * 1_048_576;

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * The lines of a stream, blank ones left out unless asked for. A line that is too long is passed over without being
 * held, and one that is no UTF-8 is told: neither ends the reading.
 */
export async function* byteLines(
  input: AsyncIterable<Uint8Array | string>,
  longest = LONGEST_LINE,
  keepsBlank = false,
): AsyncGenerator<TextLine> {
  let parts: Buffer[] = [];
  let length = 0;
  let line = 0;
  const finish = (): TextLine | undefined => {
    line += 1;
    const read = length > longest ? tooLong(line, length, longest) : textOf(line, parts);
    parts = [];
    length = 0;
    return !keepsBlank && 'text' in read && read.text.trim() === '' ? undefined : read;
  };
  const add = (bytes: Buffer): void => {
    length += bytes.length;
    if (length <= longest) parts.push(bytes);
    else parts = [];
  };
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      add(bytes.subarray(from, end));
      const read = finish();
      if (read !== undefined) yield read;
      from = end + 1;
    }
    if (from < bytes.length) add(bytes.subarray(from));
  }
  const last = length === 0 ? undefined : finish();
  if (last !== undefined) yield last;
}

function tooLong(line: number, length: number, longest: number): TextLine {
  const found = `${String(length)} bytes`;
  const expected = `at most ${String(longest)}`;
  return { line, fault: new BadRecordError('LINE_TOO_LONG', 'line', found, expected) };
}

function textOf(line: number, parts: readonly Buffer[]): TextLine {
  const [only = Buffer.alloc(0)] = parts;
  const bytes = parts.length > 1 ? Buffer.concat(parts) : only;
  if (!isUtf8(bytes)) {
    const fault = new BadRecordError('NOT_UTF8', 'line', 'bytes that are no UTF-8', 'UTF-8');
    return { line, fault };
  }
  const text = bytes.toString('utf8');
  return { line, text: line === 1 ? text.replace(BYTE_ORDER_MARK, '') : text };
}
