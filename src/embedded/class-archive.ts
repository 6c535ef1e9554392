import { spawn } from 'node:child_process';
import { access, rename, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { endProcess, started } from './child-process.js';
import { freePort } from './ports.js';
import { isStillRunning } from './process-identity.js';

/** A slow machine takes this long to start a Java program and to write down its classes. */
const limitMs = 60_000;

/**
 * Lets a Java server write down the classes that its start loads, parsed and verified: later starts that are
 * given the archive take half the time. `program` is started with a port of its own and ended as soon as it
 * serves. Answers whether there is an archive; without one Java starts as it always does.
 */
export async function archiveClasses(
  program: string,
  archive: string,
  environment: NodeJS.ProcessEnv,
): Promise<boolean> {
  const partial = `${archive}.partial`;
  const port = await freePort(0);
  const child = spawn(program, [String(port)], {
    env: { ...environment, JAVA_TOOL_OPTIONS: `-XX:ArchiveClassesAtExit=${partial}` },
    stdio: 'ignore',
  });
  try {
    const server = await started(child);
    const deadline = Date.now() + limitMs;
    while (isStillRunning(server) && Date.now() < deadline && !(await accepts(port))) {
      await sleep(50);
    }
    // It writes when it is asked to end.
    await endProcess(server, 'SIGTERM', limitMs);
    await access(partial);
    await rename(partial, archive);
    return true;
  } catch {
    await rm(partial, { force: true });
    return false;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const answer = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => {
      answer(true);
    });
    socket.once('error', () => {
      answer(false);
    });
  });
}
