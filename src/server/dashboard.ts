import { userInfo } from 'node:os';

import { serve, type ServerType } from '@hono/node-server';

import type { Actor, Role } from '../domain/feedback.js';
import { createQueries } from '../store/queries.js';
import { createApp } from './app.js';
import type { DashboardHouse } from './dashboard-house.js';
import type { DemoState } from './demo-state.js';
import { isPortTaken, portTaken } from './port-taken.js';

export interface DashboardOptions {
  readonly house: DashboardHouse;
  /** A free one is taken where this is 0, or in use and nobody asked for it by its number. */
  readonly port: number;
  readonly isPortAsked?: boolean;
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
}

export interface Dashboard {
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the dashboard on the loopback interface. */
export async function openDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { house, demo, people = {} } = options;
  const app = createApp({
    house,
    queries: createQueries(house.pool),
    actor: options.actor ?? { id: userInfo().username, role: 'owner' },
    roleOf: (person) => (Object.hasOwn(people, person) ? people[person] : undefined) ?? 'user',
    agents: options.agents,
    apiToken: options.apiToken,
    demo: () => demo?.() ?? null,
    model: options.model ?? 'real',
  });
  const { server, port } = await listen(app.fetch, options.port, options.isPortAsked === true);
  return {
    url: `http://127.0.0.1:${String(port)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        // Browsers keep their connections open; a page that reloads itself would keep us here.
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

type Fetch = Parameters<typeof serve>[0]['fetch'];

async function listen(
  fetch: Fetch,
  port: number,
  isAsked: boolean,
): Promise<{ readonly server: ServerType; readonly port: number }> {
  try {
    return await listenOn(fetch, port);
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    if (isAsked) throw portTaken(port, error);
    return listenOn(fetch, 0);
  }
}

function listenOn(
  fetch: Fetch,
  port: number,
): Promise<{ readonly server: ServerType; readonly port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: '127.0.0.1' }, ({ port: taken }) => {
      resolve({ server, port: taken });
    });
    server.once('error', reject);
  });
}
