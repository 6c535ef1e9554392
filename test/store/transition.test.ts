import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Store, Transition } from '../../src/activities/store.js';
import { candidateId } from '../../src/contracts/ids.js';
import { ConflictError, DeniedError, NotFoundError } from '../../src/domain/errors.js';
import { SYSTEM, type Actor } from '../../src/domain/feedback.js';
import type { CandidateId, Scope } from '../../src/domain/ids.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import { createStore } from '../../src/store/store.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  activeVersion,
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  lessonNamed,
  openCandidate,
  passGate,
} from '../support/store-builders.js';

let database: FreshDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());

const OWNER: Actor = { id: 'ann', role: 'owner' };

function move(
  scope: Scope,
  candidate: CandidateId,
  from: Transition['from'],
  to: Transition['to'],
  rest: Partial<Transition> = {},
) {
  return store.transition(scope, {
    candidate,
    from,
    to,
    actor: SYSTEM,
    reason: `to ${to}`,
    detail: {},
    ...rest,
  });
}

async function closedCandidate(tenant: string, drafts: readonly LessonDraft[] = [aDraft('a')]) {
  const scope = aScope(tenant);
  await deploy(store, scope);
  const id = await openCandidate(store, scope, `${tenant}-1`, drafts);
  const version = await closeOnActive(store, scope, id);
  return { scope, id, version };
}

/** From `passed` to probation, the pointer with it. */
async function promote(scope: Scope, id: CandidateId): Promise<void> {
  const found = await store.candidate(scope.tenant, id);
  const pointer = await store.pointer(scope);
  if (found?.version === undefined || found.version === null || pointer === null) {
    throw new Error('close the candidate first');
  }
  await move(scope, id, ['passed'], 'canary');
  await move(scope, id, ['canary'], 'probation', {
    pointer: { expected: pointer.number, change: { active: found.version } },
  });
}

async function statuses(scope: Scope, keys: readonly string[]): Promise<readonly string[]> {
  const lessons = await store.lessonsByKey(scope, keys);
  return lessons.map(({ key, revision, status }) => `${key}@${String(revision)} ${status}`);
}

test('writes state, reason and exactly one audit entry', async () => {
  const { scope, id, version } = await closedCandidate('one-entry');

  await move(scope, id, ['open'], 'evaluating', { reason: 'a slot is free', detail: { slot: 1 } });

  expect(await store.candidate(scope.tenant, id)).toMatchObject({
    state: 'evaluating',
    reason: 'a slot is free',
    endedAt: null,
    version,
  });
  const audit = await store.auditOf(scope.tenant, { kind: 'candidate', id }, 10);
  expect(audit).toMatchObject([
    {
      action: 'evaluating',
      reason: 'a slot is free',
      detail: { slot: 1, before: 'open', after: 'evaluating' },
    },
  ]);
});

test('repeating a transition changes nothing and writes no entry', async () => {
  const { scope, id } = await closedCandidate('repeat');
  await move(scope, id, ['open'], 'evaluating');

  await move(scope, id, ['open'], 'evaluating');

  expect(await store.auditOf(scope.tenant, { kind: 'candidate', id }, 10)).toHaveLength(1);
});

test('lets one of two different transitions from the same state win', async () => {
  const { scope, id } = await closedCandidate('race');

  const answers = await Promise.allSettled([
    move(scope, id, ['open'], 'rejected', { actor: OWNER }),
    move(scope, id, ['open'], 'aborted', { actor: OWNER }),
  ]);

  expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await store.auditOf(scope.tenant, { kind: 'candidate', id }, 10)).toHaveLength(1);
});

test('refuses a state that may not follow, whatever the caller expected', async () => {
  const { scope, id } = await closedCandidate('order');

  await expect(move(scope, id, ['open'], 'promoted', { actor: OWNER })).rejects.toThrow(
    ConflictError,
  );
  await expect(move(scope, id, ['passed'], 'evaluating')).rejects.toThrow(/found it open/);
  await expect(move(scope, candidateId('none'), ['open'], 'evaluating')).rejects.toThrow(
    NotFoundError,
  );
  expect(await store.auditOf(scope.tenant, { kind: 'candidate', id }, 10)).toEqual([]);
});

test('changes nothing at all when the pointer moved meanwhile', async () => {
  const { scope, id, version } = await closedCandidate('stale');
  await passGate(store, scope, id);
  await move(scope, id, ['passed'], 'canary');
  const before = await store.auditOf(scope.tenant, null, 100);

  const stale = move(scope, id, ['canary'], 'probation', {
    pointer: { expected: 9, change: { active: version } },
  });

  await expect(stale).rejects.toThrow(/found change 1, expected 9/);
  expect((await store.candidate(scope.tenant, id))?.state).toBe('canary');
  expect(await statuses(scope, ['a'])).toEqual(['a@1 canary']);
  expect(await store.auditOf(scope.tenant, null, 100)).toEqual(before);
});

test('a candidate without a passed gate serves nobody', async () => {
  const { scope, id } = await closedCandidate('ungated');
  await move(scope, id, ['open'], 'evaluating');

  await expect(move(scope, id, ['evaluating'], 'canary')).rejects.toThrow(DeniedError);

  expect((await store.candidate(scope.tenant, id))?.state).toBe('evaluating');
});

