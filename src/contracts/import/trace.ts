import type { ImportedRun, ImportFormat } from '../../domain/imported-run.js';
import { sha256 } from '../digest.js';
import { BadRecordError } from './bad-record.js';
import { conversationOf, type Turn } from './conversation.js';
import { agentNamed, taskNamed } from './run-fields.js';
import type { Span } from './spans.js';

/** What a span says in the words of its convention. */
export type SpanMeaning =
  | {
      readonly kind: 'model';
      readonly model: string | undefined;
      /** What the model was given, and what it answered. */
      readonly given: readonly Turn[];
      readonly said: readonly Turn[];
    }
  | { readonly kind: 'tool'; readonly turn: Extract<Turn, { role: 'tool' }> }
  | { readonly kind: 'other' };

/** How one convention names things. */
export interface TraceConvention {
  readonly format: ImportFormat;
  readonly meaning: (span: Span) => SpanMeaning;
  readonly agent: (span: Span) => string | undefined;
  readonly subject: (span: Span) => string | undefined;
  /** What the whole trace was asked and answered, where its root says so. */
  readonly asked: (span: Span) => string | undefined;
  readonly answered: (span: Span) => string | undefined;
  /** A score of 0 … 1 or a verdict, where an evaluation was recorded. */
  readonly evaluation: (span: Span) => number | undefined;
}

/** The spans of one trace as one run; the run's id is the trace's. */
export function traceRun(
  traceId: string,
  given: readonly Span[],
  convention: TraceConvention,
  agent: string | null,
): ImportedRun {
  const spans = given.toSorted((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const root = spans.find(({ parentId }) => parentId === null || !ids.has(parentId)) ?? spans[0];
  const meanings = spans.map((span) => convention.meaning(span));
  const where = `trace ${traceId}`;
  const turns = turnsOf(meanings);
  if (turns === undefined || root === undefined) {
    throw new BadRecordError('EMPTY_RUN', where, 'no call of a model', 'at least one');
  }
  const model =
    first(meanings, (one) => (one.kind === 'model' ? one.model : undefined)) ?? 'unknown';
  const told = conversationOf(turns, model, where);
  const asked = told.user === '' ? (convention.asked(root) ?? '') : told.user;
  const reward = first(spans, convention.evaluation) ?? null;
  const success = reward === null ? (root.isError ? false : null) : reward >= 0.5;
  const taskId = `task-${sha256(asked).slice(0, 12)}`;
  return {
    runId: traceId,
    agent: agentNamed(agent ?? first(spans, convention.agent) ?? convention.format),
    task: taskNamed(taskId),
    model,
    input: { request: asked },
    slices: {},
    subject: first(spans, convention.subject) ?? null,
    system: told.system,
    user: asked,
    steps: told.steps,
    output: told.output ?? convention.answered(root) ?? null,
    category: success === null ? 'unknown' : success ? 'ok' : 'failed',
    detail: '',
    recorded: {
      format: convention.format,
      taskId,
      success,
      reward,
      turns: told.turns,
      strategy: root.name === '' ? convention.format : root.name,
    },
  };
}

/**
 * The turns of a trace. With tool spans, or with model calls that do not repeat the conversation, each
 * span adds what it did; else the last model call holds the whole of it.
 */
function turnsOf(meanings: readonly SpanMeaning[]): readonly Turn[] | undefined {
  const models = meanings.filter((one) => one.kind === 'model');
  const last = models.at(-1);
  if (last === undefined) return undefined;
  const hasTools = meanings.some(({ kind }) => kind === 'tool');
  const isWhole = last.given.some(({ role }) => role === 'assistant' || role === 'tool');
  if (!hasTools && isWhole) return [...last.given, ...last.said];
  const opening = (models[0]?.given ?? []).filter(
    ({ role }) => role === 'system' || role === 'user',
  );
  const done = meanings.flatMap((one): readonly Turn[] =>
    one.kind === 'model' ? one.said : one.kind === 'tool' ? [one.turn] : [],
  );
  return [...opening, ...done];
}

function first<T, R>(values: readonly T[], read: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = read(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
