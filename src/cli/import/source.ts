import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';

import { InvalidInputError, NotFoundError } from '../../domain/errors.js';

/** Where an import reads from; it may be read again from its beginning where it is read twice. */
export interface ImportSource {
  /** Bytes, null where nobody can tell beforehand. */
  readonly size: number | null;
  /** Bytes that were handed out by the reading that goes on. */
  readonly position: () => number;
  readonly open: () => AsyncIterable<Uint8Array | string>;
}

/** What standard input is kept of, so that it can be read a second time. */
const KEPT = 64 * 1_048_576;

/** A file, or standard input where it is called `-`. */
export async function importSource(
  file: string,
  input: Readable,
  signal: AbortSignal,
  isReadTwice: boolean,
): Promise<ImportSource> {
  if (file === '-') {
    const stream = addAbortSignal(signal, input);
    return sourceOf(null, isReadTwice ? kept(await whole(stream)) : () => stream);
  }
  const { size } = await statOf(file);
  return sourceOf(size, () => createReadStream(file, { signal, highWaterMark: 1_048_576 }));
}

function sourceOf(
  size: number | null,
  open: () => AsyncIterable<Uint8Array | string>,
): ImportSource {
  let position = 0;
  return {
    size,
    position: () => position,
    open: async function* () {
      position = 0;
      for await (const chunk of open()) {
        position += chunk.length;
        yield chunk;
      }
    },
  };
}

async function whole(input: AsyncIterable<Uint8Array | string>): Promise<readonly Buffer[]> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > KEPT) {
      throw new InvalidInputError(
        '--strict',
        `more than ${String(KEPT)} bytes on standard input`,
        'a file: strict reads its source twice',
      );
    }
    chunks.push(bytes);
  }
  return chunks;
}

function kept(chunks: readonly Buffer[]): () => AsyncIterable<Uint8Array> {
  return async function* () {
    yield* await Promise.resolve(chunks);
  };
}

async function statOf(file: string): Promise<{ readonly size: number }> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new InvalidInputError('FILE', `${file}, a directory`, 'a file');
    return found;
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new NotFoundError('file', file, 'name it by its path, or - for standard input');
    }
    const found = error instanceof Error ? error.message : String(error);
    throw new InvalidInputError('FILE', found, 'a file that can be read', { cause: error });
  }
}
