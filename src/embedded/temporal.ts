import { join, resolve } from 'node:path';

import { removePartials } from './binary-cache.js';
import { makeHome } from './home.js';
import { asLastAct } from './last-act.js';
import { takeLease } from './leases.js';
import { withLock } from './lock.js';
import { ensureSearchAttributes } from './search-attributes.js';
import { binarySteps, workPurpose, type BinaryStep } from './temporal-binary.js';
import {
  addressOf,
  adoptDevServer,
  killDevServer,
  leasesOf,
  spawnDevServer,
  stopDevServer,
  uiUrlOf,
  type DevServer,
  type DevServerOptions,
} from './temporal-dev-server.js';
import { TemporalUnavailableError, type FailedStep } from './temporal-errors.js';
import { answersHttp, problemOf, type ConnectOptions } from './temporal-health.js';

export interface TemporalServer {
  /** `host:port` of the gRPC service. */
  readonly address: string;
  readonly namespace: string;
  /** Base address of the web UI, without a slash at the end; undefined when none is known. */
  readonly uiUrl: string | undefined;
  /** Which step of the chain led here, for people. */
  readonly source: string;
  /** The server's process, when it is an embedded one. */
  readonly pid: number | undefined;
  /** It was running already when it was asked for. */
  readonly adopted: boolean;
  /** Ends an embedded server unless another living process uses it too; leaves any other alone. */
  stop(): Promise<void>;
}

export interface StartTemporalOptions {
  /** RATCHET_HOME: cached programs, database and log of the embedded server. */
  readonly home: string;
  readonly log: (message: string) => void;
  /** What started programs see: the environment without the secrets they have no use for. */
  readonly environment: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** TEMPORAL_ADDRESS. When set it decides alone: no other server stands in for the one asked for. */
  readonly address?: string | null | undefined;
  /** TEMPORAL_CLI_PATH. */
  readonly cliPath?: string | null | undefined;
  readonly namespace?: string | undefined;
  /** Where the web UI of `address` is; looked for in the usual places when not given. */
  readonly uiUrl?: string | null | undefined;
  readonly connect?: ConnectOptions | undefined;
  readonly preferredPort?: number | undefined;
  readonly preferredUiPort?: number | undefined;
}

/**
 * Finds a Temporal server that answers and knows our search attributes: the one at TEMPORAL_ADDRESS,
 * the running embedded one of this home, or a dev server started from the first program found.
 */
export async function startTemporal(options: StartTemporalOptions): Promise<TemporalServer> {
  if (typeof options.address === 'string') return useExisting(options.address, options);
  const home = resolve(options.home);
  await makeHome(home);
  const lockFile = join(home, 'run', 'temporal.lock');
  const onWait = (holder: number): void => {
    options.log(
      `temporal: waiting for process ${String(holder)}, which is starting or stopping it`,
    );
  };
  return withLock(
    lockFile,
    async () => {
      const lease = await takeLease(leasesOf(home));
      const forget = asLastAct(() => {
        if (lease.release()) killDevServer(home);
      });
      try {
        const { server, source, adopted } = await adoptOrSpawn({ ...options, home });
        let stopping: Promise<void> | undefined;
        return {
          address: addressOf(server),
          namespace: server.namespace,
          uiUrl: uiUrlOf(server),
          source,
          pid: server.pid,
          adopted,
          stop: () =>
            (stopping ??= withLock(lockFile, async () => {
              if (lease.release()) await stopDevServer(home);
              forget();
            })),
        };
      } catch (error) {
        lease.release();
        forget();
        throw error;
      }
    },
    { signal: options.signal, onWait },
  );
}

async function useExisting(
  address: string,
  options: StartTemporalOptions,
): Promise<TemporalServer> {
  const namespace = options.namespace ?? 'default';
  let added: readonly string[] = [];
  const problem = await problemOf(address, namespace, options.connect, async (connection) => {
    added = await ensureSearchAttributes(connection, namespace);
  });
  if (problem !== undefined) {
    throw new TemporalUnavailableError([
      { step: 'TEMPORAL_ADDRESS', reason: problem },
      { step: 'a server of our own', reason: 'not tried, since TEMPORAL_ADDRESS is set' },
    ]);
  }
  options.log(`temporal: using TEMPORAL_ADDRESS ${address}, namespace ${namespace}`);
  if (added.length > 0) options.log(`temporal: added search attributes ${added.join(', ')}`);
  return {
    address,
    namespace,
    uiUrl: options.uiUrl ?? (await usualUi(address)),
    source: 'TEMPORAL_ADDRESS',
    pid: undefined,
    adopted: true,
    stop: () => Promise.resolve(),
  };
}

