import type { Scope } from '../domain/ids.js';
import type { LessonDraft } from '../domain/lesson.js';
import { isFixedForm } from '../domain/validation/fixed-form.js';
import type { EvaluationTask } from './evidence-store.js';
import { isKeptForGate } from './gate-pool.js';
import type { Store } from './store.js';

/** Newest tasks that a text is held against, of those used and of all. */
const TASKS = 300;

/**
 * The evaluation items that a draft must not carry: question and right answer of every task that a gate
 * has used, that is pinned, or that is kept for the gate. What a draft cites never judges it, and is held
 * against it apart. Facts in a fixed form quote nothing, so that nothing is read for them.
 */
export async function evaluationItems(
  store: Pick<Store, 'evaluationTasks' | 'isPoolLarge'>,
  scope: Scope,
  drafts: readonly LessonDraft[],
): Promise<readonly EvaluationTask[]> {
  if (drafts.every(isFixedForm)) return [];
  const tasks = await store.evaluationTasks(scope, TASKS);
  const kept = await Promise.all(
    tasks.map(async ({ isUsed, task }) => isUsed || (await isKeptForGate(store, scope, task))),
  );
  return tasks.filter((_, at) => kept[at] === true);
}

/** The texts of items, without those that a draft cites. */
export function textsBesides(
  items: readonly EvaluationTask[],
  { evidence }: Pick<LessonDraft, 'evidence'>,
): string[] {
  const cited = new Set<string>(evidence.map(({ episode }) => episode));
  return items
    .filter(({ episode }) => !cited.has(episode))
    .flatMap(({ input, answer }) => [...Object.values(input), answer])
    .flatMap((value) =>
      value === null ? [] : [typeof value === 'string' ? value : JSON.stringify(value)],
    );
}
