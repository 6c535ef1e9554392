import { userInfo } from 'node:os';

import { serve, type ServerType } from '@hono/node-server';

import { InvalidInputError } from '../domain/errors.js';
import type { Actor, Role } from '../domain/feedback.js';
import { createQueries } from '../store/queries.js';
import { createApp } from './app.js';
import type { DashboardHouse } from './dashboard-house.js';
import type { DemoState } from './demo-state.js';
import { isLoopback, isPortTaken, refusedPlace, urlOf } from './listening.js';

export interface DashboardOptions {
  readonly house: DashboardHouse;
  /** A free one is taken where this is 0, or in use and nobody asked for it by its number. */
  readonly port: number;
  readonly isPortAsked?: boolean;
  /** Where to listen: the loopback unless told. Anywhere else nothing is shown without the token. */
  readonly host?: string;
  /** Who acts through the page; whoever reaches the loopback of this machine is its user. */
  readonly actor?: Actor;
  /** Roles of people by name; everybody else is a user. */
  readonly people?: Readonly<Record<string, Role>> | undefined;
  /** Agents that the workers of this house know. */
  readonly agents: readonly string[];
  readonly apiToken: string | null;
  readonly demo?: () => DemoState;
  /** What answers as the model, for the banner; real unless told. A demonstration says its own. */
  readonly model?: DemoState['model'];
  /** Told of what breaks while a page is made. */
  readonly log: (line: string) => void;
}

export interface Dashboard {
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** How long what is being answered may take when the house closes. */
const LAST_ANSWERS_MS = 3_000;

/** Serves the dashboard on the loopback interface, or where it is told. */
export async function openDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { house, demo, people = {}, host = '127.0.0.1', apiToken, log } = options;
  assertGuarded(host, apiToken);
  const app = createApp({
    house,
    queries: createQueries(house.pool),
    actor: options.actor ?? { id: userInfo().username, role: 'owner' },
    roleOf: (person) => (Object.hasOwn(people, person) ? people[person] : undefined) ?? 'user',
    agents: options.agents,
    apiToken,
    isOpen: !isLoopback(host),
    demo: () => demo?.() ?? null,
    model: options.model ?? 'real',
    onFault: (line) => {
      log(`dashboard: ${line}`);
    },
  });
  const { server, port } = await listen(app.fetch, { ...options, host });
  return { url: urlOf(host, port), close: () => close(server) };
}

/** What others than this machine can reach shows nothing without a token. */
export function assertGuarded(host: string, apiToken: string | null): void {
  if (isLoopback(host) || apiToken !== null) return;
  throw new InvalidInputError(
    'RATCHET_API_TOKEN',
    `none, while --host ${host} can be reached from elsewhere`,
    'one of 16 to 256 visible ASCII characters, which everybody has to show',
  );
}

/** Takes no more, and ends what is being answered; twice is once. */
function close(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      if ('closeAllConnections' in server) server.closeAllConnections();
    };
    const timer = setTimeout(end, LAST_ANSWERS_MS);
    // It closes connections that wait for a next request: browsers keep theirs open.
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

type Fetch = Parameters<typeof serve>[0]['fetch'];

interface Place {
  readonly host: string;
  readonly port: number;
}

async function listen(
  fetch: Fetch,
  { host, port, isPortAsked }: Place & Pick<DashboardOptions, 'isPortAsked'>,
): Promise<{ readonly server: ServerType; readonly port: number }> {
  try {
    return await listenOn(fetch, { host, port });
  } catch (error) {
    if (isPortTaken(error) && isPortAsked !== true) return listenOn(fetch, { host, port: 0 });
    throw refusedPlace(host, port, error);
  }
}

function listenOn(
  fetch: Fetch,
  { host, port }: Place,
): Promise<{ readonly server: ServerType; readonly port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: host }, ({ port: taken }) => {
      resolve({ server, port: taken });
    });
    server.once('error', reject);
  });
}
