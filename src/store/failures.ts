import { DatabaseError } from 'pg';

import { UnavailableError } from '../domain/errors.js';

/** Codes of sockets that could not be opened or broke. */
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * SQLSTATE classes and codes of a server that cannot serve us at the moment: connection exceptions,
 * too many connections, shutting down or starting up, a statement over its time limit.
 */
const SERVER_CODES = /^(08...|53300|57P0[1-4]|57014|55P03)$/;

/** `pg` raises these without a code when the server goes away under it. */
const LOST =
  /connection terminated|connection ended|timeout exceeded when trying to connect|not queryable/i;

/** The error to throw for a failure of Postgres: unreachable ones are retryable, others stay as they are. */
export function translated(error: unknown): unknown {
  const detail = unreachable(error);
  if (detail === undefined) return error;
  return new UnavailableError(
    'Postgres',
    detail,
    'check DATABASE_URL and that the server runs and accepts connections, then try again',
    { cause: error },
  );
}

function unreachable(error: unknown): string | undefined {
  if (error instanceof DatabaseError) {
    const code = error.code ?? '';
    return SERVER_CODES.test(code) ? `${error.message} (${code})` : undefined;
  }
  if (error instanceof AggregateError) {
    return error.errors.map(unreachable).find((detail) => detail !== undefined);
  }
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return SOCKET_CODES.has(code) || LOST.test(error.message) ? error.message || code : undefined;
}

/** Two transactions in each other's way, one of which Postgres chose to undo: running it again helps. */
export function isRace(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '40P01' || error.code === '40001');
}

/** The role may not do that: whoever may has to. */
export function isInsufficientPrivilege(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '42501';
}
