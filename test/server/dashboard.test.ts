import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Store } from '../../src/activities/store.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { CandidateId, Scope } from '../../src/domain/ids.js';
import { createApp } from '../../src/server/app.js';
import type { DashboardHouse, PageContext } from '../../src/server/dashboard-house.js';
import type { DemoState } from '../../src/server/demo-state.js';
import { createQueries } from '../../src/store/queries.js';
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
let scope: Scope;
let said: { readonly word: string; readonly reason: string }[];
let tenants = 0;

beforeAll(async () => {
  database = await freshDatabase();
  store = createStore(database.pool);
});
afterAll(() => database.drop());
beforeEach(() => {
  tenants += 1;
  scope = aScope(`pages-${String(tenants)}`);
  said = [];
});

const HOSTILE = '<script>alert("x")</script>';

/** The pages of a house whose workflows only take note of what they are told. */
function pages(demo: DemoState | null = null, open: Partial<PageContext> = {}) {
  const house: DashboardHouse = {
    store,
    pool: database.pool,
    client: {
      decide: async (_tenant, _candidate, word, { reason }) => void said.push({ word, reason }),
      rollback: async (_scope, { reason }) => {
        said.push({ word: 'rollback, by the agent', reason });
        return { to: 'v-before', isChanged: true, ended: [] };
      },
      override: async (_scope, kind, { reason, lesson }) =>
        void said.push({ word: `${kind} ${lesson ?? ''}`, reason }),
      giveFeedback: () => Promise.reject(new Error('no page gives feedback')),
    },
    temporalUi: 'http://127.0.0.1:8233',
    config: { tenant: scope.tenant, dashboard: null, temporal: { namespace: 'default' } },
    health: () => Promise.resolve({ postgres: 'ok', temporal: 'ok' }),
  };
  return createApp({
    house,
    queries: createQueries(database.pool),
    actor: { id: 'ann', role: 'owner' },
    agents: [],
    apiToken: null,
    isOpen: false,
    onFault: () => undefined,
    roleOf: () => 'user',
    demo: () => demo,
    model: 'real',
    ...open,
  });
}

const TOKEN = 'of-this-house-alone';

/** Pages that others than this machine reach. */
function openPages(more: Partial<PageContext> = {}) {
  return pages(null, { isOpen: true, apiToken: TOKEN, ...more });
}

function shownBy(name: string, token = TOKEN): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${name}:${token}`).toString('base64')}` };
}

async function aClosedCandidate(text = 'shop(id, name)'): Promise<CandidateId> {
  await deploy(store, scope);
  const draft = aDraft('shop', { title: HOSTILE, body: { form: 'text', text } });
  const id = await openCandidate(store, scope, `${scope.tenant}.c1`, [draft]);
  await closeOnActive(store, scope, id);
  return id;
}

/** A candidate that came through its probation and serves. */
async function aPromotedCandidate(): Promise<CandidateId> {
  const id = await aClosedCandidate();
  await passGate(store, scope, id);
  const version = (await store.candidate(scope.tenant, id))?.version ?? null;
  if (version === null) throw new Error(`${id} is not closed`);
  const moves = [
    ['canary', { canary: { candidate: id, version, share: 0.5, seed: 7 } }],
    ['probation', { active: version, canary: null }],
    ['promoted', null],
  ] as const;
  for (const [to, change] of moves) {
    const expected = (await store.pointer(scope))?.number ?? 0;
    await store.transition(scope, {
      candidate: id,
      from: ['passed', 'canary', 'probation'],
      to,
      actor: SYSTEM,
      reason: to,
      detail: {},
      ...(change === null ? {} : { pointer: { expected, change } }),
    });
  }
  return id;
}

async function formOf(id: CandidateId, changes: Readonly<Record<string, string>> = {}) {
  const row = await store.candidate(scope.tenant, id);
  return new URLSearchParams({
    tenant: scope.tenant,
    state: row?.state ?? '',
    version: await activeVersion(store, scope),
    reason: 'it looks wrong',
    ...changes,
  });
}

