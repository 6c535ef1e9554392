import { WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';

import { assertActive, candidateRow } from '../activities/candidate-reading.js';
import type { Messenger } from '../activities/messenger.js';
import { activePointer } from '../activities/pointer-change.js';
import { rollBack, rollBackTo, settleEnded, type RolledBack } from '../activities/rollback.js';
import type { CandidateRow, Pointer, Store } from '../activities/store.js';
import { endUncarried } from '../activities/uncarried.js';
import { versionId } from '../contracts/ids.js';
import { isEnd } from '../domain/candidate.js';
import { wordRefused, wordsFor } from '../domain/candidate-words.js';
import { ConflictError, DeniedError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import type { Role } from '../domain/feedback.js';
import type { CandidateId, Scope, TenantId } from '../domain/ids.js';
import {
  abort,
  approve,
  force,
  freeze,
  keep,
  pin,
  rearm,
  rollback,
  unfreeze,
  unpin,
  veto,
  type Decision,
  type Override,
} from '../workflows/messages.js';
import { learnerId } from './messenger.js';
import { sendUpdate, updateFailure } from './workflow-update.js';

const DECISIONS = { approve, veto, force, abort, rollback } as const;
/** Words that end a candidate. */
const ENDING = ['abort', 'veto', 'rollback'] as const;
const OVERRIDES = { freeze, unfreeze, pin, unpin, rearm, keep } as const;

/** What may be said of a candidate. */
export type CandidateWord = keyof typeof DECISIONS;
/** What may be said of an agent's learning. */
export type LearningWord = keyof typeof OVERRIDES;

/** What a rollback came to; whoever reads it must see what still stands in its way. */
export interface RollbackDone {
  readonly to: string;
  /** False where the version served already, with no canary beside it. */
  readonly isChanged: boolean;
  /** Candidates that it takes back. */
  readonly ended: readonly CandidateId[];
  /** Candidates that are evaluated again. */
  readonly again?: readonly CandidateId[];
  /** Slices that another version serves all the same. */
  readonly exceptions?: Readonly<Record<string, string>>;
  /** The version that serves instead of it while it is pinned. */
  readonly pinned?: string | null;
}

/** Words by which a person returns to an earlier version. */
export interface RollbackWanted {
  readonly actor: string;
  readonly role: Role;
  readonly reason: string;
  readonly to?: string;
  /** The candidate to take back; the one that serves unless told. */
  readonly candidate?: CandidateId;
  /** Version that the person believes to be active; a mismatch is refused. */
  readonly expectedVersion?: string;
}

export interface GovernanceDependencies {
  readonly temporal: Client;
  readonly store: Store;
  readonly messenger: Messenger;
}

/** What a person decides of candidates, versions and the learning of an agent. */
export class Governance {
  readonly #temporal: Client;
  readonly #store: Store;
  readonly #messenger: Messenger;

  constructor({ temporal, store, messenger }: GovernanceDependencies) {
    this.#temporal = temporal;
    this.#store = store;
    this.#messenger = messenger;
  }

  /** A person's word on a candidate, said to the workflow that carries it. */
  async decide(
    tenant: TenantId,
    candidate: CandidateId,
    kind: CandidateWord,
    decision: Decision,
  ): Promise<void> {
    const { workflowId, state } = await candidateRow(this.#store, tenant, candidate);
    // An episode that is judged anew is reflected upon under the same workflow id: it knows nothing of this one.
    if (isEnd(state)) return this.#decideUncarried(tenant, candidate, kind, decision);
    try {
      const handle = this.#temporal.workflow.getHandle(workflowId);
      await handle.executeUpdate(DECISIONS[kind], { args: [decision] });
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw updateFailure(error);
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      await this.#decideUncarried(tenant, candidate, kind, decision);
    }
  }

  /** Of a candidate that no workflow carries any more: what ends it, or takes it back, needs none. */
  async #decideUncarried(
    tenant: TenantId,
    candidate: CandidateId,
    kind: CandidateWord,
    given: Decision,
  ): Promise<void> {
    const { actor: id, role, reason, expectedVersion } = given;
    assertMayOverride(role, kind, reason);
    const { agent, state } = await candidateRow(this.#store, tenant, candidate);
    const scope = { tenant, agent };
    if (kind === 'rollback' && state === 'promoted') {
      await this.#rollBackPromoted(scope, candidate, given);
      return;
    }
    const ending = ENDING.filter((other) => wordsFor(state).includes(other));
    const word = ending.find((other) => other === kind);
    if (word === undefined) {
      throw new ConflictError(
        isEnd(state)
          ? wordRefused(kind, state, candidate)
          : `${kind}: found candidate ${candidate} ${state}, and its workflow ended, expected one to ${kind}; ` +
              `possible: ${ending.join(', ')}`,
      );
    }
    assertActive(await activePointer(this.#store, scope), expectedVersion, kind);
    await endUncarried({ store: this.#store, messenger: this.#messenger }, scope, candidate, {
      actor: { id, role },
      reason: `${word}: ${reason}`,
      detail: { automatic: false, carrier: 'ended' },
      word,
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
    });
  }

  /** Freeze, unfreeze, pin, unpin, rearm, and which side of a dispute stands, said to the learner. */
  async override(scope: Scope, kind: LearningWord, given: Override): Promise<void> {
    assertMayOverride(given.role, kind, given.reason);
    await this.#messenger.wakeLearner(scope);
    const workflowId = learnerId(scope);
    await sendUpdate(workflowId, () =>
      this.#temporal.workflow
        .getHandle(workflowId)
        .executeUpdate(OVERRIDES[kind], { args: [given] }),
    );
  }

  /**
   * Returns to an earlier version: the last known-good one, the one named, or the one before a candidate. One in
   * canary or probation is told; one whose life has ended is rolled back here, by the same transition.
   */
  async rollback(scope: Scope, given: RollbackWanted): Promise<RollbackDone> {
    assertMayOverride(given.role, 'rollback', given.reason);
    const pointer = await this.#store.pointer(scope);
    if (pointer === null) {
      throw new NotFoundError('agent', scope.agent, 'run a task first, so that it has a version');
    }
    assertActive(pointer, given.expectedVersion, 'rollback');
    if (given.candidate !== undefined) {
      const row = await candidateRow(this.#store, scope.tenant, given.candidate);
      return this.#takeBack(scope, row, pointer, given);
    }
    if (given.to !== undefined) {
      const actor = { id: given.actor, role: given.role };
      const expected =
        given.expectedVersion === undefined ? {} : { expectedVersion: given.expectedVersion };
      const to = versionId(given.to);
      if ((await this.#store.version(scope, to)) === null) {
        throw new NotFoundError('version', to, 'list them with `ratchet versions`');
      }
      const { reason } = given;
      const done = await rollBackTo(this.#store, scope, { to, actor, reason, ...expected });
      await this.#tell(scope, done);
      const { isChanged, ended, again } = done;
      const { exceptions, pinned } = done.pointer;
      return { to: done.to, isChanged, ended, again, exceptions, pinned };
    }
    const rows = await this.#store.candidates(scope);
    const canary = rows.find(({ id }) => id === pointer.canary?.candidate);
    const serving =
      canary ??
      rows.find(
        ({ version, state }) =>
          version === pointer.active && (state === 'probation' || state === 'promoted'),
      );
    if (serving === undefined) {
      throw new ConflictError(
        `agent ${scope.agent}: found no promotion to take back, expected one; name a version with --to`,
      );
    }
    return this.#takeBack(scope, serving, pointer, given);
  }

  /** Takes one candidate back, wherever it stands. */
  async #takeBack(
    scope: Scope,
    row: CandidateRow,
    pointer: Pointer,
    given: RollbackWanted,
  ): Promise<RollbackDone> {
    if (row.state === 'promoted') return this.#rollBackPromoted(scope, row.id, given);
    const { actor, role, reason, expectedVersion } = given;
    const expected = expectedVersion === undefined ? {} : { expectedVersion };
    await this.decide(scope.tenant, row.id, 'rollback', { actor, role, reason, ...expected });
    const to = row.state === 'canary' ? pointer.active : (row.baseline ?? pointer.active);
    return { to, isChanged: true, ended: [row.id] };
  }

  /** Of one whose life has ended: by the same transition, without its workflow. */
  async #rollBackPromoted(
    scope: Scope,
    candidate: CandidateId,
    { actor, role, reason, expectedVersion }: Decision,
  ): Promise<RollbackDone> {
    const done = await rollBack(this.#store, {
      ...scope,
      candidate,
      actor: { id: actor, role },
      reason,
      detail: { automatic: false },
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
    });
    await this.#tell(scope, done);
    if (done.state === 'promoted') {
      throw new ConflictError(
        `rollback: found candidate ${candidate} promoted, but not in what version ${done.to} was made of, ` +
          'expected one that serves; `ratchet versions` shows what does, and --to names one to return to',
      );
    }
    const others = done.past.map((each) => each.candidate).filter((id) => id !== candidate);
    return { to: done.to, isChanged: true, ended: [candidate, ...others] };
  }

  async #tell(scope: Scope, { moved, past }: Pick<RolledBack, 'moved' | 'past'>): Promise<void> {
    for (const workflowId of moved) await this.#messenger.wake(workflowId);
    await settleEnded(this.#messenger, scope, past);
  }
}

function assertMayOverride(role: Role, action: string, reason: string): void {
  if (role === 'user') {
    throw new DeniedError(`${action}: found role user, expected owner or expert; ask one of them`);
  }
  if (reason.trim() === '') {
    throw new InvalidInputError('reason', 'an empty text', `why to ${action}`);
  }
}
