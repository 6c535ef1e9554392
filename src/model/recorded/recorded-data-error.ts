import { RatchetError } from '../../domain/errors.js';

/** A recorded data set that is not there or does not read as one; says where and what to do. */
export class RecordedDataError extends RatchetError {
  override readonly name = 'RecordedDataError';
  override readonly retryable = false;
  readonly file: string;
  /** From 1; 0 where the file as a whole is at fault. */
  readonly line: number;
  readonly field: string;

  constructor(
    at: { readonly file: string; readonly line: number; readonly field: string },
    found: string,
    expected: string,
    options?: ErrorOptions,
  ) {
    const place = at.line === 0 ? at.file : `${at.file}, line ${String(at.line)}`;
    const field = at.field === '' ? '' : `${at.field}: `;
    super(`${place}: ${field}found ${found}, expected ${expected}`, options);
    this.file = at.file;
    this.line = at.line;
    this.field = at.field;
  }
}
