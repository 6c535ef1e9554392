import type { ImportFormat } from '../../domain/imported-run.js';
import type { Members } from './records.js';

/** What a document wraps its records in, and what a record itself has. */
interface Wrapping {
  readonly wrappers: readonly string[];
  readonly own: readonly string[];
}

const SPANS: Wrapping = {
  wrappers: ['spans', 'data'],
  own: ['context', 'context.trace_id', 'spanContext', 'traceId', 'trace_id', 'resourceSpans'],
};

/** Formats that come wrapped; a record of any other may call its fields as it likes. */
const WRAPPINGS: Partial<Record<ImportFormat, Wrapping>> = {
  'altk-evolve': { wrappers: ['entities'], own: ['messages', 'content'] },
  openinference: SPANS,
  'otel-genai': SPANS,
};

/**
 * The records that a value of a source holds. An array is a list of them unless it is one transcript; an
 * object is one where the format has a name for its list, and the object nothing of a record.
 */
export function membersFor(format: ImportFormat): Members {
  const { wrappers, own } = WRAPPINGS[format] ?? { wrappers: [], own: [] };
  return (value) => {
    if (Array.isArray(value)) return isConversation(value) ? undefined : value;
    if (typeof value !== 'object' || value === null) return undefined;
    if (own.some((key) => key in value)) return undefined;
    const lists = Object.entries(value).flatMap(([key, inner]: readonly [string, unknown]) =>
      wrappers.includes(key) && Array.isArray(inner) ? [inner] : [],
    );
    return lists[0];
  };
}

/** An array of messages is one transcript; any other array is a list of records. */
function isConversation(value: readonly unknown[]): boolean {
  const [first] = value;
  if (typeof first !== 'object' || first === null) return false;
  return 'role' in first || ('type' in first && 'call_id' in first);
}
