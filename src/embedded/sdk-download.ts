import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { runCommand } from './child-process.js';

/** Which of the two servers the Temporal SDK can download. */
export type SdkServer = 'createLocal' | 'createTimeSkipping';

const stallMs = 45_000;
const limitMs = 300_000;

/**
 * The SDK starts a server right after downloading it, in a runtime that can be installed only once
 * a process. So it runs in a process of its own, which leaves nothing but the file.
 */
const program = `
const [testing, method, downloadDir] = process.argv.slice(1);
const { TestWorkflowEnvironment } = (await import(testing)).default;
const executable = { type: 'cached-download', downloadDir };
const environment = await TestWorkflowEnvironment[method]({ server: { executable } });
await environment.teardown();
process.exit(0);
`;

/**
 * Lets the SDK download a server into the directory and returns the program's path. Bounded: it gives
 * up when no byte has arrived for 45 s, and after five minutes in any case.
 */
export async function downloadBySdk(
  server: SdkServer,
  directory: string,
  options: {
    readonly environment: NodeJS.ProcessEnv;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<{ readonly path: string } | { readonly reason: string }> {
  let testing: string;
  try {
    testing = createRequire(import.meta.url).resolve('@temporalio/testing');
  } catch {
    return { reason: 'the package @temporalio/testing is not installed' };
  }
  let seenBytes = 0;
  let lastGrowth = Date.now();
  const result = await runCommand(
    process.execPath,
    ['--input-type=module', '-e', program, testing, server, directory],
    {
      cwd: directory,
      env: options.environment,
      timeoutMs: limitMs,
      signal: options.signal,
      giveUp: () => {
        const bytes = filesIn(directory).reduce((sum, file) => sum + file.size, 0);
        if (bytes !== seenBytes) lastGrowth = Date.now();
        seenBytes = bytes;
        return Date.now() - lastGrowth > stallMs ? 'nothing arrived for 45 s' : undefined;
      },
    },
  );
  if (result.status !== 0) return { reason: result.problem ?? shortReason(result.output) };
  const [largest] = filesIn(directory).sort((left, right) => right.size - left.size);
  return largest === undefined ? { reason: 'the SDK left no file' } : { path: largest.path };
}

function filesIn(directory: string): { path: string; size: number }[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap(({ name }) => {
      const path = join(directory, name);
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      return size === undefined ? [] : [{ path, size }];
    });
}

/** The native error nests the same sentence several times; its last part is the cause. */
function shortReason(output: string): string {
  const line = output.split('\n').find((candidate) => candidate.includes('Error: '));
  const text = (line ?? output.trim().split('\n').at(-1) ?? 'no reason given').trim();
  const cause =
    /error sending request for url \((https?:\/\/[^/?)]+)[^)]*\).*?: (client error .*?)\]?$/.exec(
      text,
    );
  return cause?.[1] === undefined ? text.slice(0, 300) : `${cause[1]}: ${cause[2] ?? ''}`;
}
