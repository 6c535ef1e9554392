import { createServer } from 'node:net';

/** The preferred loopback port when nobody has it, else one the system picks; 0 prefers none. */
export async function freePort(preferred: number, taken: readonly number[] = []): Promise<number> {
  for (let wanted = preferred; ; wanted = 0) {
    const port = taken.includes(wanted) ? undefined : await tryPort(wanted);
    if (port !== undefined && !taken.includes(port)) return port;
  }
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : undefined);
      });
    });
  });
}
