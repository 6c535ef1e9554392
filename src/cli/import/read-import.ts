import { altkRecord } from '../../contracts/import/altk-evolve.js';
import { BadRecordError, type BadRecordCode } from '../../contracts/import/bad-record.js';
import { interCodeRun } from '../../contracts/import/intercode.js';
import { MemoryVersionReader } from '../../contracts/import/memory-versions.js';
import { chatRun } from '../../contracts/import/openai-chat.js';
import { OPENINFERENCE } from '../../contracts/import/openinference.js';
import { OTEL_GENAI } from '../../contracts/import/otel-genai.js';
import { seedLessons, type SeedAuthor } from '../../contracts/import/seed-lessons.js';
import { spansOf, type Span } from '../../contracts/import/spans.js';
import { tauBenchRun } from '../../contracts/import/tau-bench.js';
import { traceRun, type TraceConvention } from '../../contracts/import/trace.js';
import { DeniedError, InvalidInputError, RatchetError } from '../../domain/errors.js';
import type { ImportedRun, ImportFormat } from '../../domain/imported-run.js';
import type { LessonDraft } from '../../domain/lesson.js';
import { redacted, type Redaction } from '../../domain/redaction.js';
import type { AgentId } from '../../domain/ids.js';
import type { ValidationCode, ValidationContext } from '../../domain/validation/check.js';
import { validateLesson } from '../../domain/validation/validate.js';
import type { PseudonymOf } from '../../security/pseudonyms.js';
import { byteLines } from './byte-lines.js';
import { membersFor } from './members.js';
import { recordsOf } from './records.js';
import { redactedRun } from './redacted-run.js';
import { TraceBuffer } from './trace-buffer.js';

/** What was found in a source, in its order. */
export type ImportItem =
  | { readonly kind: 'record' }
  | { readonly kind: 'run'; readonly run: ImportedRun }
  | { readonly kind: 'lesson'; readonly agent: AgentId; readonly draft: LessonDraft }
  | {
      readonly kind: 'bad';
      readonly line: number;
      readonly code: BadRecordCode | ValidationCode;
      readonly message: string;
    };

export interface ReadOptions {
  readonly format: ImportFormat;
  /** Whose runs they are; what the source says unless told. */
  readonly agent: AgentId | null;
  readonly redaction: Redaction;
  /** Under which names ids are stored where personal data is taken out. */
  readonly pseudonymOf: PseudonymOf;
  /** Who wrote the lessons of a list; null where somebody may not. */
  readonly author: SeedAuthor | null;
  /** What lessons are held against. */
  readonly lessonsFor: Pick<ValidationContext, 'permissions' | 'tools'>;
}

type RecordFormat = Exclude<ImportFormat, 'lessons'>;
type Bad = Extract<ImportItem, { kind: 'bad' }>;
type Found = Extract<ImportItem, { kind: 'run' | 'lesson' }>;

/** Makes of a record what can be stored; what comes later of earlier records is in `rest`. */
interface Reader {
  readonly read: (value: unknown, line: number) => Iterable<Lined>;
  readonly rest: () => Iterable<Lined>;
}

/** Something that a record came to, made when asked so that one fault does not hide the others. */
interface Lined {
  readonly line: number;
  readonly make: () => Found;
}

/**
 * Reads a source item by item: `record` once for each record, then what came of it. Everything is
 * redacted here, before anything can write it.
 */
export async function* readImport(
  input: AsyncIterable<Uint8Array | string>,
  options: ReadOptions,
): AsyncGenerator<ImportItem> {
  if (options.format === 'lessons') {
    yield* readLessons(input, options);
    return;
  }
  const reader = readerOf({ ...options, format: options.format });
  for await (const record of recordsOf(input, membersFor(options.format))) {
    yield { kind: 'record' };
    const items = made(
      'fault' in record
        ? () => {
            throw record.fault;
          }
        : () => reader.read(record.value, record.line),
      record.line,
      options,
    );
    const member = 'member' in record ? record.member : undefined;
    for (const item of items) yield item.kind === 'bad' ? placed(item, member) : item;
  }
  yield* made(() => reader.rest(), 0, options);
}

function placed(item: Bad, member: number | undefined): Bad {
  if (member === undefined) return item;
  return { ...item, message: `record ${String(member)} of the list: ${item.message}` };
}

function* made(
  read: () => Iterable<Lined>,
  at: number,
  options: ReadOptions,
): Generator<ImportItem> {
  try {
    for (const { line, make } of read()) yield one(make, line, options);
  } catch (error) {
    yield bad(error, at, options.redaction);
  }
}

