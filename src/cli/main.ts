#!/usr/bin/env node
import { childEnvironment } from '../config.js';
import { EXIT } from './exit-codes.js';
import { runCli } from './run-cli.js';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second time somebody means it: what is still open is found and ended at the next start.
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    process.stderr.write('stopping; once more to stop at once\n');
    stop.abort();
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
