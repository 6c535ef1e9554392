import { unreachableServer } from '../client/unreachable.js';
import { UnavailableError } from '../domain/errors.js';

/** A failure as it is answered: a server that is gone is called so, however deep that lies in the causes. */
export function plainFailure(error: unknown): unknown {
  for (let link = error; link instanceof Error; link = link.cause) {
    if (link instanceof UnavailableError) return link;
    const server = unreachableServer(link);
    if (server !== undefined) {
      return new UnavailableError(server, 'it does not answer', 'try again when it does', {
        cause: error,
      });
    }
  }
  return error;
}

/** What the house says of what it answers nobody else. */
export function faultLine(method: string, path: string, error: unknown): string {
  return `${method} ${path}: ${error instanceof Error ? error.message : String(error)}`;
}
