import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

import type { Config } from '../config.js';

let installed: Runtime | undefined;

/** Sends what the Temporal SDK has to say to stderr, warnings and worse unless debugging. Once a process. */
export function quietTemporal({ logLevel }: Pick<Config, 'logLevel'>): void {
  if (installed !== undefined) return;
  const isDebug = logLevel === 'debug';
  const isSilent = logLevel === 'silent' || logLevel === 'error';
  const level = isDebug ? 'DEBUG' : isSilent ? 'ERROR' : 'WARN';
  installed = Runtime.install({
    logger: new DefaultLogger(level, ({ level: of, message, meta }) => {
      const detail = isDebug && meta !== undefined ? ` ${JSON.stringify(meta)}` : '';
      process.stderr.write(`temporal ${of.toLowerCase()}: ${message}${detail}\n`);
    }),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: level, other: 'ERROR' }), forward: {} },
    },
    // Signals are the command's own: it closes the house in order.
    shutdownSignals: [],
  });
}

/** Ends the SDK's threads: where no worker ever ran, they would keep the process alive. */
export async function endTemporal(): Promise<void> {
  await installed?.shutdown();
  installed = undefined;
}
