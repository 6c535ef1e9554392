import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

import { UnavailableError } from '../domain/errors.js';
import { endOnClosedChannel } from './closed-channel.js';

/** Connects to Temporal, or says plainly that it does not answer. */
export async function connectTemporal(address: string, namespace: string): Promise<Client> {
  try {
    const connection = await Connection.connect({
      address,
      connectTimeout: '10s',
      interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), endOnClosedChannel],
      // gRPC would look for a server on this very machine through the proxy of HTTPS_PROXY.
      channelArgs: isLoopback(address) ? { 'grpc.enable_http_proxy': 0 } : {},
    });
    return new Client({ connection, namespace });
  } catch (error) {
    throw new UnavailableError(
      'Temporal',
      `${address}, ${error instanceof Error ? error.message : String(error)}`,
      'start it with `ratchet up`, or set TEMPORAL_ADDRESS to one that runs',
      { cause: error },
    );
  }
}

function isLoopback(address: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):/.test(address);
}
