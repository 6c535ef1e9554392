import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { startTemporal } from '../../src/embedded/temporal.js';
import { findTemporalBinary } from '../../src/embedded/temporal-binary.js';
import { channelArgsFor } from '../../src/embedded/temporal-health.js';
import { findTimeSkippingServer, testServerVersion } from '../../src/embedded/time-skipping.js';
import { aHome, aLog } from './temporary-home.js';

/** For one test there is no network and no program but those in the returned directory. */
async function anEmptyMachine(): Promise<string> {
  const programs = await mkdtemp(join(tmpdir(), 'ratchet-path-'));
  const changed = {
    PATH: programs,
    HTTPS_PROXY: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
  };
  const before = Object.keys(changed).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, changed);
  onTestFinished(async () => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await rm(programs, { recursive: true, force: true });
  });
  return programs;
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : ''),
  );
}

test('when every way to a Temporal server fails, one message names each with its reason', async () => {
  await anEmptyMachine();
  const { lines, log } = aLog();

  const message = await messageOf(
    startTemporal({
      environment: process.env,
      home: await aHome(),
      log,
      cliPath: '/nowhere/temporal',
    }),
  );

  expect(message).toMatch(/^TemporalUnavailableError: No Temporal server/);
  expect(message).toMatch(/1\. TEMPORAL_ADDRESS: not set/);
  expect(message).toMatch(/2\. TEMPORAL_CLI_PATH: \/nowhere\/temporal is not there/);
  expect(message).toMatch(/3\. `temporal` on PATH: temporal is not there/);
  expect(message).toMatch(/4\. cached copy in .*bin: none there/);
  expect(message).toMatch(/5\. download by the Temporal SDK: \S+/);
  expect(message).toMatch(
    /6\. go install github\.com\/temporalio\/cli\/cmd\/temporal@v1\.5\.1: go is not there/,
  );
  expect(message).toMatch(/Ways out[^]*docker compose[^]*TEMPORAL_CLI_PATH[^]*Go 1\.24/);
  expect(lines.filter((line) => line.startsWith('temporal: go install'))).toHaveLength(1);
});

test('an address that was asked for and does not answer is not replaced by another server', async () => {
  const message = await messageOf(
    startTemporal({
      environment: process.env,
      home: await aHome(),
      log: () => undefined,
      address: '127.0.0.1:9',
    }),
  );

  expect(message).toMatch(/1\. TEMPORAL_ADDRESS: 127\.0\.0\.1:9 does not answer/);
  expect(message).toMatch(/2\. a server of our own: not tried, since TEMPORAL_ADDRESS is set/);
});

test('a program that is no Temporal is passed over, and a wrong cached one removed', async () => {
  const programs = await anEmptyMachine();
  const home = await aHome();
  await mkdir(join(home, 'bin'));
  await writeFile(join(home, 'bin', 'temporal-1.5.1'), 'half a program', { mode: 0o755 });
  const good = join(programs, 'temporal');
  await writeFile(good, '#!/bin/sh\necho "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"\n', {
    mode: 0o755,
  });
  const bad = join(programs, 'other');
  await writeFile(bad, '#!/bin/sh\necho "I am something else"\n', { mode: 0o755 });
  const { lines, log } = aLog();

  const found = await findTemporalBinary({ environment: process.env, home, log, cliPath: bad });
  await rm(good);
  const message = await messageOf(
    findTemporalBinary({ environment: process.env, home, log, cliPath: bad }),
  );

  expect(found.path).toBe('temporal');
  expect(lines[0]).toMatch(/TEMPORAL_CLI_PATH: .*"I am something else", expected/);
  expect(message).toMatch(/cached copy in .*temporal-1\.5\.1 was removed: it has no manifest/);
});

test('when a program starts no server, its last words are told', async () => {
  const programs = await anEmptyMachine();
  const cli = join(programs, 'temporal');
  const script = `#!/bin/sh
if [ "$1" = --version ]; then echo "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"; exit 0; fi
echo "the disk is full" >&2
exit 1
`;
  await writeFile(cli, script, { mode: 0o755 });

  const message = await messageOf(
    startTemporal({
      environment: process.env,
      home: await aHome(),
      log: () => undefined,
      cliPath: cli,
    }),
  );

  expect(message).toMatch(/TEMPORAL_CLI_PATH: .* started and ended at once; its last words/);
  expect(message).toContain('the disk is full');
});

test('the program built with Go is cached whole, and the next start finds it there', async () => {
  const programs = await anEmptyMachine();
  const built = '#!/bin/sh\\necho "temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)"\\n';
  await writeFile(
    join(programs, 'go'),
    `#!/bin/sh
if [ "$1" = version ]; then echo "go version go1.24.0 test"; exit 0; fi
[ "$1 $2" = "install github.com/temporalio/cli/cmd/temporal@v1.5.1" ] || exit 1
printf '${built}' > "$GOBIN/temporal"
/bin/chmod 755 "$GOBIN/temporal"
`,
    { mode: 0o755 },
  );
  const home = await aHome();
  const { lines, log } = aLog();

  const first = await findTemporalBinary({ environment: process.env, home, log });
  const second = await findTemporalBinary({ environment: process.env, home, log });

  expect(first.path).toBe(join(home, 'bin', 'temporal-1.5.1'));
  expect(second).toEqual(first);
  expect(lines.at(-1)).toMatch(/^temporal: cached copy in /);
});

test('a server on this machine is reached in spite of a proxy', () => {
  const args = ['127.0.0.1:7233', 'localhost:7233', 'temporal:7233', 'localhost.example:7233'].map(
    (address) => channelArgsFor(address)['grpc.enable_http_proxy'],
  );

  expect(args).toEqual([0, 0, undefined, undefined]);
});

test('the test server given by its path is used', async () => {
  const path = join(await aHome(), 'test-server');
  await writeFile(path, '#!/bin/sh\n', { mode: 0o755 });

  const found = await findTimeSkippingServer({
    environment: process.env,
    home: await aHome(),
    log: () => undefined,
    path,
  });

  expect(found).toBe(path);
});

test('a spoilt copy of the test server is removed, and all failed ways to another are named', async () => {
  await anEmptyMachine();
  const home = await aHome();
  const directory = join(home, 'bin', `test-server-${testServerVersion}`);
  await mkdir(join(directory, 'jars'), { recursive: true });
  const manifest = { jars: { 'temporal-test-server.jar': 12_345 } };
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));

  const message = await messageOf(
    findTimeSkippingServer({ environment: process.env, home, log: () => undefined }),
  );

  expect(message).toMatch(/^TimeSkippingUnavailableError/);
  expect(message).toMatch(/1\. TEMPORAL_TEST_SERVER_PATH: not set/);
  expect(message).toMatch(
    /2\. cached copy in .* was removed: temporal-test-server\.jar is missing or has another size/,
  );
  expect(message).toMatch(/3\. download by the Temporal SDK: \S+/);
  expect(message).toMatch(/4\. Maven io\.temporal:temporal-test-server:\S+: java is not there/);
});
