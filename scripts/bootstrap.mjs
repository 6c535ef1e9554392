/**
 * Makes a bare clone ready to run with nothing but Node: installs the locked packages and builds when
 * either is missing or out of date. Everything it says goes to stderr; stdout belongs to the program.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The same home as src/config.ts finds, for the moments before there is a build to ask. */
export function ratchetHome() {
  return resolve(process.env['RATCHET_HOME'] || join(homedir(), '.ratchet'));
}

export function say(message) {
  process.stderr.write(`${message}\n`);
}

/** Installs and builds what is missing or older than its source. */
export function bootstrap() {
  installPackages();
  build();
}

function installPackages() {
  const reason = reasonToInstall();
  if (reason === undefined) return;
  say(`Installing the locked packages (${reason}) …`);
  const startedAt = Date.now();
  run(npm(), [
    'ci',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  say(`Packages installed in ${seconds(startedAt)}.`);
}

/** Compares what is locked with what npm noted that it installed: times change with every clone. */
function reasonToInstall() {
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'there are none';
  const locked = readLock(join(root, 'package-lock.json'));
  if (locked === undefined) {
    say(`package-lock.json is missing or broken in ${root}; restore it with git.`);
    process.exit(2);
  }
  for (const [path, wanted] of Object.entries(locked)) {
    if (path === '') continue;
    const found = installed[path];
    if (found === undefined && wanted.optional === true) continue;
    if (found?.version !== wanted.version || !existsSync(join(root, path))) {
      return `${path} is ${found?.version ?? 'missing'}, expected ${wanted.version}`;
    }
  }
  return undefined;
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function build() {
  const stamp = join(root, 'dist', '.build-stamp');
  const sources = fingerprint();
  const builtFrom = existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
  if (builtFrom === sources) return;
  say(builtFrom === undefined ? 'Building …' : 'Building again: the sources have changed …');
  const startedAt = Date.now();
  run(npm(), ['run', '--silent', 'build']);
  writeFileSync(stamp, sources);
  say(`Built in ${seconds(startedAt)}.`);
}

/** Changes when a file that the build reads is added, removed or written. */
function fingerprint() {
  const hash = createHash('sha256');
  const files = [
    ...filesBelow(join(root, 'src')),
    ...['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'].map((name) =>
      join(root, name),
    ),
    ...filesBelow(join(root, 'scripts')),
  ];
  for (const file of files) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${relative(root, file)} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** The npm that runs us, else the one on PATH. */
function npm() {
  const current = process.env['npm_execpath'];
  return current?.endsWith('.js') ? [process.execPath, current] : ['npm'];
}

function run([program, ...first], args) {
  const result = spawnSync(program, [...first, ...args], {
    cwd: root,
    // Standard output too goes to our stderr (descriptor 2).
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && program === 'npm',
  });
  if (result.status === 0) return;
  const reason =
    result.error?.message ??
    (result.signal ? `ended by ${result.signal}` : `status ${result.status}`);
  say(`\`npm ${args.join(' ')}\` failed: ${reason}. See its messages above.`);
  process.exit(result.status && result.status > 0 ? result.status : 1);
}

function seconds(startedAt) {
  return `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await import('./check-node.mjs');
  bootstrap();
}
