import { createServer } from 'node:http';

import { z } from 'zod';

const EffectBody = z.object({ item: z.string(), keyed: z.boolean() });

/** One arrival at the world outside. */
export interface Arrival {
  readonly key: string;
  readonly item: string;
  /** The process that sent it. */
  readonly pid: number;
}

/** The world outside: takes effects over HTTP and counts them by key and by what they are about. */
export interface EffectServer {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** How often each item took effect: a receiver that de-duplicates does so once a key. */
  readonly applied: ReadonlyMap<string, number>;
  /** Called after an effect took place; its sender is told once this is through. */
  onApplied: (arrival: Arrival) => void | Promise<void>;
  close(): Promise<void>;
}

/** How long the world takes to answer, so that a sender may die meanwhile. */
const ANSWER_MS = 60;

export async function startEffectServer(): Promise<EffectServer> {
  const arrivals: Arrival[] = [];
  const applied = new Map<string, number>();
  const keys = new Set<string>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const reply = (body: unknown): void => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (request.method === 'GET' && pathname === '/effects') {
      reply({ happened: keys.has(searchParams.get('key') ?? '') });
      return;
    }
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const { item, keyed } = EffectBody.parse(JSON.parse(text));
      const key = String(request.headers['idempotency-key']);
      const arrival = { key, item, pid: Number(request.headers['x-sender']) };
      arrivals.push(arrival);
      if (!keyed || !keys.has(key)) applied.set(item, (applied.get(item) ?? 0) + 1);
      keys.add(key);
      void Promise.resolve(effects.onApplied(arrival)).then(() =>
        setTimeout(() => {
          reply({ item });
        }, ANSWER_MS),
      );
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const effects: EffectServer = {
    url: `http://127.0.0.1:${String(port)}`,
    arrivals,
    applied,
    onApplied: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return effects;
}
