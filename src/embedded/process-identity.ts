import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/**
 * Names one process for as long as it lives, so that a number the system gave away again is not
 * taken for it. Undefined when no such process runs; a zombie does not run.
 */
export function processIdentity(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  if (process.platform === 'linux') return linuxIdentity(pid);
  if (process.platform === 'win32') return isSignalable(pid) ? `${String(pid)}@windows` : undefined;
  return posixIdentity(pid);
}

/** A process as it was when somebody noted it down. */
export interface NotedProcess {
  readonly pid: number;
  readonly identity: string;
}

/** Whether the very process that was noted still runs. */
export function isStillRunning(noted: NotedProcess): boolean {
  return processIdentity(noted.pid) === noted.identity;
}

/** The arguments a process was started with; undefined where the system does not tell. */
export function commandLineOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
    return text.split('\0').filter((argument) => argument !== '');
  } catch {
    return undefined;
  }
}

/** Every other process with an argument like this; empty where the system keeps no /proc. */
export function processesWithArgument(isLike: (argument: string) => boolean): number[] {
  let entries: string[];
  try {
    entries = readdirSync('/proc');
  } catch {
    return [];
  }
  return entries
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && (commandLineOf(pid)?.some(isLike) ?? false))
    .filter((pid) => processIdentity(pid) !== undefined);
}

/** Start time in clock ticks since boot (proc(5), field 22). */
function linuxIdentity(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name of the program stands in brackets and may itself hold brackets and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTicks = fields[19];
  if (state === undefined || startTicks === undefined || state === 'Z' || state === 'X') {
    return undefined;
  }
  return `${String(pid)}@${startTicks}`;
}

function posixIdentity(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const [state = '', ...started] = line.split(/\s+/);
    if (state === '' || state.startsWith('Z')) return undefined;
    return `${String(pid)}@${started.join(' ')}`;
  } catch {
    return undefined;
  }
}

function isSignalable(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
