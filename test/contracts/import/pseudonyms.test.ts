import { expect, test } from 'vitest';

import { tenantId } from '../../../src/contracts/ids.js';
import { pseudonyms } from '../../../src/security/pseudonyms.js';
import { linesOf, MESSAGES, readOptions, runsIn } from '../../support/import-lines.js';

const PERSONAL = { redaction: 'personal' as const };

function aChat(changes: Record<string, unknown> = {}) {
  const user = { role: 'user', content: 'I am omar_davis_3817, write to omar@example.com' };
  const messages = [user, MESSAGES[3]];
  const base = { run_id: 'r-1', task_id: 'refund-of-omar', user: 'omar_davis_3817', success: true };
  return { ...base, messages, ...changes };
}

test('subject and task are stored under pseudonyms where personal data is taken out', async () => {
  const [run] = await runsIn(linesOf(aChat()), readOptions('openai-chat', PERSONAL));

  expect(run?.subject).toMatch(/^subject-[0-9a-f]{24}$/);
  expect(run?.task).toMatch(/^task-[0-9a-f]{24}$/);
  expect(run?.recorded.taskId).toBe(run?.task);
  expect(run?.user).toBe(`I am ${run?.subject ?? ''}, write to [e-mail address]`);
  expect(JSON.stringify(run)).not.toMatch(/omar|3817/);
});

test('they stay as they are where only secrets are', async () => {
  const [run] = await runsIn(linesOf(aChat()), readOptions('openai-chat'));

  expect(run).toMatchObject({ subject: 'omar_davis_3817', task: 'refund-of-omar', runId: 'r-1' });
});

test('equal ids have equal pseudonyms, over runs and imports', async () => {
  const lines = linesOf(aChat(), aChat({ run_id: 'r-2' }), aChat({ run_id: 'r-3', user: 'ann_1' }));

  const first = await runsIn(lines, readOptions('openai-chat', PERSONAL));
  const second = await runsIn(lines, readOptions('openai-chat', PERSONAL));

  expect(second).toEqual(first);
  expect(first[0]?.subject).toBe(first[1]?.subject);
  expect(first[0]?.subject).not.toBe(first[2]?.subject);
});

test.each([
  ['an address', { run_id: 'run/omar@example.com/1' }],
  ['the id of its subject', { run_id: 'run/omar_davis_3817/1' }],
  ['the id of its task', { run_id: 'run/refund-of-omar/1' }],
])('the name of a run that holds %s is a pseudonym too', async (_what, changes) => {
  const [run] = await runsIn(linesOf(aChat(changes)), readOptions('openai-chat', PERSONAL));

  expect(run?.runId).toMatch(/^run-[0-9a-f]{24}$/);
});

test('a word of the language is not replaced in the texts, though it is somebody’s id', async () => {
  const messages = [{ role: 'user', content: 'The customer is king' }, MESSAGES[3]];
  const line = linesOf(aChat({ user: 'customer', messages }));

  const [run] = await runsIn(line, readOptions('openai-chat', PERSONAL));

  expect(run?.user).toBe('The customer is king');
  expect(run?.subject).toMatch(/^subject-/);
});

test('without the key or the tenant nobody makes the same pseudonym', () => {
  const of = (key: string, tenant: string) => pseudonyms(key, tenantId(tenant))('subject', 'ann');

  expect(new Set([of('k1', 'acme'), of('k2', 'acme'), of('k1', 'other')]).size).toBe(3);
});
