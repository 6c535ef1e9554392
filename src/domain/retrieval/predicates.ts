import type { Slices } from '../episode.js';
import type { JsonObject } from '../json.js';
import type { Predicate } from '../lesson.js';

/** What the machine-checked part of a trigger looks at. */
export interface TaskFacts {
  readonly slices: Slices;
  readonly input: JsonObject;
}

const INPUT_PREFIX = 'input.';

/** Whether a predicate is true of a task. A field that the task lacks makes it false. */
export function predicateHolds(predicate: Predicate, task: TaskFacts): boolean {
  const actual = fieldOf(predicate.field, task);
  if (actual === undefined) return false;
  return typeof predicate.value === 'string'
    ? actual === predicate.value
    : predicate.value.includes(actual);
}

/** Whether all predicates are true of a task; a lesson without any applies everywhere. */
export function allHold(predicates: readonly Predicate[], task: TaskFacts): boolean {
  return predicates.every((predicate) => predicateHolds(predicate, task));
}

function fieldOf(field: string, task: TaskFacts): string | undefined {
  if (!field.startsWith(INPUT_PREFIX)) {
    return Object.hasOwn(task.slices, field) ? task.slices[field] : undefined;
  }
  const key = field.slice(INPUT_PREFIX.length);
  const value = Object.hasOwn(task.input, key) ? task.input[key] : undefined;
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
