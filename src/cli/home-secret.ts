import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { InvalidInputError } from '../domain/errors.js';
import { makeHome } from '../embedded/home.js';

/** Characters of the secrets we make; a file that was cut short is told from one that is whole. */
const LENGTH = 64;

/** A secret of this RATCHET_HOME, made at its first use; of two that make it at once one wins. */
export async function homeSecret(home: string, name: string): Promise<string> {
  const path = join(home, name);
  await makeHome(home);
  try {
    const secret = randomBytes(LENGTH / 2).toString('hex');
    await writeFile(path, secret, { flag: 'wx', mode: 0o600 });
    return secret;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const held = (await readFile(path, 'utf8')).trim();
  if (held.length >= LENGTH) return held;
  throw new InvalidInputError(
    path,
    `${String(held.length)} characters`,
    `a secret of ${String(LENGTH)}; put the file back from a backup, or remove it for a new one`,
  );
}
