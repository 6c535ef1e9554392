import { BadRecordError } from '../../contracts/import/bad-record.js';
import { byteLines, LONGEST_LINE, type TextLine } from './byte-lines.js';

/** A JSON value of the source with the line it stands in, or why that line holds none. */
export type SourceRecord =
  | {
      readonly line: number;
      readonly value: unknown;
      /** Counted from 1 where the value stands in a list, whose members share a line. */
      readonly member?: number;
    }
  | { readonly line: number; readonly fault: BadRecordError };

/** The records that a value of a source is a list of; undefined where it is a record itself. */
export type Members = (value: unknown) => readonly unknown[] | undefined;

/** What a whole document of one JSON value may take: it is parsed at once. */
const LARGEST_DOCUMENT = LONGEST_LINE;
/** Deeper values than this are a fault or an attack, not a recording. */
const MAX_DEPTH = 100;

/**
 * The records of a source: a JSON value a line; or, where the first line is a lone bracket, one document
 * that was printed for people. A value that `membersOf` opens is its members.
 */
export async function* recordsOf(
  input: AsyncIterable<Uint8Array | string>,
  membersOf: Members,
): AsyncGenerator<SourceRecord> {
  const document: string[] = [];
  let first = 1;
  let size = 0;
  let form: 'lines' | 'document' | 'perhaps' | undefined;
  const linesHeld = function* (): Generator<SourceRecord> {
    for (const [at, text] of document.splice(0).entries()) {
      if (text.trim() !== '') yield* recordsIn({ line: first + at, text }, membersOf);
    }
  };
  for await (const read of byteLines(input, LONGEST_LINE, true)) {
    if ('text' in read && form === undefined && read.text.trim() !== '') {
      form = formOf(read.text);
      first = read.line;
    }
    const isOver = size > LARGEST_DOCUMENT || 'fault' in read;
    if (form === 'perhaps' && isOver) {
      form = 'lines';
      yield* linesHeld();
    }
    if ('fault' in read) yield read;
    else if (form === 'document' || form === 'perhaps') {
      size += read.text.length + 1;
      if (size <= LARGEST_DOCUMENT || form === 'perhaps') document.push(read.text);
    } else if (read.text.trim() !== '') yield* recordsIn(read, membersOf);
  }
  const text = document.join('\n');
  if (form === 'perhaps' && !isJson(text)) yield* linesHeld();
  else if (size > LARGEST_DOCUMENT && form === 'document') {
    const found = `a document of ${String(size)} characters`;
    const expected = `at most ${String(LARGEST_DOCUMENT)}, or one record a line`;
    yield { line: 1, fault: new BadRecordError('LINE_TOO_LONG', 'document', found, expected) };
  } else if (form === 'document' || form === 'perhaps') {
    yield* recordsIn({ line: first, text }, membersOf);
  }
}

/** By the first line: whole in itself, a lone bracket, or the beginning of what may be a document. */
function formOf(line: string): 'lines' | 'document' | 'perhaps' {
  if (/^\s*(?:\{|\[|\[\s*\{)\s*$/.test(line)) return 'document';
  return /^\s*[[{]/.test(line) && !isJson(line) ? 'perhaps' : 'lines';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function* recordsIn(read: TextLine, membersOf: Members): Generator<SourceRecord> {
  if ('fault' in read) {
    yield read;
    return;
  }
  const { line, text } = read;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    yield { line, fault: new BadRecordError('NOT_JSON', 'line', found.slice(0, 120), 'JSON') };
    return;
  }
  if (isDeeper(value, MAX_DEPTH)) {
    const expected = `at most ${String(MAX_DEPTH)} levels`;
    yield { line, fault: new BadRecordError('TOO_DEEP', 'line', 'values nested deeper', expected) };
    return;
  }
  const members = membersOf(value);
  if (members === undefined) yield { line, value };
  else for (const [at, one] of members.entries()) yield { line, value: one, member: at + 1 };
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
