import { SYSTEM } from '../domain/feedback.js';
import type { Scope } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { LessonRef } from '../domain/strategy.js';
import { transitionWithPointer } from './pointer-change.js';
import { rollBack } from './rollback.js';
import type { CandidateRow, Pointer, Store } from './store.js';
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

  await transitionWithPointer(store, scope, async (pointer) => {
    const isIn = async (version: Pointer['active']): Promise<boolean> => {
      const { index } = await strategies.strategy(scope, version);
      return index.lessons.get(lesson)?.revision === revision;
    };
    const exceptions: Record<string, Pointer['active']> = {};
    for (const [slice, version] of Object.entries(pointer.exceptions)) {
      if (!(await isIn(version))) exceptions[slice] = version;
    }
    const isExcepted = Object.keys(exceptions).length < Object.keys(pointer.exceptions).length;
    if (!(await isIn(pointer.active)) && !isExcepted) return { kind: 'nothing' };
    const bundle = { put: [], remove: [lesson], parameters: {} };
    const active = (await isIn(pointer.active))
      ? await store.deriveVersion(scope, pointer.active, bundle)
      : pointer.active;
    const from = { before: pointer.active, after: active };
    const { canary } = pointer;
    if (canary === null) {
      const audit = {
        actor: SYSTEM,
        action: 'quarantine',
        reason,
        detail: { ...evidence, ...from },
      };
      return { kind: 'change', change: { active, exceptions }, audit };
    }
    const row = await store.candidate(scope.tenant, canary.candidate);
    if (row !== null) wake.push(row.workflowId);
    return {
      kind: 'move',
      transition: {
        candidate: canary.candidate,
        from: ['canary'],
        to: 'evaluating',
        actor: SYSTEM,
        reason: `the version it stood on lost ${lesson}@${String(revision)}: ${reason}`,
        detail: { ...evidence, ...from },
        pointer: { expected: pointer.number, change: { active, exceptions, canary: null } },
      },
    };
  });
  const marked = { lesson, revision, actor: SYSTEM, reason, detail: evidence };
  await store.quarantineLesson(scope, marked);
  return [...new Set(wake)];
}