function post(path: string, body: URLSearchParams, origin = 'http://localhost') {
  const headers = { origin, 'content-type': 'application/x-www-form-urlencoded' };
  return pages().request(path, { method: 'POST', headers, body: body.toString() });
}

test('a candidate stands in the list with its state and a link to its page', async () => {
  const id = await aClosedCandidate();
  await passGate(store, scope, id);

  const text = await (await pages().request('/')).text();

  expect(text).toContain(`/candidates/${id}?tenant=${scope.tenant}`);
  expect(text).toContain('class="state passed"');
  expect(text).toContain('superior');
});

test('a tenant without agents is told the next command', async () => {
  const text = await (await pages().request(`/?tenant=${scope.tenant}`)).text();

  expect(text).toContain('ratchet run --agent');
});

test('text that was learned is shown and never run', async () => {
  const id = await aClosedCandidate(HOSTILE);

  const text = await (await pages().request(`/candidates/${id}`)).text();

  expect(text).not.toContain('<script');
  expect(text).toContain('&lt;script&gt;');
});

test('a page runs no script and names its style by a nonce', async () => {
  const response = await pages().request('/');

  const policy = response.headers.get('content-security-policy') ?? '';
  const nonce = /style-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none';
  expect(policy).toContain("default-src 'none'");
  expect(await response.text()).toContain(`<style nonce="${nonce}"`);
});

test('the list says of a canary the share it serves by now, as its heading does', async () => {
  const id = await aClosedCandidate();
  await passGate(store, scope, id);
  const version = (await store.candidate(scope.tenant, id))?.version;
  if (version == null) throw new Error(`${id} is not closed`);
  const canary = (share: number) => ({ canary: { candidate: id, version, share, seed: 7 } });
  const by = { actor: SYSTEM, detail: {} };
  await store.transition(scope, {
    ...by,
    candidate: id,
    from: ['passed'],
    to: 'canary',
    reason: 'canary at 25 %',
    pointer: { expected: 1, change: canary(0.25) },
  });
  const widened = { ...by, action: 'canary-widened', reason: 'canary at 50 %' };
  await store.changePointer(scope, 2, canary(0.5), widened);

  const text = await (await pages().request('/')).text();

  expect(text).toMatch(/canary <code>[^<]+<\/code> at\s+50 %/);
  expect(text).toContain('canary at 50 %');
  expect(text).not.toContain('25 %');
});

test('a candidate links to its life and its evaluation in the Temporal UI', async () => {
  const id = await aClosedCandidate();

  const text = await (await pages().request(`/candidates/${id}`)).text();

  const evaluation = encodeURIComponent(`shadow/${id}`);
  expect(text).toContain(`http://127.0.0.1:8233/namespaces/default/workflows/${evaluation}`);
});

test('a word with its reason reaches the workflow and leads back to the page', async () => {
  const id = await aClosedCandidate();

  const response = await post(`/candidates/${id}/abort`, await formOf(id));

  expect(response.status).toBe(303);
  expect(response.headers.get('location')).toContain(`/candidates/${id}`);
  expect(said).toEqual([{ word: 'abort', reason: 'it looks wrong' }]);
});

test('the rollback button of a promoted candidate returns the agent to what served before', async () => {
  const id = await aPromotedCandidate();

  const page = await (await pages().request(`/candidates/${id}`)).text();
  const response = await post(`/candidates/${id}/rollback`, await formOf(id));

  expect(page).toContain(`formaction="/candidates/${id}/rollback"`);
  expect(response.status).toBe(303);
  expect(said).toEqual([{ word: 'rollback, by the agent', reason: 'it looks wrong' }]);
});

