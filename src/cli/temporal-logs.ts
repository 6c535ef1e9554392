import {
  DefaultLogger,
  GracefulShutdownPeriodExpiredError,
  makeTelemetryFilterString,
  Runtime,
} from '@temporalio/worker';

import type { Config } from '../config.js';

let installed: Runtime | undefined;

/** The server gives a workflow task this long unless told (`workflowTaskTimeout`). */
const TASK_TIMEOUT_MS = 10_000;

/**
 * A shadow run makes all its steps as local activities of one workflow task (ADR 6), which on a busy machine
 * takes longer than the five seconds at which the SDK warns. Nothing is blocked; what is late is one that
 * outlasts its timeout.
 */
export function isExpected(message: string, meta: Readonly<Record<string, unknown>> = {}): boolean {
  // Whoever ended the worker says what did not end.
  if (meta['error'] instanceof GracefulShutdownPeriodExpiredError) return true;
  const taken = meta['workflow_task_duration'];
  return message.startsWith('[TMPRL1104]') && typeof taken === 'number' && taken < TASK_TIMEOUT_MS;
}

/** Sends what the Temporal SDK has to say to stderr, warnings and worse unless debugging. Once a process. */
export function quietTemporal({ logLevel }: Pick<Config, 'logLevel'>): void {
  if (installed !== undefined) return;
  const isDebug = logLevel === 'debug';
  const isSilent = logLevel === 'silent' || logLevel === 'error';
  const level = isDebug ? 'DEBUG' : isSilent ? 'ERROR' : 'WARN';
  installed = Runtime.install({
    logger: new DefaultLogger(level, ({ level: of, message, meta }) => {
      if (!isDebug && isExpected(message, meta)) return;
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

/** Quiet for as long as something is done, which may fail before it has opened anything. */
export async function withQuietTemporal<T>(
  config: Pick<Config, 'logLevel'>,
  work: () => Promise<T>,
): Promise<T> {
  quietTemporal(config);
  try {
    return await work();
  } finally {
    await endTemporal();
  }
}
