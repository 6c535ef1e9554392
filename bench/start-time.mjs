/**
 * `node bench/start-time.mjs [COMMAND…]`: seconds until the dashboard and the Temporal UI of `npm start`, or
 * of the command given, both answer; then it is ended by SIGINT. Run it twice for a first and a second start.
 */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const [command = 'npm', ...given] = process.argv.slice(2);
const args = process.argv.length > 2 ? given : ['start'];
const limitMs = 600_000;

const started = performance.now();
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'pipe'], detached: true });
let said = '';
child.stderr.setEncoding('utf8').on('data', (text) => {
  said += text;
  process.stderr.write(text);
});
const ended = new Promise((resolve) => child.once('exit', resolve));
ended.then(() => {
  if (process.exitCode === undefined) process.exitCode = 1;
});

const places = { dashboard: /^dashboard: (http\S+)/m, temporalUi: /^Temporal UI: (http\S+)/m };
const seconds = {};
for (const [name, where] of Object.entries(places)) {
  while (!(await answers(where.exec(said)?.[1]))) {
    if (child.exitCode !== null || performance.now() - started > limitMs) process.exit(1);
    await sleep(50);
  }
  seconds[name] = Math.round((performance.now() - started) / 100) / 10;
}
process.exitCode = 0;
console.log(JSON.stringify(seconds));
process.kill(-child.pid, 'SIGINT');
await ended;

async function answers(url) {
  if (url === undefined) return false;
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
