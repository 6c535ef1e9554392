import { BadRecordError } from '../../contracts/import/bad-record.js';
import type { Span } from '../../contracts/import/spans.js';

/** The spans of one trace, and the line of the first of them. */
export interface BufferedTrace {
  readonly traceId: string;
  readonly line: number;
  readonly spans: readonly Span[];
}

interface Open {
  readonly line: number;
  readonly spans: Span[];
  size: number;
}

/** What a buffer may hold. */
export interface TraceLimits {
  readonly spans: number;
  /** Characters of names and values, and a constant for each. */
  readonly characters: number;
}

const LIMITS: TraceLimits = { spans: 20_000, characters: 64 * 1_048_576 };

/** How many traces whose end nobody has seen are remembered, so that a late span is told. */
const REMEMBERED = 100_000;

/**
 * Collects the spans of traces, which may be mixed in a file. It holds a bounded number of them, and of
 * characters: beyond either the trace that got none for longest is taken as whole. A trace that alone is
 * larger is refused, once, and the rest of it is passed over.
 */
export class TraceBuffer {
  readonly #limits: TraceLimits;
  readonly #open = new Map<string, Open>();
  readonly #closed = new Set<string>();
  readonly #refused = new Set<string>();
  #held = 0;
  #size = 0;

  constructor(limits = LIMITS) {
    this.#limits = limits;
  }

  /** Takes a span in; answers the traces that had to make room for it. */
  add(span: Span, line: number): readonly BufferedTrace[] {
    const { traceId } = span;
    if (this.#refused.has(traceId)) return [];
    if (this.#closed.has(traceId)) {
      throw new BadRecordError(
        'TRACE_SPLIT',
        'span.trace_id',
        `${traceId} again, after ${String(this.#limits.spans)} spans or ${String(this.#limits.characters)} characters of others`,
        'the spans of a trace near each other; sort the file by trace',
      );
    }
    const open = this.#open.get(traceId) ?? { line, spans: [], size: 0 };
    const size = sizeOf(span);
    if (open.size + size > this.#limits.characters) this.#refuse(traceId, open);
    open.spans.push(span);
    open.size += size;
    this.#held += 1;
    this.#size += size;
    // Put last: the first one of the map is then the one that got no span for longest.
    this.#open.delete(traceId);
    this.#open.set(traceId, open);
    const done: BufferedTrace[] = [];
    while (this.#isOver && this.#open.size > 1) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) done.push(...this.#close(oldest));
    }
    return done;
  }

  get #isOver(): boolean {
    return this.#held > this.#limits.spans || this.#size > this.#limits.characters;
  }

  #refuse(traceId: string, { spans }: Open): never {
    this.#close(traceId);
    this.#refused.add(traceId);
    throw new BadRecordError(
      'TRACE_TOO_LARGE',
      `trace ${traceId}`,
      `more than ${String(this.#limits.characters)} characters in ${String(spans.length + 1)} spans`,
      'a trace within it; none of its spans is imported',
    );
  }

  /** All traces that are left, in the order of their first spans. */
  rest(): readonly BufferedTrace[] {
    return [...this.#open.keys()]
      .flatMap((traceId) => this.#close(traceId))
      .sort((a, b) => a.line - b.line);
  }

  #close(traceId: string): readonly BufferedTrace[] {
    const open = this.#open.get(traceId);
    if (open === undefined) return [];
    this.#open.delete(traceId);
    this.#held -= open.spans.length;
    this.#size -= open.size;
    this.#closed.add(traceId);
    const [first] = this.#closed;
    if (this.#closed.size > REMEMBERED && first !== undefined) this.#closed.delete(first);
    return [{ traceId, line: open.line, spans: open.spans }];
  }
}

/** What a value takes beside its characters, about. */
const EACH = 32;

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return EACH + value.length;
  if (typeof value !== 'object' || value === null) return EACH;
  if (value instanceof Map) {
    return [...value].reduce((sum, [key, one]) => sum + sizeOf(key) + sizeOf(one), EACH);
  }
  const members: readonly unknown[] = Object.values(value);
  return members.reduce<number>((sum, one) => sum + sizeOf(one), EACH);
}