interface Found {
  readonly server: DevServer;
  readonly source: string;
  readonly adopted: boolean;
}

async function adoptOrSpawn(options: StartTemporalOptions): Promise<Found> {
  const serverOptions: DevServerOptions = {
    home: options.home,
    namespace: options.namespace ?? 'default',
    preferredPort: options.preferredPort ?? 7233,
    preferredUiPort: options.preferredUiPort ?? 8233,
    log: options.log,
    environment: options.environment,
    signal: options.signal,
  };
  const found = (await adopt(serverOptions)) ?? (await spawnFirst(options, serverOptions));
  try {
    await requireSearchAttributes(found);
  } catch (error) {
    if (!found.adopted) await stopDevServer(options.home);
    throw error;
  }
  return found;
}

async function requireSearchAttributes({ server, source }: Found): Promise<void> {
  const { namespace } = server;
  const problem = await problemOf(addressOf(server), namespace, {}, async (connection) => {
    await ensureSearchAttributes(connection, namespace);
  });
  if (problem !== undefined)
    throw new TemporalUnavailableError([{ step: source, reason: problem }]);
}

async function adopt(options: DevServerOptions): Promise<Found | undefined> {
  const server = await adoptDevServer(options);
  if (server === undefined) return undefined;
  options.log(
    `temporal: adopted the running server (pid ${String(server.pid)}, ${addressOf(server)})`,
  );
  return { server, source: 'running embedded server', adopted: true };
}

async function spawnFirst(
  options: StartTemporalOptions,
  serverOptions: DevServerOptions,
): Promise<Found> {
  await removePartials(join(options.home, 'bin'), workPurpose);
  const failed: FailedStep[] = [{ step: 'TEMPORAL_ADDRESS', reason: 'not set' }];
  let hasStartFailed = false;
  for (const step of binarySteps(options)) {
    options.signal?.throwIfAborted();
    if (step.isFetch && hasStartFailed) {
      const reason =
        'not tried: a working program was at hand, and the server did not start with it';
      failed.push({ step: step.name, reason });
      continue;
    }
    const outcome = await trySpawn(step, serverOptions);
    if ('server' in outcome) return outcome;
    options.log(`temporal: ${step.name}: ${outcome.reason.split('\n')[0] ?? ''}`);
    failed.push({ step: step.name, reason: outcome.reason });
    hasStartFailed ||= outcome.hasProgram;
  }
  throw new TemporalUnavailableError(failed);
}

async function trySpawn(
  step: BinaryStep,
  options: DevServerOptions,
): Promise<Found | { readonly reason: string; readonly hasProgram: boolean }> {
  const binary = await step.find();
  if ('reason' in binary) return { reason: binary.reason, hasProgram: false };
  const startedAt = Date.now();
  const server = await spawnDevServer(binary.path, options);
  if ('reason' in server)
    return { reason: server.reason, hasProgram: step.name.startsWith('cached') };
  options.log(
    `temporal: ${step.name}: ${binary.version} started in ${String(Date.now() - startedAt)} ms ` +
      `(pid ${String(server.pid)}, ${addressOf(server)}, UI ${uiUrlOf(server)})`,
  );
  return { server, source: step.name, adopted: false };
}

/** The CLI's dev server has its UI a thousand ports up, the compose file on 8080. */
async function usualUi(address: string): Promise<string | undefined> {
  const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (host === undefined || port === undefined) return undefined;
  for (const uiPort of [Number(port) + 1000, 8080]) {
    const url = `http://${host}:${String(uiPort)}`;
    if (uiPort < 65_536 && (await answersHttp(url))) return url;
  }
  return undefined;
}
