import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

import type { Config } from '../config.js';

let isInstalled = false;

/** Sends what the Temporal SDK has to say to stderr, warnings and worse unless debugging. Once a process. */
export function quietTemporal({ logLevel }: Pick<Config, 'logLevel'>): void {
  if (isInstalled) return;
  isInstalled = true;
  const isDebug = logLevel === 'debug';
  const isSilent = logLevel === 'silent' || logLevel === 'error';
  const level = isDebug ? 'DEBUG' : isSilent ? 'ERROR' : 'WARN';
  Runtime.install({
    logger: new DefaultLogger(level, ({ level: of, message, meta }) => {
      const detail = isDebug && meta !== undefined ? ` ${JSON.stringify(meta)}` : '';
      process.stderr.write(`temporal ${of.toLowerCase()}: ${message}${detail}\n`);
    }),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: level, other: 'ERROR' }), forward: {} },
    },
    shutdownSignals: [],
  });
}
