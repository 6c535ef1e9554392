import { afterAll, beforeAll, expect, test } from 'vitest';

import { SYSTEM } from '../../src/domain/feedback.js';
import { checkDatabase } from '../../src/store/pool.js';
import { createStore } from '../../src/store/store.js';
import { verifyAudit } from '../../src/store/audit.js';
import { freshDatabase, type FreshDatabase } from '../support/postgres.js';
import {
  FAILED,
  aDraft,
  aScope,
  closeOnActive,
  deploy,
  lessonNamed,
  openCandidate,
  passGate,
  playTask,
} from '../support/store-builders.js';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

test('carries one lesson from a failed task to promotion and back', async () => {
  await checkDatabase(database.pool);
  const store = createStore(database.pool);
  const scope = aScope();
  const first = await deploy(store, scope);
  const failed = await playTask(store, scope, 't-1', { outcome: FAILED });
  const draft = aDraft('cust', {
    evidence: [
      {
        episode: failed.episode,
        task: failed.task,
        steps: [0, 1],
        role: 'failure',
        outcome: 0,
        reliability: 1,
      },
    ],
  });
  await store.putProposals(scope, failed.episode, [{ draft, rejected: null }]);
  const [waiting] = await store.waitingProposals(scope, 10);
  const id = await openCandidate(store, scope, 'c-1', [draft]);
  await store.applyMerge(scope, {
    results: [{ proposal: waiting?.id ?? '', result: { kind: 'opened', candidate: id } }],
    revisions: [],
    support: [],
    opened: null,
  });
  const version = await closeOnActive(store, scope, id);
  await passGate(store, scope, id);
  const by = { candidate: id, actor: SYSTEM, detail: {} };

  await store.transition(scope, {
    ...by,
    from: ['passed'],
    to: 'canary',
    reason: 'its turn',
    pointer: {
      expected: 1,
      change: { canary: { candidate: id, version, share: 0.25, seed: 4_000_000_000 } },
    },
  });
  await store.transition(scope, {
    ...by,
    from: ['canary'],
    to: 'probation',
    reason: 'survived',
    pointer: { expected: 2, change: { active: version, canary: null } },
  });
  const serving = await store.lessonsServing(scope, version);
  await store.transition(scope, {
    ...by,
    from: ['probation'],
    to: 'rolled-back',
    reason: 'alarm',
    pointer: { expected: 3, change: { active: first.active } },
  });

  expect(serving.map((lesson) => [lesson.id, lesson.status, lesson.evidence.length])).toEqual([
    [lessonNamed('cust'), 'active', 1],
  ]);
  expect(await store.pointer(scope)).toEqual({
    number: 4,
    active: first.active,
    canary: null,
    exceptions: {},
    pinned: null,
    frozen: false,
  });
  expect((await store.candidate(scope.tenant, id))?.lessons[0]?.status).toBe('quarantined');
  expect(await store.waitingProposals(scope, 10)).toEqual([]);
  const life = await store.auditOf(scope.tenant, { kind: 'candidate', id }, 100);
  expect(life.map((entry) => entry.action)).toEqual([
    'evaluating',
    'passed',
    'canary',
    'probation',
    'rolled-back',
  ]);
  expect(await verifyAudit(database.pool, scope.tenant)).toMatchObject({
    intact: true,
    entries: 6,
  });
});

test('tells the newest deployment but the first, and how far tasks had come before it', async () => {
  const store = createStore(database.pool);
  const scope = aScope('deploying');
  const first = await deploy(store, scope);
  await playTask(store, scope, 't-1');
  const before = await store.lastDeployment(scope);

  const second = await deploy(store, scope, { policyDigest: 'policy-2' });
  const third = await deploy(store, scope, { policyDigest: 'policy-3' });
  await playTask(store, scope, 't-2');
  const found = await store.lastDeployment(scope);

  expect(before).toBeNull();
  expect(second.active).not.toBe(first.active);
  expect(found).toEqual({ number: 3, version: third.active, baseline: second.active });
  expect(await store.newestTaskBefore(scope, 3)).toBe(1);
});