test.each(['reject', 'inconclusive', 'hold'])(
  'a verdict of %s does not let a candidate serve',
  async (verdict) => {
    const { scope, id, version } = await closedCandidate(`verdict-${verdict}`);
    await move(scope, id, ['open'], 'evaluating');
    const baseline = await activeVersion(store, scope);
    await store.putGateRecord(scope, {
      candidate: id,
      purpose: 'gate',
      baseline,
      version,
      verdict,
      reason: 'test',
      alpha: 0.005,
      seed: 1,
      summary: {},
    });

    await expect(move(scope, id, ['evaluating'], 'canary')).rejects.toThrow(DeniedError);
  },
);

test('a pass stands for the contents it judged, also on another baseline', async () => {
  const { scope, id } = await closedCandidate('rebased');
  await passGate(store, scope, id);
  await deploy(store, scope, { policyDigest: 'policy-2' });
  const rebased = await closeOnActive(store, scope, id);

  await move(scope, id, ['passed'], 'canary');

  expect(await store.candidate(scope.tenant, id)).toMatchObject({
    state: 'canary',
    version: rebased,
    evaluation: 2,
  });
});

test('what needs approval serves nobody before a person has said so', async () => {
  const { scope, id, version } = await closedCandidate('approval');
  const baseline = await activeVersion(store, scope);
  await passGate(store, scope, id);
  await deploy(store, scope, { policyDigest: 'policy-2' });
  await store.closeBundle(scope, id, {
    baseline: await activeVersion(store, scope),
    version: baseline,
    permission: 'approve',
    title: 'needs a word',
  });
  expect(version).not.toBe(baseline);

  await expect(move(scope, id, ['passed'], 'canary')).rejects.toThrow(/approval/);
  await move(scope, id, ['passed'], 'waiting', { actor: OWNER, reason: 'looks right' });
  await move(scope, id, ['waiting'], 'canary');

  expect((await store.candidate(scope.tenant, id))?.state).toBe('canary');
});

test('a person may force what the gate did not pass, by name and on record', async () => {
  const { scope, id, version } = await closedCandidate('forced');

  await move(scope, id, ['open'], 'canary', { actor: OWNER, reason: 'forced: I know better' });
  await move(scope, id, ['canary'], 'probation', {
    pointer: { expected: 1, change: { active: version } },
  });

  const audit = await store.auditOf(scope.tenant, { kind: 'candidate', id }, 10);
  expect(audit.map(({ action, actor }) => [action, actor.id])).toEqual([
    ['canary', 'ann'],
    ['probation', 'ratchet'],
  ]);
});

test('statuses of lessons follow the life of their candidate', async () => {
  const { scope, id } = await closedCandidate('statuses');

  const seen = [await statuses(scope, ['a'])];
  await passGate(store, scope, id);
  seen.push(await statuses(scope, ['a']));
  await promote(scope, id);
  seen.push(await statuses(scope, ['a']));
  await move(scope, id, ['probation'], 'promoted');
  seen.push(await statuses(scope, ['a']));

  expect(seen.flat()).toEqual(['a@1 candidate', 'a@1 shadow', 'a@1 active', 'a@1 active']);
  expect((await store.candidate(scope.tenant, id))?.endedAt).not.toBeNull();
});

test('a promoted revision retires the one before, and a rollback brings it back', async () => {
  const { scope, id } = await closedCandidate('retires');
  await passGate(store, scope, id);
  await promote(scope, id);
  await move(scope, id, ['probation'], 'promoted');
  const grown = aDraft('a', { body: { form: 'text', text: 'a(id, name, mail)' } });
  const second = await openCandidate(store, scope, 'retires-2', [grown]);
  await closeOnActive(store, scope, second);
  await passGate(store, scope, second);
  await promote(scope, second);

  const promoted = await bothRevisions(scope);
  await move(scope, second, ['probation'], 'rolled-back');
  const rolledBack = await bothRevisions(scope);

  expect(promoted).toEqual(['retired', 'active']);
  expect(rolledBack).toEqual(['active', 'quarantined']);
});

async function bothRevisions(scope: Scope): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ readonly status: string }>(
    `select status from lesson_revisions where tenant = $1 and lesson = $2 order by revision`,
    [scope.tenant, lessonNamed('a')],
  );
  return rows.map(({ status }) => status);
}

test('an end leaves no reader behind that nobody will wake', async () => {
  const { scope, id } = await closedCandidate('watches');
  await store.watchOutcomes(scope, `shadow/${id}`);
  await store.watchOutcomes(scope, `reflect/${id}`);
  await store.watchOutcomes(scope, 'learner/other');
  await move(scope, id, ['open'], 'evaluating');

  await move(scope, id, ['evaluating'], 'aborted', { actor: OWNER });

  expect((await store.setBarrier(scope, null)).wake).toEqual(['learner/other']);
});

test('settles the outcomes it has read forwards only', async () => {
  const { scope, id } = await closedCandidate('settled');

  await store.setSettled(scope.tenant, id, 12);
  await store.setSettled(scope.tenant, id, 7);

  expect((await store.candidate(scope.tenant, id))?.settledUpTo).toBe(12);
});

test('a baseline is settled once the candidate serves', async () => {
  const { scope, id } = await closedCandidate('settled-baseline');
  await passGate(store, scope, id);
  await move(scope, id, ['passed'], 'canary');
  await deploy(store, scope, { policyDigest: 'policy-2' });

  await expect(closeOnActive(store, scope, id)).rejects.toThrow(ConflictError);
});
