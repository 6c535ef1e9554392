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
}

/** How many traces whose end nobody has seen are remembered, so that a late span is told. */
const REMEMBERED = 100_000;

/**
 * Collects the spans of traces, which may be mixed in a file. It holds a bounded number of spans: beyond
 * it the trace that got none for longest is taken as whole.
 */
export class TraceBuffer {
  readonly #maxSpans: number;
  readonly #open = new Map<string, Open>();
  readonly #closed = new Set<string>();
  #held = 0;

  constructor(maxSpans = 20_000) {
    this.#maxSpans = maxSpans;
  }

  /** Takes a span in; answers the traces that had to make room for it. */
  add(span: Span, line: number): readonly BufferedTrace[] {
    const { traceId } = span;
    if (this.#closed.has(traceId)) {
      throw new BadRecordError(
        'TRACE_SPLIT',
        'span.trace_id',
        `${traceId} again, after ${String(this.#maxSpans)} spans of others`,
        'the spans of a trace near each other; sort the file by trace',
      );
    }
    const open = this.#open.get(traceId) ?? { line, spans: [] };
    open.spans.push(span);
    this.#held += 1;
    // Put last: the first one of the map is then the one that got no span for longest.
    this.#open.delete(traceId);
    this.#open.set(traceId, open);
    const done: BufferedTrace[] = [];
    while (this.#held > this.#maxSpans && this.#open.size > 1) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) done.push(...this.#close(oldest));
    }
    return done;
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
    this.#closed.add(traceId);
    const [first] = this.#closed;
    if (this.#closed.size > REMEMBERED && first !== undefined) this.#closed.delete(first);
    return [{ traceId, line: open.line, spans: open.spans }];
  }
}
