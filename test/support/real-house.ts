import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openHouse, startHouseWorkers, type House } from '../../src/cli/house.js';
import { inOrder } from '../../src/cli/rounds.js';
import { quietTemporal } from '../../src/cli/temporal-logs.js';
import { readConfig } from '../../src/config.js';
import { agentId, taskId, tenantId } from '../../src/contracts/ids.js';
import type { Agent } from '../../src/contracts/agent.js';
import type { Scope } from '../../src/domain/ids.js';
import type { JsonObject } from '../../src/domain/json.js';
import { startPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { startTemporal, type TemporalServer } from '../../src/embedded/temporal.js';
import type { AgentTaskResult } from '../../src/workflows/agent-task.js';
import type { DeskModel } from './desk.js';
import { temporalCli } from './temporal-cli.js';
import { workflowBundle } from './workflow-bundle.js';

const silent = (): void => undefined;

/** Real servers of a home of their own, which a test may kill; the next start finds the same data. */
export interface RealServers {
  readonly home: string;
  temporal: TemporalServer;
  postgres: EmbeddedPostgres;
  /** SIGKILL to the server, then a new one on the same database file and ports. */
  crashTemporal(): Promise<void>;
  /** SIGKILL to the postmaster, then a new one on the same data directory. */
  crashPostgres(): Promise<void>;
  /** A new one after a crash that somebody else caused. */
  restartPostgres(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRealServers(): Promise<RealServers> {
  const home = await mkdtemp(join(tmpdir(), 'ratchet-real-'));
  const cliPath = await temporalCli();
  const temporal = () => startTemporal({ home, log: silent, environment: process.env, cliPath });
  const postgres = () => startPostgres({ home, log: silent });
  const handles: { stop(): Promise<void> }[] = [];
  const kept = <T extends { stop(): Promise<void> }>(server: T): T => {
    handles.push(server);
    return server;
  };
  const servers: RealServers = {
    home,
    postgres: kept(await postgres()),
    temporal: kept(await temporal()),
    crashTemporal: async () => {
      process.kill(servers.temporal.pid ?? 0, 'SIGKILL');
      servers.temporal = kept(await temporal());
    },
    crashPostgres: async () => {
      process.kill(servers.postgres.pid, 'SIGKILL');
      await servers.restartPostgres();
    },
    restartPostgres: async () => {
      servers.postgres = kept(await postgres());
    },
    stop: async () => {
      for (const handle of handles) await handle.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
  return servers;
}

/** A house on these servers, with the clients and the store of the product. */
export async function openRealHouse({ home, temporal, postgres }: RealServers): Promise<House> {
  quietTemporal({ logLevel: 'silent' });
  const config = readConfig({
    RATCHET_HOME: home,
    TEMPORAL_ADDRESS: temporal.address,
    DATABASE_URL: postgres.url,
  });
  return openHouse({ config, log: silent });
}

/** Workers for agents whose model is the desk's. */
export async function startDeskWorkers(
  house: House,
  agents: readonly Agent[],
  model: Pick<DeskModel, 'client'>,
) {
  return startHouseWorkers(house, {
    agents,
    models: model.client,
    hasLocalModel: true,
    workflowBundle: await workflowBundle(),
  });
}

export function scopeOf(tenant: string, agent: Pick<Agent, 'id'>): Scope {
  return { tenant: tenantId(tenant), agent: agentId(agent.id) };
}

/** Runs tasks, eight at a time, and answers their results in the order given. */
export function runTasks(
  { client }: House,
  agent: Agent,
  scope: Scope,
  tasks: readonly { readonly id: string; readonly input: JsonObject }[],
): Promise<readonly AgentTaskResult[]> {
  return inOrder(tasks, async ({ id, input }) => {
    const request = { ...scope, task: taskId(id), input };
    await client.startTask(agent, request);
    return client.closed(request);
  });
}
