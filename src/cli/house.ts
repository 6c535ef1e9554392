import { setTimeout as sleep } from 'node:timers/promises';

import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';

import { createAgentRegistry } from '../activities/agent-registry.js';
import type { Messenger } from '../activities/messenger.js';
import type { Store } from '../activities/store.js';
import { connectTemporal } from '../client/connection.js';
import { answersInTime, temporalAnswers } from '../client/health.js';
import { createMessenger } from '../client/messenger.js';
import { RatchetClient } from '../client/ratchet-client.js';
import { childEnvironment, SECRETS, type Config } from '../config.js';
import type { Agent } from '../contracts/agent.js';
import type { Health } from '../server/dashboard-house.js';
import { endOrphanedPostgres, endOrphanedTemporal } from '../embedded/orphans.js';
import { startPostgres } from '../embedded/postgres.js';
import { startTemporal } from '../embedded/temporal.js';
import { createEmbedder } from '../model/embeddings-client.js';
import { migrate } from '../store/migrate.js';
import { checkDatabase, createPool } from '../store/pool.js';
import { createStore } from '../store/store.js';
import { installVectorExtension } from '../store/vectors.js';
import type { RunningWorkers } from '../running-workers.js';
import { startWorkers, type WorkerDependencies } from '../worker.js';

/** Everything a command works with, opened once. */
export interface House {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly pool: Pool;
  readonly store: Store;
  readonly temporal: Client;
  readonly client: RatchetClient;
  readonly messenger: Messenger;
  readonly temporalAddress: string;
  readonly temporalUi: string | null;
  readonly taskQueue: string;
  /** Whether both servers answer, within seconds. */
  health(): Promise<Health>;
  /** Stops what this process started, workers first; what others use as well stays. */
  close(): Promise<void>;
  /** Closed before everything opened earlier. */
  onClose(close: () => Promise<void>): void;
}

export interface Database {
  readonly url: string;
  readonly pool: Pool;
  readonly store: Store;
  /** Whether it is the embedded one, whose user owns this machine's house. */
  readonly isEmbedded: boolean;
  close(): Promise<void>;
}

interface Options {
  readonly config: Config;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly taskQueue?: string;
}

/** How long queries that are under way may take to end when everybody else has gone. */
const POOL_MS = 3_000;

/**
 * The database of `DATABASE_URL`, else the embedded one; migrated and checked. A Temporal server of this home
 * whose user was killed is ended: nobody who works with the database alone would take it over.
 */
export async function openDatabase(options: Options): Promise<Database> {
  const { config, log, signal } = options;
  if (config.databaseUrl === null) await endOrphanedTemporal({ home: config.home, log, signal });
  return openMigrated(options);
}

async function openMigrated({ config, log, signal }: Options): Promise<Database> {
  const embedded =
    config.databaseUrl === null ? await startPostgres({ home: config.home, log, signal }) : null;
  const url = config.databaseUrl ?? embedded?.url ?? '';
  const pool = createPool({
    url,
    applicationName: 'ratchet',
    max: 20,
    onIdleError: (error) => {
      log(`postgres: an idle connection broke: ${error.message}`);
    },
  });
  const close = async (): Promise<void> => {
    // A query of an activity that was given up would hold the pool for ever.
    await Promise.race([pool.end(), sleep(POOL_MS, undefined, { ref: false })]);
    await embedded?.stop();
  };
  try {
    const applied = await migrate(pool);
    if (applied.length > 0) log(`postgres: applied ${applied.join(', ')}`);
    await checkDatabase(pool);
    if (config.embeddings !== null && !(await installVectorExtension(pool))) {
      log('recall: lessons are found by their words alone, `ratchet doctor` says why');
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { url, pool, store: createStore(pool), isEmbedded: embedded !== null, close };
}

/** Database and Temporal, by the chains of DESIGN 10, and the clients of both. */
export async function openHouse(options: Options): Promise<House> {
  const { config, log, signal } = options;
  const taskQueue = options.taskQueue ?? config.taskQueue;
  const closers: (() => Promise<void>)[] = [];
  let isClosed = false;
  /** Whatever fails to close, the others are closed: among them are the servers. */
  const close = async (): Promise<void> => {
    isClosed = true;
    const failures: unknown[] = [];
    for (let last = closers.pop(); last !== undefined; last = closers.pop()) {
      await last().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    const { address, namespace, uiUrl, cliPath } = config.temporal;
    const { home, databaseUrl } = config;
    if (databaseUrl === null && address !== null) await endOrphanedTemporal({ home, log, signal });
    if (databaseUrl !== null && address === null) await endOrphanedPostgres({ home, log, signal });
    const database = await openMigrated(options);
    closers.push(() => database.close());
    const server = await startTemporal({
      home,
      log,
      signal,
      namespace,
      address,
      cliPath,
      uiUrl,
      environment: childEnvironment(SECRETS),
    });
    closers.push(() => server.stop());
    const temporal = await connectTemporal(server.address, server.namespace);
    closers.push(() => temporal.connection.close());
    const messenger = createMessenger(temporal, taskQueue, config.dashboard);
    const { store, pool } = database;
    return {
      config,
      databaseUrl: database.url,
      pool,
      store,
      temporal,
      messenger,
      taskQueue,
      client: new RatchetClient({
        temporal,
        store,
        messenger,
        taskQueue,
        dashboard: config.dashboard,
      }),
      temporalAddress: server.address,
      temporalUi: server.uiUrl ?? null,
      health: () => healthOf(pool, temporal),
      close,
      onClose: (closer) => {
        // Whoever was interrupted may still be opening something.
        if (isClosed) void closer().catch(() => undefined);
        else closers.push(closer);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function healthOf(pool: Pool, temporal: Client): Promise<Health> {
  const [hasPostgres, hasTemporal] = await Promise.all([
    answersInTime(() => pool.query('select 1')),
    temporalAnswers(temporal),
  ]);
  return {
    postgres: hasPostgres ? 'ok' : 'unreachable',
    temporal: hasTemporal ? 'ok' : 'unreachable',
  };
}

export interface HouseWorkers extends Pick<
  WorkerDependencies,
  'models' | 'hasLocalModel' | 'only' | 'workflowBundle' | 'moreActivities' | 'log'
> {
  readonly agents: readonly Agent[];
}

/** Workers of this house; they stop when it closes. */
export async function startHouseWorkers(
  house: House,
  options: HouseWorkers,
): Promise<RunningWorkers> {
  const workers = await startWorkers({
    pool: house.pool,
    client: house.temporal,
    address: house.temporalAddress,
    namespace: house.config.temporal.namespace,
    taskQueue: house.taskQueue,
    dashboard: house.config.dashboard,
    embedder: house.config.embeddings === null ? null : createEmbedder(house.config.embeddings),
    ...options,
    agents: createAgentRegistry(options.agents),
  });
  house.onClose(async () => {
    await workers.stop();
  });
  return workers;
}
