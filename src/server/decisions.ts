import { CANDIDATE_WORDS, wordsFor } from '../domain/candidate-words.js';
import { ConflictError, DeniedError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import type { CandidateId, Scope, TenantId } from '../domain/ids.js';
import type { CandidateRow, Pointer } from '../activities/store.js';
import type { CandidateWord } from '../domain/candidate-words.js';
import type { PageContext } from './dashboard-house.js';

/** What the person saw on the page and why they act. */
export interface PageDecision {
  readonly reason: string;
  readonly expectedState: string;
  readonly expectedVersion: string;
}

/** What may be done about a candidate; one that is promoted and serves can still be rolled back. */
export function possibleWords(
  row: CandidateRow,
  pointer: Pointer | null,
): readonly CandidateWord[] {
  const serves = pointer !== null && row.version === pointer.active;
  if (row.state === 'promoted') return serves ? ['rollback'] : [];
  return wordsFor(row.state);
}

/** Passes a person's word on, unless what they saw has changed meanwhile. */
export async function decideFromPage(
  { house, queries, actor }: PageContext,
  tenant: TenantId,
  id: CandidateId,
  wordText: string,
  decision: PageDecision,
): Promise<void> {
  const word = CANDIDATE_WORDS.find((known) => known === wordText);
  if (word === undefined) {
    throw new InvalidInputError('action', wordText, `one of ${CANDIDATE_WORDS.join(', ')}`);
  }
  const reason = decision.reason.trim();
  if (reason === '') {
    throw new InvalidInputError('reason', 'an empty text', `why to ${word}, in a few words`);
  }
  const scope = await queries.scopeOfCandidate(tenant, id);
  const row = await house.store.candidate(tenant, id);
  if (row === null) throw new NotFoundError('candidate', id, 'choose one of the list at /');
  const pointer = await house.store.pointer(scope);
  const active = pointer?.active ?? '';
  if (row.state !== decision.expectedState || active !== decision.expectedVersion) {
    throw new ConflictError(
      `${word}: found candidate ${id} ${row.state} and version ${active || 'none'} active, ` +
        `expected ${decision.expectedState} and ${decision.expectedVersion || 'none'} as on the page; look again and decide anew`,
    );
  }
  if (!possibleWords(row, pointer).includes(word)) {
    throw new ConflictError(
      `${word}: found candidate ${id} ${row.state}, expected a state that allows it; ` +
        `possible: ${possibleWords(row, pointer).join(', ') || 'nothing'}`,
    );
  }
  if (actor.role === 'system') {
    throw new DeniedError(`${word}: found the system as actor, expected a person`);
  }
  const said = { actor: actor.id, role: actor.role, reason, expectedVersion: active };
  if (row.state === 'promoted') await house.client.rollback(scope, said);
  else await house.client.decide(tenant, id, word, said);
}

/** Which side of a dispute stands: what a person chose among what they saw on the page. */
export async function keepFromPage(
  { house, actor }: PageContext,
  scope: Scope,
  chosen: { readonly lesson: string; readonly reason: string; readonly expectedVersion: string },
): Promise<void> {
  const reason = chosen.reason.trim();
  if (reason === '') {
    throw new InvalidInputError('reason', 'an empty text', 'why it stands, in a few words');
  }
  if (actor.role === 'system') {
    throw new DeniedError('keep: found the system as actor, expected a person');
  }
  const { lesson, expectedVersion } = chosen;
  const said = { actor: actor.id, role: actor.role, reason, lesson, expectedVersion };
  await house.client.override(scope, 'keep', said);
}
