/**
 * npm ends without a word to its script when it is killed, and the script would run on unseen. This
 * watches the npm that started us and asks this process to shut down when it is gone.
 */
import { execFileSync } from 'node:child_process';

const pollMs = 1000;
const levels = 3;

export function endWithNpm() {
  if (process.platform === 'win32' || process.env['npm_lifecycle_event'] === undefined) return;
  const npm = findNpm(process.ppid, levels);
  if (npm === undefined) return;
  const timer = setInterval(() => {
    if (describe(npm.pid)?.started === npm.started) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, pollMs);
  timer.unref();
}

/** npm starts a shell, which starts us or becomes us: the first npm among the ancestors is ours. */
function findNpm(pid, levelsLeft) {
  const found = levelsLeft > 0 && pid > 1 ? describe(pid) : undefined;
  if (found === undefined) return undefined;
  return /\bnpm\b/.test(found.command) && !/check-node|start\.mjs|test\.mjs/.test(found.command)
    ? found
    : findNpm(found.parent, levelsLeft - 1);
}

function describe(pid) {
  try {
    const line = execFileSync('ps', ['-o', 'ppid=,stat=,lstart=,args=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    const [, parent, state, started, command] =
      /^\s*(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (parent === undefined || state.startsWith('Z')) return undefined;
    return { pid, parent: Number(parent), started, command };
  } catch {
    return undefined;
  }
}
