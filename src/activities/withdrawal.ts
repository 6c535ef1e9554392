import { isEnd } from '../domain/candidate.js';
import type { CandidateId, Scope } from '../domain/ids.js';
import type { LessonRevision } from '../domain/lesson.js';
import type { JsonObject } from '../domain/json.js';
import type { Messenger } from './messenger.js';
import { quarantine } from './quarantine.js';
import type { CandidateRow, Store } from './store.js';
import type { StrategyCache } from './strategy-cache.js';

export interface WithdrawalDependencies {
  readonly store: Store;
  readonly strategies: StrategyCache;
  readonly messenger: Pick<Messenger, 'wake'>;
  /** Ends a candidate in the name of whoever withdraws, by its workflow. */
  readonly abort: (candidate: CandidateId) => Promise<void>;
}

/** What was withdrawn, `lesson@revision`, and the candidates that ended for it. */
export interface Withdrawal {
  readonly withdrawn: readonly string[];
  readonly ended: readonly CandidateId[];
}

const REASON = 'too few people are left who say so';

/**
 * Takes what is quarantined out of what serves and of what is on its way there: out of the active version, with a
 * canary or probation that brought it, and out of an open bundle. A candidate under evaluation ends, since its
 * evidence is that of the whole bundle. A second call finds what a first one that died left over.
 */
export async function withdrawQuarantined(
  { store, strategies, messenger, abort }: WithdrawalDependencies,
  scope: Scope,
  detail: JsonObject,
): Promise<Withdrawal> {
  const withdrawn = new Set<string>();
  const ended: CandidateId[] = [];
  const take = async (lesson: LessonRevision): Promise<void> => {
    const { id, revision } = lesson;
    const taken = { lesson: id, revision, reason: REASON, detail };
    const wake = await quarantine(store, strategies, scope, taken);
    for (const workflowId of wake) await messenger.wake(workflowId);
  };
  const note = ({ id, revision }: LessonRevision) => withdrawn.add(`${id}@${String(revision)}`);

  for (const row of (await store.candidates(scope)).filter(({ state }) => !isEnd(state))) {
    const gone = row.lessons.filter(isQuarantined);
    if (gone.length === 0) continue;
    gone.forEach(note);
    if (row.state === 'canary' || row.state === 'probation') {
      for (const lesson of gone) await take(lesson);
      ended.push(row.id);
    } else if (row.state === 'open' && keepsSomething(row, gone)) {
      const left = gone.map(({ id }) => ({ lesson: id, candidate: row.id }));
      await store.applyMerge(scope, {
        ...{ results: [], revisions: [], support: [], opened: null },
        left,
      });
    } else {
      await abort(row.id);
      ended.push(row.id);
    }
  }
  const pointer = await store.pointer(scope);
  const serving = pointer === null ? [] : await store.lessonsServing(scope, pointer.active);
  for (const lesson of serving.filter(isQuarantined)) {
    note(lesson);
    await take(lesson);
  }
  return { withdrawn: [...withdrawn].sort(), ended };
}

function isQuarantined({ status }: LessonRevision): boolean {
  return status === 'quarantined';
}

function keepsSomething(
  { lessons, bundle }: CandidateRow,
  gone: readonly LessonRevision[],
): boolean {
  return lessons.length > gone.length || bundle.remove.length > 0;
}
