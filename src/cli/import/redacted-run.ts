import type { Step } from '../../domain/episode.js';
import type { ImportedRun } from '../../domain/imported-run.js';
import type { Json, JsonObject } from '../../domain/json.js';
import { redacted, type Redaction } from '../../domain/redaction.js';

/** A run without secrets, in every text that somebody wrote; ids and names stay as they are. */
export function redactedRun(run: ImportedRun, what: Redaction): ImportedRun {
  const clean = (text: string): string => redacted(text, what);
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
