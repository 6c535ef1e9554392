import type { ImportedRun, ImportFormat } from '../../domain/imported-run.js';
import { sha256 } from '../digest.js';
import { BadRecordError } from './bad-record.js';
import { conversationOf, type Turn } from './conversation.js';
import { agentNamed, taskNamed } from './run-fields.js';
import type { Span } from './spans.js';
import { distinctSpans, turnsTold } from './trace-turns.js';

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
  /** What an evaluation came to, where one was recorded. */
  readonly evaluation: (span: Span) => Evaluation | undefined;
}

export interface Evaluation {
  readonly success: boolean;
  readonly reward: number;
}

/** The spans of one trace as one run; the run's id is the trace's. */
export function traceRun(
  traceId: string,
  given: readonly Span[],
  convention: TraceConvention,
  agent: string | null,
): ImportedRun {
  const spans = distinctSpans(given);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const root = spans.find(({ parentId }) => parentId === null || !ids.has(parentId)) ?? spans[0];
  const meanings = spans.map((span) => convention.meaning(span));
  const where = `trace ${traceId}`;
  if (root === undefined || !meanings.some(({ kind }) => kind === 'model')) {
    throw new BadRecordError('EMPTY_RUN', where, 'no call of a model', 'at least one');
  }
  const model =
    first(meanings, (one) => (one.kind === 'model' ? one.model : undefined)) ?? 'unknown';
  const told = conversationOf(turnsTold(spans, meanings), model, where);
  const asked = told.user === '' ? (convention.asked(root) ?? '') : told.user;
  const evaluation = first(spans, convention.evaluation);
  const success = evaluation?.success ?? (root.isError ? false : null);
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
      reward: evaluation?.reward ?? null,
      turns: told.turns,
      strategy: root.name === '' ? convention.format : root.name,
    },
  };
}

const PASSED = ['pass', 'passed', 'correct', 'success', 'true'];
const FAILED = ['fail', 'failed', 'incorrect', 'failure', 'false'];

/** A verdict stands above a score; a score alone is one of 0 to 1, and success from one half on. */
export function evaluated(
  score: number | undefined,
  label: string | undefined,
  field: string,
): Evaluation | undefined {
  const word = label?.trim().toLowerCase() ?? '';
  if (PASSED.includes(word)) return { success: true, reward: score ?? 1 };
  if (FAILED.includes(word)) return { success: false, reward: score ?? 0 };
  if (score === undefined) return undefined;
  if (score < 0 || score > 1) {
    throw new BadRecordError('MALFORMED', field, String(score), 'a score of 0 to 1, or a verdict');
  }
  return { success: score >= 0.5, reward: score };
}

/** What a model answered. A call that failed may have said nothing, any other must have been recorded. */
export function saidBy(span: Span, said: readonly Turn[], field: string): readonly Turn[] {
  if (said.length === 0 && !span.isError) {
    const where = `span ${span.spanId}: ${field}`;
    throw new BadRecordError('EMPTY_RUN', where, 'nothing', 'what the model answered');
  }
  return said;
}

/** Of several choices nobody knows with which one the agent went on. */
export function oneChoice(span: Span, choices: readonly Turn[], field: string): readonly Turn[] {
  if (choices.length > 1) {
    const found = `${String(choices.length)} choices`;
    throw new BadRecordError('MALFORMED', `span ${span.spanId}: ${field}`, found, 'one');
  }
  return choices;
}

function first<T, R>(values: readonly T[], read: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = read(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
