import fc from 'fast-check';
import { expect, test } from 'vitest';

import { candidateId, episodeId } from '../../src/contracts/ids.js';
import { defaultLedgerPolicy } from '../../src/domain/gate/ledger.js';
import {
  addEntry,
  booksOf,
  emptyBooks,
  type JournalEntry,
  type LearnerBooks,
  type Progress,
} from '../../src/domain/learner-journal.js';

const C1 = candidateId('c1');
const C2 = candidateId('c2');

const said = (number: number) => ({ run: 'r1', number });
const settled = (progress: Partial<Progress> & Pick<Progress, 'step'>): JournalEntry => ({
  kind: 'settled',
  progress: { candidate: C1, workflowId: 'reflect/c1', promoted: false, ...progress },
});
const reserved = (candidate = C1): JournalEntry => ({ kind: 'reserved', candidate, atMs: 0 });
const rolledBack = (number: number): JournalEntry =>
  settled({ step: 'ended', end: 'rolled-back', said: said(number) });

function fold(...entries: readonly JournalEntry[]): LearnerBooks {
  return booksOf([{ kind: 'opened', atMs: 0 }, ...entries]);
}

test('a candidate from its reservation to its promotion', () => {
  const asked = fold(reserved(), settled({ step: 'canary-wanted', said: said(1) }));
  const granted = addEntry(asked, { kind: 'canary-granted', candidate: C1 });
  const promoted = addEntry(
    granted,
    settled({ step: 'canary-ended', promoted: true, said: said(2) }),
  );
  const over = addEntry(promoted, settled({ step: 'ended', promoted: true, said: said(3) }));
  const watched = addEntry(over, { kind: 'watching', candidate: C1 });

  expect(asked.queue).toMatchObject([{ candidate: C1 }]);
  expect(granted).toMatchObject({ queue: [], canary: { candidate: C1 } });
  expect(promoted).toMatchObject({ canary: null, ledger: { discoveries: 1 } });
  expect(over.survivors).toEqual([C1]);
  expect(watched).toMatchObject({ survivors: [], watching: C1 });
});

test('the same word said three times counts one rollback', () => {
  const books = fold(reserved(), rolledBack(1), rolledBack(1), rolledBack(1));

  expect(books.arming).toMatchObject({ rollbacks: 1, isArmed: true });
});

test('a rollback that two tell of is one', () => {
  const books = fold(reserved(), { kind: 'taken-back', candidate: C1 }, rolledBack(1));

  expect(books.arming.rollbacks).toBe(1);
});

test('a late word does not take back what came after it', () => {
  const first = settled({ step: 'sent-back', said: said(1) });
  const books = fold(reserved(), first, reserved());

  expect(addEntry(books, first)).toEqual(books);
});

test('another run of the same workflow is heard anew', () => {
  const wanted = (run: string): JournalEntry =>
    settled({ step: 'canary-wanted', said: { run, number: 1 } });
  const ended = settled({ step: 'ended', end: 'rejected', said: { run: 'r1', number: 2 } });

  expect(fold(wanted('r1'), ended, wanted('r1')).queue).toEqual([]);
  expect(fold(wanted('r1'), ended, wanted('r2')).queue).toHaveLength(1);
});

test('three rollbacks disarm, and say why until it is told', () => {
  const entries = ['a', 'b', 'c'].map((id): JournalEntry => ({
    kind: 'taken-back',
    candidate: candidateId(id),
  }));
  const books = fold(...entries);

  expect(books).toMatchObject({
    arming: { isArmed: false, rollbacks: 3 },
    disarmedBecause: '3 rollbacks in epoch 1',
  });
  expect(addEntry(books, { kind: 'disarm-told' })).toMatchObject({
    arming: { isArmed: false },
    disarmedBecause: null,
  });
  expect(addEntry(books, { kind: 'rearmed' }).arming).toMatchObject({ isArmed: true });
});

test('what survives while another is about to be watched is not lost', () => {
  const both = fold(
    settled({ step: 'ended', promoted: true }),
    settled({ candidate: C2, workflowId: 'reflect/c2', step: 'ended', promoted: true }),
  );

  expect(addEntry(both, { kind: 'watching', candidate: C1 })).toMatchObject({
    survivors: [C2],
    watching: C1,
  });
});

test('a promotion that a person takes back later leaves R and is watched no more', () => {
  const books = fold(
    reserved(),
    settled({ step: 'canary-ended', promoted: true, said: said(1) }),
    settled({ step: 'ended', promoted: true, said: said(2) }),
    { kind: 'watching', candidate: C1 },
    settled({ step: 'ended', end: 'rolled-back' }),
  );

  expect(books).toMatchObject({
    watching: null,
    ledger: { discoveries: 0 },
    arming: { rollbacks: 1 },
  });
});

const anyEntry = fc
  .record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    kind: fc.constantFrom(
      'reserved',
      'evaluated',
      'canary-wanted',
      'canary-ended',
      'sent-back',
      'ended',
      'taken-back',
      'canary-granted',
      'watching',
      'rearmed',
    ),
    promoted: fc.boolean(),
    end: fc.constantFrom('rejected' as const, 'rolled-back' as const, 'aborted' as const),
  })
  .map(({ id, kind, promoted, end }): JournalEntry => {
    const candidate = candidateId(id);
    if (kind === 'reserved') return { kind, candidate, atMs: 0 };
    if (kind === 'taken-back' || kind === 'canary-granted' || kind === 'watching') {
      return { kind, candidate };
    }
    if (kind === 'rearmed') return { kind };
    return settled({ candidate, workflowId: `reflect/${id}`, step: kind, promoted, end });
  });

test('whatever happens: no budget is overspent, R is never negative, and halves fold to the whole', () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 80 }), fc.nat(80), (entries, at) => {
      const whole = entries.reduce(addEntry, emptyBooks(0));
      const parts = entries
        .slice(at)
        .reduce(addEntry, entries.slice(0, at).reduce(addEntry, emptyBooks(0)));

      expect(whole.ledger.spent).toBeLessThanOrEqual(defaultLedgerPolicy.falseDiscoveryRate);
      expect(whole.ledger.discoveries).toBeGreaterThanOrEqual(0);
      expect(parts).toEqual(whole);
      expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
    }),
  );
});

test('what was taken back in probation is a suspect until it is told, however often it is said', () => {
  const failures = [episodeId('e7')];
  const back = { step: 'ended', end: 'rolled-back', failures } as const;
  const books = fold(
    reserved(),
    settled({ ...back, said: said(1) }),
    settled({ ...back, said: said(1) }),
    settled({ ...back, said: { run: 'r2', number: 1 } }),
  );
  const told = addEntry(books, { kind: 'diagnosed', candidate: C1 });

  expect(books.suspects).toEqual([{ candidate: C1, failures }]);
  expect(told.suspects).toEqual([]);
  expect(fold(reserved(), rolledBack(1)).suspects ?? []).toEqual([]);
});
