import type { Actor } from '../domain/feedback.js';
import type { LessonId, Scope } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import type { Bundle } from '../domain/strategy.js';
import { transitionWithPointer } from './pointer-change.js';
import type { Pointer, Store } from './store.js';

export interface ServingChange {
  /** What the active version should put and lack; empty where it is so already. */
  readonly bundleFor: (version: Pointer['active']) => Promise<Bundle>;
  /** Whether a version that serves a slice alone may go on. */
  readonly mayServe: (version: Pointer['active']) => Promise<boolean>;
  readonly actor: Actor;
  readonly action: string;
  readonly reason: string;
  /** Why a canary that stood on the version before is evaluated again. */
  readonly lost: string;
  readonly detail: JsonObject;
}

/**
 * Changes what serves at once, past the gate: for what is taken away, or put back by a person. The active version
 * alone changes, slices whose version may not go on fall back to it, and a canary that stood on it is evaluated
 * again. Nothing where it is so already. Answers whom to wake.
 */
export async function changeServing(
  store: Store,
  scope: Scope,
  { bundleFor, mayServe, actor, action, reason, lost, detail }: ServingChange,
): Promise<readonly string[]> {
  const wake: string[] = [];
  await transitionWithPointer(store, scope, async (pointer) => {
    const exceptions: Record<string, Pointer['active']> = {};
    for (const [slice, version] of Object.entries(pointer.exceptions)) {
      if (await mayServe(version)) exceptions[slice] = version;
    }
    const isExcepted = Object.keys(exceptions).length < Object.keys(pointer.exceptions).length;
    const bundle = await bundleFor(pointer.active);
    const isChanged = bundle.put.length > 0 || bundle.remove.length > 0;
    if (!isChanged && !isExcepted) return { kind: 'nothing' };
    const active = isChanged
      ? await store.deriveVersion(scope, pointer.active, bundle)
      : pointer.active;
    const changed = { ...detail, before: pointer.active, after: active };
    const { canary } = pointer;
    if (canary === null) {
      const audit = { actor, action, reason, detail: changed };
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
        actor,
        reason: `${lost}: ${reason}`,
        detail: changed,
        pointer: { expected: pointer.number, change: { active, exceptions, canary: null } },
      },
    };
  });
  return wake;
}

/** What takes lessons away from a version that serves them. */
export function without(lessons: readonly LessonId[]): Bundle {
  return { put: [], remove: lessons, parameters: {} };
}
