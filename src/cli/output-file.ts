import { access, constants, mkdir, open, rm, stat } from 'node:fs/promises';

import { InvalidInputError } from '../domain/errors.js';

/** Refuses a file that could not be written, before the work whose answer it is to hold. */
export async function assertWritableFile(option: string, path: string): Promise<void> {
  const wasThere = await isThere(path);
  try {
    const file = await open(path, 'a');
    await file.close();
  } catch (error) {
    throw notWritable(option, path, error, 'the path of a file that can be written');
  }
  // A run that fails leaves no empty report behind.
  if (!wasThere) await rm(path, { force: true });
}

/** Makes the directory, or refuses it. */
export async function assertWritableDirectory(option: string, path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  } catch (error) {
    throw notWritable(option, path, error, 'a directory that can be written');
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

function notWritable(
  option: string,
  path: string,
  error: unknown,
  expected: string,
): InvalidInputError {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const found = `${JSON.stringify(path)}, which cannot be written (${reason})`;
  return new InvalidInputError(option, found, expected, { cause: error });
}
