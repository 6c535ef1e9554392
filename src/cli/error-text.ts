import type { Config } from '../config.js';
import { RatchetError } from '../domain/errors.js';
import { codeOf, EXIT, exitCodeOf, tellingLink, unreachableServer } from './exit-codes.js';
import { MalformedInputError } from './malformed-input.js';

/** What a person is told about an error: what was found, expected, to do; the stack only on request. */
export function errorText(error: unknown, config: Config | null): string {
  const wantsStack = config?.logLevel === 'debug';
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  const stack = wantsStack && error.stack !== undefined ? `\n${error.stack}` : '';
  if (error instanceof MalformedInputError) return `${error.message}${stack}`;
  if (error instanceof RatchetError) return `error: ${error.message}${stack}`;
  const code = exitCodeOf(error);
  if (code === EXIT.interrupted) return `interrupted${stack}`;
  const telling = tellingLink(error);
  if (telling !== undefined) {
    const server = unreachableServer(telling);
    const said = server === undefined ? telling.message : unreachable(server, telling, config);
    return `error: ${said}${stack}`;
  }
  const advice = wantsStack ? '' : '; run it again with RATCHET_LOG=debug for the stack';
  return `error: ${error.message === '' ? error.name : error.message}${advice}${stack}`;
}

/** Names a server by the variable that says where it is; the model was asked before it was used. */
function unreachable(server: 'Postgres' | 'Temporal', error: Error, config: Config | null): string {
  const detail = error.message === '' ? codeOf(error) : error.message;
  const variable = server === 'Postgres' ? 'DATABASE_URL' : 'TEMPORAL_ADDRESS';
  return `${server} is not reachable: found ${detail} at ${placeOf(server, config)}, expected a server that answers; check ${variable}, or unset it for the embedded one`;
}

/** A database URL may hold a password: it is named, not shown. */
function placeOf(server: 'Postgres' | 'Temporal', config: Config | null): string {
  if (server === 'Postgres') {
    return config?.databaseUrl == null ? 'the embedded database' : 'DATABASE_URL';
  }
  return config?.temporal.address ?? 'the embedded server';
}
