import { Readable } from 'node:stream';

import { runCli } from '../../src/cli/run-cli.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a command line in this process, with streams and an environment of its own. */
export async function runCommandLine(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  directory = '/nowhere',
  input: string | Uint8Array = '',
): Promise<Ran> {
  let out = '';
  let error = '';
  const code = await runCli(args, {
    streams: {
      out: { write: (text) => (out += text) },
      error: { write: (text) => (error += text) },
    },
    input: Readable.from([Buffer.from(input)]),
    environment: { RATCHET_HOME: '/nowhere', ...environment },
    signal: new AbortController().signal,
    directory,
  });
  return { code, out, error };
}
