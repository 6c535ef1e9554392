import { status } from '@grpc/grpc-js';
import { ServiceError } from '@temporalio/client';
import { expect, test } from 'vitest';

import { errorText } from '../../src/cli/error-text.js';
import { EXIT, exitCodeOf } from '../../src/cli/exit-codes.js';
import { readConfig } from '../../src/config.js';
import {
  ConflictError,
  DeniedError,
  InvalidInputError,
  NotFoundError,
  UnavailableError,
} from '../../src/domain/errors.js';

const config = readConfig({
  TEMPORAL_ADDRESS: 'temporal.example:7233',
  DATABASE_URL: 'postgres://me:hunter2@db.example/ratchet',
});

/** What gRPC fails with, below what the Temporal client makes of it. */
function lost(code: status, details: string): Error {
  const cause = Object.assign(new Error(`${String(code)} ${status[code]}: ${details}`), {
    code,
    details,
  });
  return new ServiceError('Failed to get Workflow execution history', { cause });
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

test.each([
  ['a field that does not fit', new InvalidInputError('input', '3', 'text'), EXIT.usage],
  ['what is not there', new NotFoundError('task', 't-1', 'list them'), EXIT.notFound],
  ['a state that changed', new ConflictError('ended'), EXIT.conflict],
  ['what the role may not', new DeniedError('not you'), EXIT.denied],
  ['a server that is away', new UnavailableError('Temporal', 'x', 'y'), EXIT.unavailable],
  ['an interruption', new DOMException('interrupted', 'AbortError'), EXIT.interrupted],
  ['a fault of ours', new TypeError('undefined is not a function'), EXIT.broken],
  ['something thrown that is no error', 'oops', EXIT.broken],
  ['Postgres that refuses', coded('ECONNREFUSED', 'refused'), EXIT.unavailable],
  ['Postgres that shuts down', coded('57P01', 'terminating'), EXIT.unavailable],
  ['a constraint of Postgres', coded('23505', 'duplicate key'), EXIT.broken],
  ['Temporal that is away', lost(status.UNAVAILABLE, 'No connection'), EXIT.unavailable],
  ['Temporal that is late', lost(status.DEADLINE_EXCEEDED, 'Deadline exceeded'), EXIT.unavailable],
  ['a channel that was closed', new Error('Channel has been shut down'), EXIT.unavailable],
  ['a call that was cancelled', lost(status.CANCELLED, 'Cancelled on client'), EXIT.broken],
  ['what Temporal refuses', lost(status.INVALID_ARGUMENT, 'no such query'), EXIT.broken],
  [
    'a cause far below',
    new Error('one', { cause: lost(status.UNAVAILABLE, 'x') }),
    EXIT.unavailable,
  ],
])('%s has its exit code', (_what, error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});

test('a call that ended with its connection is a server that is away', () => {
  const details = 'The connection to Temporal was closed while this call waited to be tried again';

  expect(exitCodeOf(lost(status.CANCELLED, details))).toBe(EXIT.unavailable);
});

test('a server that was lost is named with its address and what to check', () => {
  const text = errorText(lost(status.UNAVAILABLE, 'No connection established'), config);

  expect(text).toBe(
    'error: Temporal is not reachable: found 14 UNAVAILABLE: No connection established at ' +
      'temporal.example:7233, expected a server that answers; check TEMPORAL_ADDRESS, or unset it ' +
      'for the embedded one',
  );
});

test('a database that was lost is named without its password', () => {
  const text = errorText(coded('ECONNREFUSED', ''), config);

  expect(text).toContain('Postgres is not reachable: found ECONNREFUSED at DATABASE_URL');
  expect(text).not.toContain('hunter2');
});

test('a fault of ours says how to see more of it', () => {
  expect(errorText(new TypeError('undefined is not a function'), config)).toBe(
    'error: undefined is not a function; run it again with RATCHET_LOG=debug for the stack',
  );
});
