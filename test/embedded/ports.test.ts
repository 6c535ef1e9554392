import { createServer } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import { freePort } from '../../src/embedded/ports.js';

/** A port that somebody has. */
async function aTakenPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('a port is found where none is preferred', async () => {
  expect(await freePort(0)).toBeGreaterThan(0);
});

test('a free port that is preferred is kept, and one that somebody has is not', async () => {
  const free = await freePort(0);
  const taken = await aTakenPort();

  expect(await freePort(free)).toBe(free);
  expect(await freePort(taken)).not.toBe(taken);
  expect(await freePort(free, [free])).not.toBe(free);
});
