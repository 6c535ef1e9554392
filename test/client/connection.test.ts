import { Server, ServerCredentials, status, type ServiceDefinition } from '@grpc/grpc-js';
import { isGrpcServiceError } from '@temporalio/client';
import { afterEach, expect, test } from 'vitest';

import { connectTemporal } from '../../src/client/connection.js';
import { until } from '../support/poll.js';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const PATH = '/temporal.api.workflowservice.v1.WorkflowService';
const asIs = { requestStream: false, responseStream: false, ...wire() };

function wire() {
  const same = (bytes: Buffer): Buffer => bytes;
  return {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

const service: ServiceDefinition = {
  GetSystemInfo: { path: `${PATH}/GetSystemInfo`, ...asIs },
  DescribeNamespace: { path: `${PATH}/DescribeNamespace`, ...asIs },
};

/** A server that lets clients in and is unavailable for everything else. */
async function unavailableServer() {
  const server = new Server();
  let refused = 0;
  server.addService(service, {
    GetSystemInfo: (_call: unknown, answer: (error: null, reply: Buffer) => void) => {
      answer(null, Buffer.alloc(0));
    },
    DescribeNamespace: (_call: unknown, answer: (error: object) => void) => {
      refused += 1;
      answer({ code: status.UNAVAILABLE, details: 'restarting' });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  closers.push(() => {
    server.forceShutdown();
  });
  return { address: `127.0.0.1:${String(port)}`, refused: () => refused };
}

test('a call that waits to be tried again ends with the connection', async () => {
  const server = await unavailableServer();
  const { connection } = await connectTemporal(server.address, 'default');
  const failure = connection.workflowService.describeNamespace({ namespace: 'default' }).then(
    () => undefined,
    (error: unknown) => error,
  );
  await until('two attempts have failed', () =>
    Promise.resolve(server.refused() > 1 ? true : undefined),
  );

  await connection.close();

  const error = await failure;
  expect(isGrpcServiceError(error) && error.code).toBe(status.CANCELLED);
});

test('a call on a closed connection says that it is closed', async () => {
  const server = await unavailableServer();
  const { connection } = await connectTemporal(server.address, 'default');
  await connection.close();

  const failure = connection.workflowService.describeNamespace({ namespace: 'default' });

  await expect(failure).rejects.toThrow(/connection to Temporal was closed/);
});
