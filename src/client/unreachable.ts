import { status } from '@grpc/grpc-js';

import { isClosedConnection } from './closed-channel.js';

/** Connections that never came up or broke, as Node and Postgres call them. */
const UNREACHABLE = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EPIPE',
  '28P01',
  '28000',
  '3D000',
  '57P01',
  '57P03',
];

/** The server whose connection is not there, by the code of the error alone. */
export function unreachableServer(error: Error): 'Postgres' | 'Temporal' | undefined {
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && UNREACHABLE.includes(code)) return 'Postgres';
  const isGone = code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
  return isGone || isClosedConnection(error) ? 'Temporal' : undefined;
}
