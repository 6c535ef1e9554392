#!/usr/bin/env node
import { childEnvironment } from '../config.js';
import { EXIT } from './exit-codes.js';
import { runCli } from './run-cli.js';

/** What is closed in order takes two or three seconds; the limits of all its steps add up to less than this. */
const CLOSING_MS = 45_000;
/** A command that has ended has nothing to do any more: what still runs then is a fault. */
const LINGERING_MS = 5_000;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second time somebody means it: the servers of this house are killed on the way out.
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    process.stderr.write('stopping; once more to stop at once\n');
    stop.abort();
    setTimeout(() => {
      process.stderr.write(`not closed within ${String(CLOSING_MS / 1000)} s; stopping at once\n`);
      process.exit(EXIT.interrupted);
    }, CLOSING_MS).unref();
  });
}
// A reader that went away, such as `head`, is no fault.
process.stdout.on('error', () => process.exit(EXIT.ok));

process.exitCode = await runCli(process.argv.slice(2), {
  streams: { out: process.stdout, error: process.stderr },
  input: process.stdin,
  environment: childEnvironment(),
  signal: stop.signal,
  directory: process.cwd(),
});
setTimeout(() => process.exit(), LINGERING_MS).unref();
