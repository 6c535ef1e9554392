import { CommanderError } from 'commander';

import { unreachableServer as serverOf } from '../client/unreachable.js';

/** Exit codes of every command (DESIGN 8). */
export const EXIT = {
  ok: 0,
  broken: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  denied: 5,
  unavailable: 6,
  interrupted: 130,
} as const;

/** Errors by name: what crossed from a workflow or activity keeps its name alone. */
const BY_NAME: Readonly<Record<string, number>> = {
  AbortError: EXIT.interrupted,
  ConfigError: EXIT.usage,
  InvalidInputError: EXIT.usage,
  InputRefusedError: EXIT.usage,
  MalformedInputError: EXIT.usage,
  RecordedDataError: EXIT.usage,
  NotFoundError: EXIT.notFound,
  ConflictError: EXIT.conflict,
  StaleBaselineError: EXIT.conflict,
  DeniedError: EXIT.denied,
  UnavailableError: EXIT.unavailable,
  ModelUnavailableError: EXIT.unavailable,
  ModelRateLimitedError: EXIT.unavailable,
  ModelAuthError: EXIT.unavailable,
  ModelProtocolError: EXIT.unavailable,
  TemporalUnavailableError: EXIT.unavailable,
  PostgresUnavailableError: EXIT.unavailable,
  SearchAttributesError: EXIT.unavailable,
  UnsafeDatabaseError: EXIT.unavailable,
  NewerDatabaseError: EXIT.unavailable,
  EditedMigrationError: EXIT.unavailable,
};

/** The exit code an error stands for; 1 where it is a fault of ours. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const link = tellingLink(error);
  if (link === undefined) return EXIT.broken;
  return BY_NAME[wireNameOf(link)] ?? EXIT.unavailable;
}

/** Whether a failure of this name is a server that does not serve. */
export function isUnavailability(name: string): boolean {
  return BY_NAME[name] === EXIT.unavailable;
}

/** The first of an error and its causes that an exit code is known for. */
export function tellingLink(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  const isKnown = wireNameOf(error) in BY_NAME || unreachableServer(error) !== undefined;
  return isKnown ? error : tellingLink(error.cause);
}

/** The server whose connection is not there, where the error does not say so by its name. */
export function unreachableServer(error: Error): 'Postgres' | 'Temporal' | undefined {
  return wireNameOf(error) in BY_NAME ? undefined : serverOf(error);
}

/** The failure type of what crossed from a workflow, else the name of the class. */
function wireNameOf(error: Error): string {
  return 'type' in error && typeof error.type === 'string' && error.type in BY_NAME
    ? error.type
    : error.name;
}

export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
