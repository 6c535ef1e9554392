import { createServer, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { document } from './document.js';
import { entryOf, Refusal, type Entry } from './entries.js';
import { sites, stockOf, type Site, type Stock } from './goods.js';
import { Visits, type ClockKind, type Visit } from './visits.js';

/** The depot: an HTTP API on the loopback interface. */
export interface Depot {
  readonly url: string;
  /** Entries that were really made; those of sandboxes are not among them. */
  readonly kept: () => readonly Entry[];
  /** Lets time pass for a session. */
  readonly rest: (visit: Visit, milliseconds: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Rows of one part of an answer. */
const PART = 5;
const MAX_BODY_BYTES = 64 * 1024;
/** Sandboxes that are kept; older ones are forgotten with what is in them. */
const MAX_SANDBOXES = 1000;

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What was entered in one space, and which answer an idempotency key got. */
interface Space {
  readonly entries: Entry[];
  readonly answers: Map<string, Answer>;
}

const emptySpace = (): Space => ({ entries: [], answers: new Map() });

/**
 * Starts the depot on a free port. Each sandbox, named by the header `Sandbox`, is a space of its own;
 * what is entered there touches nothing else. `counted` time makes a run repeat whatever the machine.
 */
export async function startDepot(options: { readonly clock?: ClockKind } = {}): Promise<Depot> {
  const visits = new Visits(options.clock ?? 'real');
  const stocks = new Map(sites.map((site) => [site, stockOf(site)]));
  const real = emptySpace();
  const sandboxes = new Map<string, Space>();
  const spaceOf = (sandbox: string | undefined): Space => {
    if (sandbox === undefined) return real;
    const space = sandboxes.get(sandbox) ?? emptySpace();
    sandboxes.set(sandbox, space);
    const [oldest] = sandboxes.keys();
    if (sandboxes.size > MAX_SANDBOXES && oldest !== undefined) sandboxes.delete(oldest);
    return space;
  };

  const server = createServer((request, response) => {
    const space = spaceOf(headerOf(request, 'sandbox'));
    respond(request, { visits, stocks, space })
      .catch((error: unknown): Answer => {
        if (error instanceof Refusal)
          return { status: error.status, body: { error: error.message } };
        return { status: 500, body: { error: 'the depot failed' } };
      })
      .then(({ status, body, headers }) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(body));
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The depot has no port');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    kept: () => real.entries,
    rest: (visit, milliseconds) => visits.rest(visit, milliseconds),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
        server.closeAllConnections();
      }),
  };
}

interface Rooms {
  readonly visits: Visits;
  readonly stocks: ReadonlyMap<Site, Stock>;
  readonly space: Space;
}

async function respond(
  request: IncomingMessage,
  { visits, stocks, space }: Rooms,
): Promise<Answer> {
  const { method = 'GET', url = '/' } = request;
  const { pathname, searchParams } = new URL(url, 'http://depot');
  if (method === 'GET' && pathname === '/openapi.json') return { status: 200, body: document };
  const sandbox = headerOf(request, 'sandbox');
  const visit: Visit = {
    session: headerOf(request, 'session') ?? 'nobody',
    isSandbox: sandbox !== undefined,
  };
  if (!visits.admits(visit, method === 'GET')) {
    const body = { error: 'too many requests: retry after 1 second' };
    return { status: 429, body, headers: { 'retry-after': '1' } };
  }
  const site = siteOf(request);
  const stock = stocks.get(site) ?? { lots: [], readings: [] };
  const [, collection = '', id, ...deeper] = pathname.split('/').map(decodeURIComponent);
  if (deeper.length > 0) throw new Refusal(404, `nothing is at ${pathname}`);
  if (method === 'GET') return { status: 200, body: read(collection, id, searchParams, stock) };
  if (method !== 'POST' || id !== undefined)
    throw new Refusal(405, `${method} is not for ${pathname}`);
  const entry = entryOf(collection, site, await bodyOf(request), stock);
  if (headerOf(request, 'dry-run') === 'yes') return { status: 200, body: { accepted: true } };
  const key = headerOf(request, 'idempotency-key');
  const before = key === undefined ? undefined : space.answers.get(key);
  if (before !== undefined) return before;
  space.entries.push(entry);
  const answer = { status: 201, body: { receipt: entry.receipt } };
  if (key !== undefined) space.answers.set(key, answer);
  return answer;
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Since the depot has three sites, each request says which one it means. */
function siteOf(request: IncomingMessage): Site {
  const named = headerOf(request, 'x-site');
  if (named === undefined) throw new Refusal(400, 'header X-Site is missing');
  const site = sites.find((each) => each === named);
  if (site === undefined) throw new Refusal(404, `no site is called ${named}`);
  return site;
}

type Row = Readonly<Record<string, string | number>>;
const COLLECTIONS = {
  lots: { id: 'lot', filters: ['chamber', 'kind'] },
  readings: { id: 'reading', filters: ['chamber', 'state'] },
} as const;

function read(
  collection: string,
  id: string | undefined,
  search: URLSearchParams,
  stock: Stock,
): unknown {
  if (collection !== 'lots' && collection !== 'readings') {
    throw new Refusal(404, `nothing is at /${collection}`);
  }
  const { id: key, filters } = COLLECTIONS[collection];
  const rows: readonly Row[] = stock[collection].map((row) => ({ ...row }));
  if (id !== undefined) {
    const found = rows.find((row) => row[key] === id);
    if (found === undefined) throw new Refusal(404, `no ${key} is called ${id}`);
    return found;
  }
  const known: readonly string[] = filters;
  const stranger = [...search.keys()].find((name) => name !== 'cursor' && !known.includes(name));
  if (stranger !== undefined) {
    const said = /next|page|offset|limit/.test(stranger)
      ? ': parts are asked for with "cursor"'
      : '';
    throw new Refusal(400, `unknown query parameter "${stranger}"${said}`);
  }
  const wanted = rows.filter((row) =>
    known.every((name) => !search.has(name) || String(row[name]) === search.get(name)),
  );
  const start = startOf(search.get('cursor'));
  const end = start + PART;
  return {
    [collection]: wanted.slice(start, end),
    next_cursor: end < wanted.length ? `c${(end * 7919).toString(36)}` : null,
  };
}

function startOf(cursor: string | null): number {
  if (cursor === null) return 0;
  const start = parseInt(cursor.slice(1), 36) / 7919;
  if (!cursor.startsWith('c') || !Number.isInteger(start)) {
    throw new Refusal(400, 'the cursor is none of ours');
  }
  return start;
}

const Body = z.record(z.string(), z.unknown());

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue;
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) throw new Refusal(413, 'the body is too large');
    parts.push(part);
  }
  try {
    return Body.parse(JSON.parse(Buffer.concat(parts).toString('utf8')));
  } catch {
    throw new Refusal(400, 'the body is no JSON object');
  }
}
