/**
 * Runs a command and says how much memory it and everything it started took at most, all together:
 *
 *     node bench/peak-memory.mjs npm start -- --once
 *
 * Linux only. A page that several processes share is counted once (PSS), which matters for Postgres;
 * the sum of what each process holds (RSS) is said beside it.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const EVERY_MS = 500;
const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  console.error('usage: node bench/peak-memory.mjs COMMAND [ARGUMENT]...');
  process.exit(2);
}

/** Every process by its parent; one that ends meanwhile is left out. */
function childrenByParent() {
  const children = new Map();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const status = textOf(`/proc/${entry}/status`);
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    if (!Number.isNaN(parent))
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  return children;
}

function descendantsOf(pid) {
  const children = childrenByParent();
  const found = [pid];
  for (const each of found) found.push(...(children.get(each) ?? []));
  return found;
}

function memoryOf(pid) {
  const rollup = textOf(`/proc/${pid}/smaps_rollup`);
  const kilobytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
  const [command = ''] = textOf(`/proc/${pid}/cmdline`).split('\0');
  return { pss: kilobytes('Pss'), rss: kilobytes('Rss'), name: basename(command.split(':')[0]) };
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const child = spawn(program, args, { stdio: 'inherit' });
let peak = { pss: 0, rss: 0, byName: new Map() };
const startedMs = Date.now();

const timer = setInterval(() => {
  const sum = { pss: 0, rss: 0, byName: new Map() };
  for (const pid of descendantsOf(child.pid)) {
    const { pss, rss, name } = memoryOf(pid);
    sum.pss += pss;
    sum.rss += rss;
    sum.byName.set(name, (sum.byName.get(name) ?? 0) + pss);
  }
  if (sum.pss > peak.pss) peak = { ...sum, atSeconds: Math.round((Date.now() - startedMs) / 1000) };
}, EVERY_MS);

const megabytes = (kilobytes) => Math.round(kilobytes / 1024);

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  clearInterval(timer);
  const parts = [...peak.byName].sort((left, right) => right[1] - left[1]);
  const report = {
    peakMegabytes: megabytes(peak.pss),
    rssMegabytes: megabytes(peak.rss),
    atSeconds: peak.atSeconds ?? null,
    seconds: Math.round((Date.now() - startedMs) / 1000),
    byProgram: Object.fromEntries(parts.map(([name, pss]) => [name, megabytes(pss)])),
  };
  process.stderr.write(`${JSON.stringify(report)}\n`);
  process.exitCode = code ?? (signal === null ? 1 : 128);
});
