import type { Config } from '../config.js';
import { RatchetError } from '../domain/errors.js';
import { codeOf, EXIT, exitCodeOf, isUnreachable, tellingLink } from './exit-codes.js';
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
    const said = isUnreachable(telling) ? unreachable(telling, config) : telling.message;
    return `error: ${said}${stack}`;
  }
  const advice = wantsStack ? '' : '; run it again with RATCHET_LOG=debug for the stack';
  return `error: ${error.message === '' ? error.name : error.message}${advice}${stack}`;
}

/** Postgres is what answers with these codes: every other server is checked before it is used. */
function unreachable(error: Error, config: Config | null): string {
  const where = config?.databaseUrl == null ? 'the embedded database' : 'DATABASE_URL';
  const detail = error.message === '' ? codeOf(error) : error.message;
  return `Postgres is not reachable: found ${detail} at ${where}, expected a server that answers; check DATABASE_URL, or unset it for the embedded one`;
}