function one(make: () => Found, line: number, options: ReadOptions): ImportItem {
  let found: Found;
  try {
    found = make();
  } catch (error) {
    return bad(error, line, options.redaction);
  }
  if (found.kind === 'run') {
    const { redaction, pseudonymOf } = options;
    return { ...found, run: redactedRun(found.run, redaction, pseudonymOf) };
  }
  const answer = validateLesson(found.draft, { ...options.lessonsFor, ...NOTHING_STORED });
  if (answer.accepted) return found;
  return { kind: 'bad', line, code: answer.code, message: answer.message };
}

/** Lessons that are there already are merged by the learner, which looks at them all. */
const NOTHING_STORED = { evidence: [], active: [], supportGroups: { groups: 1, experts: 0 } };

/** A fault of the record; anything else is a fault of ours and ends the import. */
function bad(error: unknown, line: number, redaction: Redaction): ImportItem {
  if (!(error instanceof RatchetError)) throw error;
  const code = error instanceof BadRecordError ? error.code : 'MALFORMED';
  return { kind: 'bad', line, code, message: redacted(error.message, redaction) };
}

/** The largest list of lessons that is read, in bytes. */
const LARGEST_LIST = 4 * 1_048_576;

async function* readLessons(
  input: AsyncIterable<Uint8Array | string>,
  options: ReadOptions,
): AsyncGenerator<ImportItem> {
  const { agent, author } = options;
  if (agent === null) {
    throw new InvalidInputError('--agent', 'none', 'the agent that the lessons are for');
  }
  if (author === null) {
    throw new DeniedError(
      'import lessons: found role user, expected owner or expert; `people` of the configuration names them',
    );
  }
  const lines: string[] = [];
  let size = 0;
  for await (const { line, ...read } of byteLines(input, LARGEST_LIST, true)) {
    if ('fault' in read) yield bad(read.fault, line, options.redaction);
    const text = 'text' in read ? read.text : '';
    size += text.length;
    if (size > LARGEST_LIST) {
      throw new InvalidInputError('FILE', 'more than 4 MiB', 'a list of lessons');
    }
    lines.push(text);
  }
  for (const lesson of seedLessons(lines.join('\n'), author)) {
    yield { kind: 'record' };
    yield one(
      () => {
        if ('fault' in lesson) throw lesson.fault;
        return { kind: 'lesson', agent, draft: lesson.draft };
      },
      lesson.line,
      options,
    );
  }
}

function readerOf({ format, agent }: ReadOptions & { readonly format: RecordFormat }): Reader {
  switch (format) {
    case 'intercode':
      return runReader((value) => withAgent(interCodeRun(value), agent));
    case 'tau-bench':
      return runReader((value) => withAgent(tauBenchRun(value), agent));
    case 'openai-chat':
      return runReader((value) => chatRun(value, agent));
    case 'cheatsheet-memory': {
      const memories = new MemoryVersionReader();
      return runReader((value) => withAgent(memories.run(value), agent));
    }
    case 'altk-evolve':
      return eachReader((value) => altkRecord(value, agent));
    case 'openinference':
      return traceReader(OPENINFERENCE, agent);
    case 'otel-genai':
      return traceReader(OTEL_GENAI, agent);
  }
}

function withAgent(run: ImportedRun, agent: AgentId | null): ImportedRun {
  return agent === null ? run : { ...run, agent };
}

function runReader(parse: (value: unknown) => ImportedRun): Reader {
  return eachReader((value) => ({ kind: 'run', run: parse(value) }));
}

function eachReader(parse: (value: unknown) => Found): Reader {
  return { read: (value, line) => [{ line, make: () => parse(value) }], rest: () => [] };
}

function traceReader(convention: TraceConvention, agent: AgentId | null): Reader {
  const traces = new TraceBuffer();
  const lined = (trace: ReturnType<TraceBuffer['rest']>[number]): Lined => ({
    line: trace.line,
    make: () => ({ kind: 'run', run: traceRun(trace.traceId, trace.spans, convention, agent) }),
  });
  return {
    read: function* (value, line) {
      for (const span of spansOf(value)) {
        // A fault of one span ends neither the others nor the traces that others have closed.
        yield* added(span, line);
      }
    },
    rest: () => traces.rest().map(lined),
  };
  function added(span: Span, line: number): readonly Lined[] {
    try {
      return traces.add(span, line).map(lined);
    } catch (error) {
      const fail = (): never => {
        throw error;
      };
      return [{ line, make: fail }];
    }
  }
}
