import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** State of a socket that waits for connections, as /proc/net/tcp writes it (proc(5)). */
const LISTEN = '0A';

/**
 * Whether this very process waits for connections on the port; undefined where the system does not tell.
 * That somebody answers on a port does not say who.
 */
export function listensOn(pid: number, port: number): boolean | undefined {
  const sockets = socketsListeningOn(port);
  if (sockets === undefined) return undefined;
  const descriptors = `/proc/${String(pid)}/fd`;
  let names: string[];
  try {
    names = readdirSync(descriptors);
  } catch {
    return undefined;
  }
  return names.some((name) => sockets.has(targetOf(`${descriptors}/${name}`)));
}

/** What an open socket's descriptor points to, for every one that listens on the port. */
function socketsListeningOn(port: number): ReadonlySet<string> | undefined {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map(textOf);
  if (tables.every((table) => table === undefined)) return undefined;
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = tables.flatMap((table) => (table ?? '').split('\n').slice(1));
  const sockets = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTEN && local?.endsWith(wanted) === true)
    .map((fields) => `socket:[${fields[9] ?? ''}]`);
  return new Set(sockets);
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // Closed since it was listed.
    return '';
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
