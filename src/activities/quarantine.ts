import { SYSTEM } from '../domain/feedback.js';
import type { Scope, VersionId } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { LessonRef } from '../domain/strategy.js';
import { rollBack } from './rollback.js';
import { changeServing, without } from './serving-change.js';
import type { CandidateRow, Store } from './store.js';
import type { StrategyCache } from './strategy-cache.js';

export interface Quarantine extends LessonRef {
  readonly reason: string;
  /** What was counted and what follows from it. */
  readonly detail: JsonObject;
}

/**
 * Takes a lesson out of service at once. One that its candidate has not carried through probation goes
 * with its candidate; any other leaves the active version alone, and a canary that stood on it is evaluated
 * again. Marked last, so that a crash in between leaves it to be done again. Answers whom to wake.
 */
export async function quarantine(
  store: Store,
  strategies: StrategyCache,
  scope: Scope,
  { lesson, revision, reason, detail }: Quarantine,
): Promise<readonly string[]> {
  const evidence = { ...detail, lesson, revision, automatic: true };
  const wake: string[] = [];
  const puts = ({ bundle }: CandidateRow): boolean =>
    bundle.put.some((ref) => ref.lesson === lesson && ref.revision === revision);
  for (const row of (await store.candidates(scope)).filter(puts)) {
    if (row.state !== 'canary' && row.state !== 'probation') continue;
    const request = { ...scope, candidate: row.id, actor: SYSTEM, reason, detail: evidence };
    const { moved } = await rollBack(store, request);
    wake.push(row.workflowId, ...moved);
  }

  const isIn = async (version: VersionId): Promise<boolean> => {
    const { index } = await strategies.strategy(scope, version);
    return index.lessons.get(lesson)?.revision === revision;
  };
  const woken = await changeServing(store, scope, {
    bundleFor: async (version) => without((await isIn(version)) ? [lesson] : []),
    mayServe: async (version) => !(await isIn(version)),
    actor: SYSTEM,
    action: 'quarantine',
    reason,
    lost: `the version it stood on lost ${lesson}@${String(revision)}`,
    detail: evidence,
  });
  const marked = { lesson, revision, actor: SYSTEM, reason, detail: evidence };
  await store.quarantineLesson(scope, marked);
  return [...new Set([...wake, ...woken])];
}
