import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import { TestWorkflowEnvironment } from '@temporalio/testing';

import { searchAttributes } from '../../src/embedded/search-attributes.js';
import { startTemporal } from '../../src/embedded/temporal.js';
import { findTimeSkippingServer } from '../../src/embedded/time-skipping.js';
import { temporalCli } from './temporal-cli.js';

/** temporal.api.enums.v1.IndexedValueType */
const WIRE_TYPES = { Keyword: 2, Bool: 5, KeywordList: 7 } as const;

/**
 * The server whose clock skips, or Temporal's own development server. The first one loses questions and updates
 * that come in, and answers that go out, in the step in which a run continues as new.
 */
export type ServerOfTest = 'time-skipping' | 'real';

export interface TestServer {
  readonly env: TestWorkflowEnvironment;
  stop(): Promise<void>;
}

/** The SDK gives a Java machine five seconds to answer, which a busy computer may not. */
const STARTS = 12;

async function startJavaServer(path: string): Promise<TestWorkflowEnvironment> {
  for (let start = 1; ; start += 1) {
    try {
      return await TestWorkflowEnvironment.createTimeSkipping({
        server: { executable: { type: 'existing-path', path } },
      });
    } catch (error) {
      const isSlow = error instanceof Error && error.message.includes('did not start within');
      if (!isSlow || start === STARTS) throw error;
    }
  }
}

async function startTimeSkipping(): Promise<TestServer> {
  const path = await findTimeSkippingServer({
    home: process.env['RATCHET_HOME'] ?? join(homedir(), '.ratchet'),
    log: () => undefined,
    environment: process.env,
    path: process.env['TEMPORAL_TEST_SERVER_PATH'],
  });
  const env = await startJavaServer(path);
  // This server adds search attributes and cannot list them.
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(
      Object.entries(searchAttributes).map(([name, type]) => [name, WIRE_TYPES[type]]),
    ),
  });
  return { env, stop: () => env.teardown() };
}

async function startReal(): Promise<TestServer> {
  const home = await mkdtemp(join(tmpdir(), 'ratchet-workflows-'));
  const log = (): void => undefined;
  const cliPath = await temporalCli();
  const server = await startTemporal({ home, log, environment: process.env, cliPath });
  const { address } = server;
  const env = await TestWorkflowEnvironment.createFromExistingServer({ address });
  return {
    env,
    stop: async () => {
      await env.teardown();
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A server for one test file; who started it stops it. */
export function startServerOfTest(on: ServerOfTest): Promise<TestServer> {
  return on === 'real' ? startReal() : startTimeSkipping();
}
