import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { InvalidInputError } from '../domain/errors.js';

/**
 * Makes RATCHET_HOME where it is not there, and sees that it can be written: whoever starts a server in it
 * is told before the first lock of it is waited for.
 */
export async function makeHome(home: string): Promise<void> {
  try {
    await makeDirectory(home);
    await access(home, constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInputError(
      'RATCHET_HOME',
      `${home}, which cannot be made or written (${reason})`,
      'a directory this user may write to; set RATCHET_HOME to one',
      { cause: error },
    );
  }
}

/**
 * A directory with those above it. Node's own recursive way never ends where the file system answers ENOENT
 * below a directory that is there, as /proc does.
 */
async function makeDirectory(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) await makeDirectory(parent);
  try {
    await mkdir(path);
  } catch (error) {
    // Another process may have made it meanwhile; a file of that name is in the way.
    const now = await stat(path).catch(() => undefined);
    if (now?.isDirectory() !== true) throw error;
  }
}
