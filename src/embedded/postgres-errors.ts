import { RatchetError } from '../domain/errors.js';

/** The embedded Postgres cannot serve. The message says why and every way out. */
export class PostgresUnavailableError extends RatchetError {
  override readonly name = 'PostgresUnavailableError';
  override readonly retryable = true;
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The embedded Postgres does not start: ${reason}\n` +
        'Ways out:\n' +
        '  - set DATABASE_URL to a Postgres 15 or newer of your own\n' +
        '  - start one with `docker compose up -d postgres` and set DATABASE_URL as docker-compose.yml shows\n' +
        '  - set RATCHET_HOME to a directory this user may write to',
      options,
    );
    this.reason = reason;
  }
}
