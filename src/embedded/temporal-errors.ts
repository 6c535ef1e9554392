import { RatchetError } from '../domain/errors.js';

/** One way to a server that was tried, or left out, and why it did not lead there. */
export interface FailedStep {
  readonly step: string;
  readonly reason: string;
}

/** No Temporal server, by any of the known ways. The message lists each with its reason, and what to do. */
export class TemporalUnavailableError extends RatchetError {
  override readonly name = 'TemporalUnavailableError';
  override readonly retryable = true;
  readonly steps: readonly FailedStep[];

  constructor(steps: readonly FailedStep[], options?: ErrorOptions) {
    super(
      `No Temporal server could be reached or started. Tried in order:\n${listed(steps)}\n` +
        'Ways out, any one of them:\n' +
        '  - start a server (`docker compose up -d temporal`, or `temporal server start-dev`) and set TEMPORAL_ADDRESS=host:port\n' +
        '  - leave TEMPORAL_ADDRESS unset, and Ratchet starts a server of its own by one of the ways below\n' +
        '  - install the Temporal CLI (https://docs.temporal.io/cli) so that `temporal` is on PATH, or set TEMPORAL_CLI_PATH to it\n' +
        '  - let this machine reach https://temporal.download, from where the Temporal SDK downloads it\n' +
        '  - install Go 1.24 or newer with access to a module proxy: Ratchet then builds it (about 3 minutes, once)\n' +
        '  - build or download `temporal` on another machine, copy it here and set TEMPORAL_CLI_PATH',
      options,
    );
    this.steps = steps;
  }
}

/** The server lacks search attributes that Ratchet needs, and they could not be added. */
export class SearchAttributesError extends RatchetError {
  override readonly name = 'SearchAttributesError';
  override readonly retryable = false;
}

/** No time-skipping test server, by any of the known ways. */
export class TimeSkippingUnavailableError extends RatchetError {
  override readonly name = 'TimeSkippingUnavailableError';
  override readonly retryable = true;
  readonly steps: readonly FailedStep[];

  constructor(steps: readonly FailedStep[], options?: ErrorOptions) {
    super(
      `No time-skipping test server was found. Tried in order:\n${listed(steps)}\n` +
        'Ways out, any one of them:\n' +
        '  - set TEMPORAL_TEST_SERVER_PATH to the executable of a Temporal test server\n' +
        '  - let this machine reach https://temporal.download, from where the Temporal SDK downloads it\n' +
        '  - install Java 11 or newer and Maven with access to a repository: Ratchet then fetches io.temporal:temporal-test-server',
      options,
    );
    this.steps = steps;
  }
}

function listed(steps: readonly FailedStep[]): string {
  return steps
    .map(
      ({ step, reason }, index) =>
        `  ${String(index + 1)}. ${step}: ${reason.replaceAll('\n', '\n     ')}`,
    )
    .join('\n');
}
