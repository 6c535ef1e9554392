import { InvalidInputError } from '../domain/errors.js';

export function isPortTaken(error: unknown): boolean {
  return codeOf(error) === 'EADDRINUSE';
}

/** A port that somebody asked for by its number: another one would not be what they meant. */
export function portTaken(port: number, cause: unknown): InvalidInputError {
  const found = `${String(port)}, on which another process listens`;
  return new InvalidInputError('--port', found, 'a free one, or 0 for any', { cause });
}

/** Why nobody can listen there, where it is for the caller to choose another place. */
export function refusedPlace(host: string, port: number, error: unknown): unknown {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return portTaken(port, error);
  if (code === 'EACCES') {
    const found = `${String(port)}, on which this user may not listen`;
    return new InvalidInputError('--port', found, 'one from 1024', { cause: error });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const found = `${host}, which is no address of this machine`;
    const expected = '127.0.0.1, 0.0.0.0 for every address, or one this machine has';
    return new InvalidInputError('--host', found, expected, { cause: error });
  }
  return error;
}

/** Whether only programs and browsers of this machine reach what listens there. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);
}

/** The address to open in a browser of this machine. */
export function urlOf(host: string, port: number): string {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const name = isEverywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${String(port)}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
