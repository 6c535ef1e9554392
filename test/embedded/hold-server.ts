/** Run by tests as `hold-server.ts postgres|temporal HOME [CLI]`: starts the server and waits to be killed. */
import { startPostgres } from '../../src/embedded/postgres.js';
import { startTemporal } from '../../src/embedded/temporal.js';

const [what, home = '', cliPath] = process.argv.slice(2);
const log = (): void => undefined;
const server =
  what === 'postgres'
    ? await startPostgres({ home, log })
    : await startTemporal({ environment: process.env, home, log, cliPath });
process.stdout.write(`serving ${String(server.pid)}\n`);
setInterval(() => undefined, 60_000);
