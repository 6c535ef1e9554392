import { InvalidInputError } from '../domain/errors.js';

export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

/** A port that somebody asked for by its number: another one would not be what they meant. */
export function portTaken(port: number, cause: unknown): InvalidInputError {
  const found = `${String(port)}, on which another process listens`;
  return new InvalidInputError('--port', found, 'a free one, or 0 for any', { cause });
}
