import type { Readable } from 'node:stream';

import { CommanderError } from 'commander';

import { readConfig, type Config } from '../config.js';
import { errorText } from './error-text.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { assertKnownCommand } from './known-command.js';
import { createIo, type Streams } from './io.js';
import { createProgram } from './program.js';
import { packageVersion } from './package-version.js';

export interface CliSurroundings {
  readonly streams: Streams;
  readonly input: Readable;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly directory: string;
}

/** Runs one command line and answers its exit code; nothing is thrown. */
export async function runCli(
  args: readonly string[],
  { streams, input, environment, signal, directory }: CliSurroundings,
): Promise<number> {
  let config: Config | null = null;
  let code: number = EXIT.ok;
  try {
    const program = createProgram({
      streams,
      run: async (command, shared) => {
        config = readConfig(environment);
        const io = createIo(streams, shared.json === true);
        code = await command({ config, io, input, signal, shared, directory });
      },
    });
    assertKnownCommand(program, args);
    // No option of Commander's: those are read after a command too, and `pin` has one of that name.
    if (args[0] === '--version' || args[0] === '-V') {
      streams.out.write(`${packageVersion()}\n`);
      return code;
    }
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (caught) {
    // What is torn down by Ctrl-C fails in many ways, none of which is the reason.
    const error = signal.aborted ? new DOMException('interrupted', 'AbortError') : caught;
    // Commander has said what it found wrong.
    if (!(error instanceof CommanderError)) streams.error.write(`${errorText(error, config)}\n`);
    return exitCodeOf(error);
  }
}