test('a promoted candidate that serves no more has no rollback button', async () => {
  const id = await aPromotedCandidate();
  await deploy(store, scope, { instructions: 'Answer otherwise.', policyDigest: 'policy-2' });

  const page = await (await pages().request(`/candidates/${id}`)).text();
  const response = await post(`/candidates/${id}/rollback`, await formOf(id));

  expect(page).not.toContain('formaction');
  expect(response.status).toBe(409);
  expect(said).toEqual([]);
});

test('a candidate shows what it adds to which version', async () => {
  const id = await aClosedCandidate('shop(id, name, opened_on)');
  const row = await store.candidate(scope.tenant, id);

  const text = await (await pages().request(`/candidates/${id}`)).text();

  const section = /<h2>What it changes<\/h2>([\s\S]*?)<\/section>/.exec(text)?.[1] ?? '';
  expect(section).toContain('<pre class="added">shop(id, name, opened_on)</pre>');
  expect(section).toContain('it was observed');
  expect(section).toContain('tool-note, trust medium');
  const versions = [...section.matchAll(/<code>([^<]+)<\/code>/g)].map(([, shown]) => shown ?? '');
  expect(versions).toHaveLength(2);
  expect(row?.baseline).toContain(versions[0]?.replace('…', ''));
  expect(row?.version).toContain(versions[1]?.replace('…', ''));
});

test('a candidate shows what stood in the place of what it writes anew', async () => {
  await aPromotedCandidate();
  const draft = aDraft('shop', { body: { form: 'text', text: 'shop(id, name, closed_on)' } });
  const id = await openCandidate(store, scope, `${scope.tenant}.c2`, [draft]);
  await closeOnActive(store, scope, id);

  const text = await (await pages().request(`/candidates/${id}`)).text();

  expect(text).toMatch(
    /<pre class="removed">shop\(id, name\)<\/pre>\s*<pre class="added">shop\(id, name, closed_on\)<\/pre>/,
  );
});

test.each([
  ['the candidate has moved on', { state: 'canary' }, 409, 'as on the page'],
  ['another version is active', { version: 'v-older' }, 409, 'look again'],
  ['no reason is given', { reason: ' ' }, 422, 'reason'],
])('a word is refused where %s', async (_case, changes, status, says) => {
  const id = await aClosedCandidate();

  const response = await post(`/candidates/${id}/abort`, await formOf(id, changes));

  expect(response.status).toBe(status);
  expect(await response.text()).toContain(says);
  expect(said).toEqual([]);
});

test('a word that does not fit the state is a conflict', async () => {
  const id = await aClosedCandidate();

  const response = await post(`/candidates/${id}/rollback`, await formOf(id));

  expect(response.status).toBe(409);
  expect(said).toEqual([]);
});

test('a form that another site sends is refused', async () => {
  const id = await aClosedCandidate();

  const response = await post(
    `/candidates/${id}/abort`,
    await formOf(id),
    'http://elsewhere.example',
  );

  expect(response.status).toBe(403);
  expect(said).toEqual([]);
});

test('a name that leads to the loopback from outside is refused', async () => {
  const response = await pages().request('http://rebound.example/');

  expect(response.status).toBe(421);
});

test.each([
  ['nobody is named', {}],
  ['the token is another', shownBy('eva', 'guessed')],
  ['no name is given', shownBy(' ')],
])('pages that others can reach show nothing where %s', async (_case, headers) => {
  const response = await openPages().request('http://ratchet.example/', { headers });

  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toContain('Basic');
  expect(await response.text()).toContain('RATCHET_API_TOKEN');
});

test('who shows the token acts in the role that people have', async () => {
  const id = await aClosedCandidate();
  const house = openPages({ roleOf: (person) => (person === 'eva' ? 'expert' : 'user') });

  const page = await house.request(`http://ratchet.example/candidates/${id}`, {
    headers: shownBy('eva'),
  });

  expect(await page.text()).toContain('Recorded as <code>eva</code>, expert.');
});

