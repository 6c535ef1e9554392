import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import config from '../../../examples/novel-api/ratchet.config.js';
import { document } from '../../../examples/novel-api/depot/document.js';
import { startDepot, type Depot } from '../../../examples/novel-api/depot/server.js';
import { areas, requestDeck, requests } from '../../../examples/novel-api/requests.js';
import { gradeAnswer } from '../../../examples/novel-api/right-answer.js';
import { tools } from '../../../examples/novel-api/tools.js';
import { parseConfig } from '../../../src/contracts/ratchet-config.js';

let depot: Depot;
let sessions = 0;

beforeAll(async () => {
  depot = await startDepot();
});
afterAll(() => depot.close());

const freshSession = (): string => {
  sessions += 1;
  return `s-${String(sessions)}`;
};

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly from?: Depot;
}

async function ask(path: string, { headers = {}, body, from = depot }: Asked = {}) {
  const answer = await fetch(`${from.url}${path}`, {
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    headers: { session: freshSession(), 'x-site': 'kelp', ...headers },
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const LotsPart = z.object({ lots: z.array(z.unknown()), next_cursor: z.string().nullable() });
const booking = { lot: 'L-101', weight: 2500, collect_on: '2031-05-02' };

test('its document knows nothing of what the depot has become', () => {
  const said = JSON.stringify(document);

  expect(said).not.toMatch(/x-site|collect_on|target|in grams|in minutes|cursor|429/i);
  expect(document.openapi).toBe('3.1.0');
});

test('wants a header that is not in its document', async () => {
  const bare = await fetch(`${depot.url}/lots`, { headers: { session: freshSession() } });

  expect(bare.status).toBe(400);
  expect(await bare.json()).toEqual({ error: 'header X-Site is missing' });
});

test('wants fields under other names and in other units than documented', async () => {
  const { collect_on: pickup, ...rest } = booking;

  expect(await ask('/bookings', { body: { ...rest, pickup } })).toMatchObject({
    status: 422,
    body: { error: 'unknown field "pickup": it is called "collect_on"' },
  });
  expect(await ask('/bookings', { body: { ...booking, weight: 2.5 } })).toMatchObject({
    status: 400,
    body: { error: '"weight" is in grams, a whole number from 100 on' },
  });
  expect(await ask('/bookings', { body: booking })).toMatchObject({ status: 201 });
});

test('answers in parts and says so by a field that is not documented', async () => {
  const first = await ask('/lots?chamber=B');
  const { next_cursor: cursor } = LotsPart.parse(first.body);
  const guessed = await ask(`/lots?chamber=B&next_cursor=${cursor ?? ''}`);
  const rows: unknown[] = [];
  for (let next: string | null = ''; next !== null;) {
    const part = await ask(`/lots?chamber=B${next === '' ? '' : `&cursor=${next}`}`);
    const { lots, next_cursor: after } = LotsPart.parse(part.body);
    rows.push(...lots);
    next = after;
  }

  expect(first.body['lots']).toHaveLength(5);
  expect(guessed).toMatchObject({
    status: 400,
    body: { error: 'unknown query parameter "next_cursor": parts are asked for with "cursor"' },
  });
  expect(rows).toHaveLength(16);
});

test.each(['real', 'counted'] as const)(
  'refuses the fourth read of a session in a second, and others go on: %s time',
  async (clock) => {
    const own = await startDepot({ clock });
    const from = own;
    const headers = { session: 'hasty' };
    const read = async () => (await ask('/lots', { headers, from })).status;

    const statuses = [await read(), await read(), await read(), await read()];
    const other = await ask('/lots', { from });
    await own.rest({ session: 'hasty', isSandbox: false }, 1000);
    const rested = await read();
    await own.close();

    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(other.status).toBe(200);
    expect(rested).toBe(200);
  },
);

test('keeps an entry once a key, and nothing of what was tried or entered in a sandbox', async () => {
  const own = await startDepot();
  const from = own;

  await ask('/bookings', { from, body: booking, headers: { 'dry-run': 'yes' } });
  const sandboxed = await ask('/bookings', { from, body: booking, headers: { sandbox: 'run-1' } });
  const before = own.kept().length;
  const first = await ask('/bookings', {
    from,
    body: booking,
    headers: { 'idempotency-key': 'k' },
  });
  const again = await ask('/bookings', {
    from,
    body: booking,
    headers: { 'idempotency-key': 'k' },
  });
  const kept = own.kept();
  await own.close();

  expect(before).toBe(0);
  expect(sandboxed.body).toEqual(first.body);
  expect(again).toEqual(first);
  expect(kept).toHaveLength(1);
});

test.each([
  ['/nothing', {}, 404],
  ['/lots/L-999', {}, 404],
  ['/lots?colour=red', {}, 400],
  ['/lots?cursor=zzz', {}, 400],
  ['/lots', { headers: { 'x-site': 'moon' } }, 404],
  ['/bookings', { body: 'no object' }, 400],
  ['/bookings', { body: { lot: 'L-101' } }, 422],
  ['/bookings', { body: { ...booking, lot: 'L-999' } }, 400],
  ['/lots', { body: {} }, 404],
])('answers %s with %j by %i', async (path, asked, status) => {
  const answer = await ask(path, asked);

  expect(answer.status).toBe(status);
  expect(answer.body['error']).toEqual(expect.any(String));
});

test('has hundreds of distinct requests in two areas, each with an answer', () => {
  expect(new Set(requests.map(({ text }) => text)).size).toBe(requests.length);
  for (const area of areas) {
    const own = requests.filter((request) => request.area === area);
    expect(own.length).toBeGreaterThan(100);
    expect(own.every(({ answer }) => answer !== '')).toBe(true);
  }
});

test('deals the same requests for the same seed, areas in turn', () => {
  const deck = requestDeck(3, 60);

  expect(requestDeck(3, 60)).toEqual(deck);
  expect(requestDeck(4, 60)).not.toEqual(deck);
  expect(new Set(deck.map(({ text }) => text)).size).toBe(60);
  expect(deck.slice(0, 4).map(({ area }) => area)).toEqual(['hall', 'ramp', 'hall', 'ramp']);
});

test('grades the last line, whatever was said before it', () => {
  const [asked] = requests;
  if (asked === undefined) throw new Error('There are no requests');

  expect(gradeAnswer(asked.text, `I looked.\n**${asked.answer}**.`)).toMatchObject({ score: 1 });
  expect(gradeAnswer(asked.text, 'nothing of it')).toMatchObject({ category: 'wrong-answer' });
  expect(gradeAnswer(asked.text, ' ')).toMatchObject({ category: 'no-answer' });
  expect(() => gradeAnswer('Where?', '1')).toThrow('No right answer is known');
});

test('declares what each tool does to the world, and a sandbox for all of them', () => {
  expect(tools.map(({ name, effect }) => [name, effect])).toEqual([
    ['read_document', 'read'],
    ['api_get', 'read'],
    ['api_try', 'read'],
    ['api_send', 'keyed'],
    ['pause', 'read'],
  ]);
  expect(tools.every(({ sandbox }) => sandbox !== undefined)).toBe(true);
});

test('has a configuration that starts a depot of its own', async () => {
  const [agent] = parseConfig(config, 'ratchet.config.ts').agents;

  const resources = (await agent?.resources()) as { depot: Depot };
  const answer = await fetch(`${resources.depot.url}/openapi.json`);
  await resources.depot.close();

  expect(answer.status).toBe(200);
});
