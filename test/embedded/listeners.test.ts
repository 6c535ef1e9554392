import { createServer } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import { listensOn } from '../../src/embedded/listeners.js';
import { freePort } from '../../src/embedded/ports.js';

test.runIf(process.platform === 'linux')(
  'a port is told to be held by whom it is held',
  async () => {
    const port = await freePort(0);
    expect(listensOn(process.pid, port)).toBe(false);

    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
    onTestFinished(() => void server.close());

    expect(listensOn(process.pid, port)).toBe(true);
    expect(listensOn(process.ppid, port)).toBe(false);
    expect(listensOn(2 ** 22 + 1, port)).toBeUndefined();
  },
);