test('the API of a house that others can reach is for those who have the token', async () => {
  const ask = (headers: Readonly<Record<string, string>>) =>
    openPages().request('http://ratchet.example/api/none', { headers });

  expect((await ask({})).status).toBe(401);
  expect((await ask({ authorization: 'Bearer guessed' })).status).toBe(401);
  expect((await ask({ authorization: `Bearer ${TOKEN}` })).status).toBe(404);
});

test('whoever watches over the process asks how it is without a token', async () => {
  const response = await openPages().request('http://ratchet.example/healthz');

  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: 'ok', postgres: 'ok', temporal: 'ok' });
});

test('what breaks is told to the house, and to nobody else', async () => {
  const faults: string[] = [];
  const id = await aClosedCandidate();
  const roleOf = () => {
    throw new Error('hunter2 is wrong');
  };

  const house = openPages({ roleOf, onFault: (line) => void faults.push(line) });
  const page = await house.request(`http://ratchet.example/candidates/${id}`, {
    headers: shownBy('eva'),
  });

  expect(page.status).toBe(500);
  expect(await page.text()).not.toContain('hunter2');
  expect(faults).toEqual([`GET /candidates/${id}: hunter2 is wrong`]);
});

test('what is not there is a page that says so', async () => {
  const response = await pages().request('/candidates/none');

  expect(response.status).toBe(404);
  expect(await response.text()).toContain('candidate none: not found');
});

const DEMO: DemoState = {
  tenant: 'demo-1',
  agent: 'sql-analyst',
  model: 'simulated',
  phases: [
    {
      name: 'unknown schema',
      title: 'names say nothing',
      frozen: { n: 20, success: 4 },
      learning: { n: 20, success: 15 },
      state: 'running',
    },
  ],
  log: ['first', HOSTILE],
  isDone: false,
};

test('a demonstration under way shows both arms, says what its model is, and loads itself again', async () => {
  const text = await (await pages(DEMO).request('/demo')).text();

  expect(text).toContain('75 % (15 of 20)');
  expect(text).toContain('20 % (4 of 20)');
  expect(text).toContain('built-in simulated one');
  expect(text).toContain('http-equiv="refresh"');
  expect(text).not.toContain('<script');
});

test('a demonstration links to its workflows in the Temporal UI', async () => {
  const text = await (await pages(DEMO).request('/demo')).text();

  const query = encodeURIComponent('RatchetTenant="demo-1"');
  expect(text).toContain(`http://127.0.0.1:8233/namespaces/default/workflows?query=${query}`);
});

test('a demonstration that is done stays as it is', async () => {
  const text = await (await pages({ ...DEMO, isDone: true }).request('/demo')).text();

  expect(text).not.toContain('http-equiv="refresh"');
});

test('shows lessons that are disputed, and passes on which of them a person says stands', async () => {
  await deploy(store, scope);
  const draft = aDraft('shop', { title: HOSTILE, body: { form: 'text', text: `say ${HOSTILE}` } });
  const lesson = lessonNamed('shop');
  const nothing = { results: [], revisions: [], support: [], opened: null };
  const dispute = { lesson, draft, with: [], reason: 'nothing decides' };
  await store.applyMerge(scope, { ...nothing, disputes: [dispute] });

  const page = await (await pages().request('/')).text();
  const form = new URLSearchParams({
    tenant: scope.tenant,
    lesson: `${lesson}@1`,
    reason: 'it is so',
    version: await activeVersion(store, scope),
  });
  const answer = await pages().request(`/agents/${scope.agent}/keep`, {
    method: 'POST',
    body: form,
    headers: { origin: 'http://localhost' },
  });

  expect(page).toContain('Disputed lessons');
  expect(page).not.toContain(HOSTILE);
  expect(answer.status).toBe(303);
  expect(said).toEqual([{ word: `keep ${lesson}@1`, reason: 'it is so' }]);
});
