import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { countLeases } from './leases.js';
import { withLock } from './lock.js';
import { choosePlace } from './postgres-account.js';
import { leasesOf as leasesOfPostgres, postmasterOf, shutDown } from './postgres.js';
import {
  leasesOf as leasesOfTemporal,
  runningDevServers,
  stopDevServer,
} from './temporal-dev-server.js';

export interface Sweep {
  /** RATCHET_HOME. */
  readonly home: string;
  readonly log: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ends the embedded Temporal server of this home where it runs for nobody: whoever started it was killed.
 * For those who do not open it themselves; a start of it finds and adopts it.
 */
export async function endOrphanedTemporal({ home: given, log, signal }: Sweep): Promise<void> {
  const home = resolve(given);
  const leases = leasesOfTemporal(home);
  const isOrphaned = () => countLeases(leases) === 0 && runningDevServers(home).length > 0;
  if (!existsSync(leases) || !isOrphaned()) return;
  await withLock(
    join(home, 'run', 'temporal.lock'),
    async () => {
      if (!isOrphaned()) return;
      const pids = runningDevServers(home).join(', ');
      log(`temporal: ending process ${pids}, whose user was killed`);
      await stopDevServer(home);
    },
    { signal },
  );
}

/** The same for the embedded Postgres. */
export async function endOrphanedPostgres({ home: given, log, signal }: Sweep): Promise<void> {
  const home = resolve(given);
  const leases = leasesOfPostgres(home);
  if (!existsSync(leases) || countLeases(leases) > 0) return;
  const place = await choosePlace(home);
  const orphan = () =>
    countLeases(leases) === 0 ? postmasterOf(join(place.root, 'data')) : undefined;
  if (orphan() === undefined) return;
  await withLock(
    join(home, 'run', 'postgres.lock'),
    async () => {
      const found = orphan();
      if (found === undefined) return;
      log(`postgres: ending process ${String(found.pid)}, whose user was killed`);
      await shutDown(place);
    },
    { signal },
  );
}
