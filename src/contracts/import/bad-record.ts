import { RatchetError } from '../../domain/errors.js';

/** Why a record of an import was refused; stable over releases. */
export const BAD_RECORD_CODES = [
  'LINE_TOO_LONG',
  'NOT_UTF8',
  'NOT_JSON',
  'TOO_DEEP',
  'MALFORMED',
  'CALL_UNKNOWN',
  'EMPTY_RUN',
  'NOT_IMPORTABLE',
  'TRACE_SPLIT',
  'TRACE_TOO_LARGE',
] as const;
export type BadRecordCode = (typeof BAD_RECORD_CODES)[number];

/** One record cannot be imported; the others can. */
export class BadRecordError extends RatchetError {
  override readonly name = 'BadRecordError';
  override readonly retryable = false;
  readonly code: BadRecordCode;

  constructor(code: BadRecordCode, field: string, found: string, expected: string) {
    super(`${field}: found ${found}, expected ${expected}`);
    this.code = code;
  }
}
