import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';

import { listensOn } from '../../src/embedded/listeners.js';
import { freePort } from '../../src/embedded/ports.js';
import { processesWithArgument } from '../../src/embedded/process-identity.js';
import { searchAttributes } from '../../src/embedded/search-attributes.js';
import { startTemporal, type TemporalServer } from '../../src/embedded/temporal.js';
import {
  aHome,
  aLog,
  aTemporalCli,
  holdInOtherProcess,
  killHard,
  stopAfterTest,
} from './temporary-home.js';

const cliPath = await aTemporalCli();
const silent = (): void => undefined;

async function start(
  home: string,
  log: (message: string) => void = silent,
): Promise<TemporalServer> {
  return stopAfterTest(await startTemporal({ environment: process.env, home, log, cliPath }));
}

async function connect({ address }: TemporalServer): Promise<Connection> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return connection;
}

function serversOf(home: string): number[] {
  const database = join(home, 'temporal', 'dev.db');
  return processesWithArgument((argument) => argument === database);
}

test('a dev server is started that knows our search attributes and shows its UI', async () => {
  const { lines, log } = aLog();
  const home = await aHome();

  const server = await start(home, log);

  const { operatorService } = await connect(server);
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace: 'default' });
  expect(Object.keys(customAttributes)).toEqual(
    expect.arrayContaining(Object.keys(searchAttributes)),
  );
  expect((await fetch(server.uiUrl ?? '')).status).toBe(200);
  expect(lines.join('\n')).toMatch(/TEMPORAL_CLI_PATH: temporal version .* started in \d+ ms/);
  // SQLite's file format: 2 at offset 18 where it writes ahead.
  const header = await readFile(join(home, 'temporal', 'dev.db'));
  expect(header[18]).toBe(2);
});

test('of two homes that start at once on one port, neither takes the server of the other for its own', async () => {
  const slow = join(await aHome(), 'slow-to-start');
  const wait = 'if [ "$1" = server ]; then sleep 3; fi';
  await writeFile(slow, `#!/bin/sh\n${wait}\nexec "${cliPath}" "$@"\n`, { mode: 0o755 });
  const preferredPort = await freePort(0);
  const preferredUiPort = await freePort(0, [preferredPort]);
  const startOn = async (program: string) =>
    stopAfterTest(
      await startTemporal({
        environment: process.env,
        home: await aHome(),
        log: silent,
        cliPath: program,
        preferredPort,
        preferredUiPort,
      }),
    );

  // Both look at the port before either has it; the slow one learns only later that it is taken.
  const [late, early] = await Promise.all([startOn(slow), startOn(cliPath)]);

  expect(late.address).not.toBe(early.address);
  for (const { pid = 0, address } of [late, early]) {
    expect(listensOn(pid, Number(address.split(':')[1]))).toBe(true);
  }
});

test('workflows survive a SIGKILL of the server, and the next one has the same address', async () => {
  const home = await aHome();
  const killed = await start(home);
  const client = new Client({ connection: await connect(killed) });
  await client.workflow.start('noSuchWorkflow', { workflowId: 'kept', taskQueue: 'nobody' });

  process.kill(killed.pid ?? 0, 'SIGKILL');
  const restarted = await start(home);

  const found = new Client({ connection: await connect(restarted) }).workflow.getHandle('kept');
  expect((await found.describe()).status.name).toBe('RUNNING');
  expect(restarted.address).toBe(killed.address);
  expect(restarted.adopted).toBe(false);
});

test('the server of a killed parent is adopted by the next start and ended with it', async () => {
  const home = await aHome();
  const { child, pid } = await holdInOtherProcess('temporal', home, cliPath);
  await killHard(child);

  const server = await start(home);
  await server.stop();

  expect(server.adopted).toBe(true);
  expect(server.pid).toBe(pid);
  expect(serversOf(home)).toEqual([]);
});

test.runIf(process.platform === 'linux')(
  'a server that nobody noted down is ended before another opens its database',
  async () => {
    const home = await aHome();
    const { child, pid } = await holdInOtherProcess('temporal', home, cliPath);
    await killHard(child);
    await rm(join(home, 'temporal', 'server.json'));

    const server = await start(home);

    expect(server.adopted).toBe(false);
    expect(serversOf(home)).toEqual([server.pid]);
    expect(server.pid).not.toBe(pid);
  },
);

test('taken ports are passed over', async () => {
  const blocker = createServer();
  onTestFinished(() => void blocker.close());
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const address = blocker.address();
  const preferredPort = typeof address === 'object' && address !== null ? address.port : 0;

  const server = stopAfterTest(
    await startTemporal({
      environment: process.env,
      home: await aHome(),
      log: silent,
      cliPath,
      preferredPort,
    }),
  );

  expect(server.address).not.toBe(`127.0.0.1:${String(preferredPort)}`);
});

test('an existing server is used as it is, gets our search attributes and is never stopped', async () => {
  const existing = await start(await aHome());
  const connection = await connect(existing);
  await connection.operatorService.removeSearchAttributes({
    namespace: 'default',
    searchAttributes: ['RatchetVerdict'],
  });
  const { lines, log } = aLog();

  const server = await startTemporal({
    environment: process.env,
    home: await aHome(),
    log,
    address: existing.address,
    uiUrl: 'http://ui.example',
  });
  await server.stop();

  const { customAttributes } = await connection.operatorService.listSearchAttributes({
    namespace: 'default',
  });
  expect(server.source).toBe('TEMPORAL_ADDRESS');
  expect(server.uiUrl).toBe('http://ui.example');
  expect(customAttributes).toHaveProperty('RatchetVerdict');
  expect(lines).toContain('temporal: added search attributes RatchetVerdict');
});

test('a namespace that is not there is named', async () => {
  const { address } = await start(await aHome());

  const use = startTemporal({
    environment: process.env,
    home: await aHome(),
    log: silent,
    address,
    namespace: 'elsewhere',
  });

  await expect(use).rejects.toMatchObject({
    name: 'TemporalUnavailableError',
    message: expect.stringContaining('does not serve namespace elsewhere'),
  });
});
