import { isEnd, type CandidateState } from '../domain/candidate.js';
import { SYSTEM, type Actor } from '../domain/feedback.js';
import type { CandidateId, Scope } from '../domain/ids.js';
import type { JsonObject } from '../domain/json.js';
import { candidateRow } from './candidate-reading.js';
import type { Messenger } from './messenger.js';
import { rollBack } from './rollback.js';
import type { Store } from './store.js';

/** Who carries what, as Temporal and the learner have it. */
export interface Carriers {
  /** Whether this workflow runs and has this candidate in its hands. */
  carries(workflowId: string, candidate: CandidateId): Promise<boolean>;
  /** Candidates for which the learner keeps a slot, a turn or a level; none where it does not run. */
  heldByLearner(scope: Scope): Promise<readonly string[]>;
}

export interface UncarriedDependencies {
  readonly store: Store;
  readonly messenger: Pick<Messenger, 'wake' | 'settle'>;
}

/** In whose name a candidate ends that nobody carries, and why. */
export interface UncarriedEnd {
  readonly actor: Actor;
  readonly reason: string;
  readonly detail: JsonObject;
  /** What a person said; by itself one that serves is rolled back, and one that does not is aborted. */
  readonly word?: 'abort' | 'veto' | 'rollback';
  readonly expectedVersion?: string;
}

/**
 * Ends a candidate whose workflow has ended without it: what serves of it is taken back, its wakes end, and the
 * learner gets back slot, turn and level. Each step is safe to repeat; one that has ended is settled once more.
 */
export async function endUncarried(
  { store, messenger }: UncarriedDependencies,
  scope: Scope,
  candidate: CandidateId,
  { word, expectedVersion, ...said }: UncarriedEnd,
): Promise<CandidateState> {
  const row = await candidateRow(store, scope.tenant, candidate);
  let { state } = row;
  if (state === 'canary' || state === 'probation') {
    const to = word === 'abort' ? 'aborted' : 'rolled-back';
    const expected = expectedVersion === undefined ? {} : { expectedVersion };
    const back = await rollBack(store, { ...scope, candidate, ...said, to, ...expected });
    for (const other of back.moved) {
      if (other !== row.workflowId) await messenger.wake(other);
    }
    ({ state } = back);
  }
  if (!isEnd(state)) {
    // Sent back by that rollback, or on its way to a canary: there is nobody to take it further.
    const to = word === 'veto' ? 'rejected' : 'aborted';
    await store.transition(scope, { candidate, from: [state], to, ...said });
    state = to;
  }
  for (const reader of [row.workflowId, `shadow/${candidate}`]) {
    await store.unwatchOutcomes(scope, reader);
  }
  const { workflowId } = row;
  const settled = { candidate, workflowId, step: 'ended', promoted: false, end: state } as const;
  if (state !== 'promoted') await messenger.settle(scope, settled);
  return state;
}

/**
 * Candidates that nobody carries, and such as have ended while the learner still keeps something for them. One
 * that is handed over just now may be among them: whoever ends them looks twice.
 */
export async function findUncarried(
  store: Store,
  carriers: Carriers,
  scope: Scope,
): Promise<readonly CandidateId[]> {
  const held = new Set(await carriers.heldByLearner(scope));
  const found: CandidateId[] = [];
  for (const { id, state, workflowId } of await store.candidates(scope)) {
    // What is open is handed over when its bundle closes, to a new workflow where need be.
    if (state === 'open' || state === 'promoted') continue;
    if (isEnd(state) && !held.has(id)) continue;
    if (!(await carriers.carries(workflowId, id))) found.push(id);
  }
  return found;
}

/** What nobody carries is not watched by anybody, and does not go on serving. */
export const UNCARRIED: UncarriedEnd = {
  actor: SYSTEM,
  reason: 'the workflow that carried it has ended without it',
  detail: { automatic: true },
};
