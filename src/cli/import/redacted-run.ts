import type { Step } from '../../domain/episode.js';
import type { ImportedRun } from '../../domain/imported-run.js';
import type { Json, JsonObject } from '../../domain/json.js';
import { taskNamed } from '../../contracts/import/run-fields.js';
import { redacted, type Redaction } from '../../domain/redaction.js';
import type { PseudonymOf } from '../../security/pseudonyms.js';

/**
 * A run without secrets in every text that somebody wrote. Where personal data goes as well, so do the ids of
 * people and tasks: pseudonyms stand in their place, also where the id stands in a text.
 */
export function redactedRun(
  run: ImportedRun,
  what: Redaction,
  pseudonymOf: PseudonymOf,
): ImportedRun {
  if (what === 'secrets') return cleanRun(run, (text) => redacted(text, what));
  const { subject } = run;
  const person = subject === null ? null : pseudonymOf('subject', subject);
  const clean = (text: string): string => {
    const isNamed = subject !== null && person !== null && TELLING.test(subject);
    return redacted(isNamed ? text.replaceAll(subject, person) : text, what);
  };
  const task = pseudonymOf('task', run.recorded.taskId);
  const isOfSomebody = [subject, run.recorded.taskId, run.task].some(
    (id) => id !== null && run.runId.includes(id),
  );
  const isPlain = !isOfSomebody && clean(run.runId) === run.runId;
  return {
    ...cleanRun(run, clean),
    runId: isPlain ? run.runId : pseudonymOf('run', run.runId),
    task: taskNamed(task),
    subject: person,
    recorded: { ...run.recorded, taskId: task, strategy: clean(run.recorded.strategy) },
  };
}

/** An id that is no word of a language: replaced in a text, it spoils none. */
const TELLING = /^(?=.*[^\p{L}])[^]{6,}$/u;

function cleanRun(run: ImportedRun, clean: (text: string) => string): ImportedRun {
  const withoutMemory = {
    ...run,
    input: cleanObject(run.input, clean),
    slices: Object.fromEntries(
      Object.entries(run.slices).map(([key, value]) => [key, clean(value)]),
    ),
    system: clean(run.system),
    user: clean(run.user),
    steps: run.steps.map((step) => cleanStep(step, clean)),
    output: run.output === null ? null : clean(run.output),
    category: clean(run.category),
    detail: clean(run.detail),
  };
  return run.memory === undefined
    ? withoutMemory
    : { ...withoutMemory, memory: { text: clean(run.memory.text) } };
}

function cleanStep(step: Step, clean: (text: string) => string): Step {
  if (step.kind === 'model') {
    const toolCalls = step.toolCalls.map((call) => ({ ...call, arguments: clean(call.arguments) }));
    return { ...step, text: clean(step.text), toolCalls };
  }
  const { result } = step;
  const content = clean(result.content);
  return { ...step, arguments: clean(step.arguments), result: { ...result, content } };
}

function cleanObject(object: JsonObject, clean: (text: string) => string): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, cleanJson(value, clean)]),
  );
}

function cleanJson(value: Json, clean: (text: string) => string): Json {
  if (typeof value === 'string') return clean(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value)) return value.map((inner) => cleanJson(inner, clean));
  return cleanObject(value, clean);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
