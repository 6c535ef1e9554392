import { homedir } from 'node:os';
import { join } from 'node:path';

import { findTemporalBinary } from '../../src/embedded/temporal-binary.js';

/** The program `npm test` found; alone, a test finds it the same way. */
export async function temporalCli(): Promise<string> {
  const given = process.env['TEMPORAL_CLI_PATH'];
  if (given !== undefined && given !== '') return given;
  const home = process.env['RATCHET_HOME'] ?? join(homedir(), '.ratchet');
  const found = await findTemporalBinary({
    environment: process.env,
    home,
    log: () => undefined,
  });
  return found.path;
}
