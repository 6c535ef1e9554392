import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where the recordings lie beside the project; they are not part of it. */
export const SHARED_DATA = resolve(import.meta.dirname, '../../../../shared/data/intercode-sql');

export const HAS_SHARED_DATA = existsSync(SHARED_DATA);
