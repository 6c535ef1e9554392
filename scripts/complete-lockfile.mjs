/**
 * Adds to package-lock.json the packages for other platforms that a partial registry did not know when
 * the lock was written. Without them `npm ci` refuses the lock, on every platform. They carry no
 * integrity: npm takes it from the registry where such a package is installed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x'];

/** Optional dependencies in the lock that no entry of it satisfies: path of the entry, version. */
export function missingOptional(packages) {
  const missing = [];
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!ancestors(path).some((base) => packages[`${base}node_modules/${name}`] !== undefined)) {
        missing.push({ path: `node_modules/${name}`, version, isDev: entry.dev === true });
      }
    }
  }
  return missing;
}

/** `node_modules/a/node_modules/b` may find its packages in itself, in `a` and at the root. */
function ancestors(path) {
  if (path === '') return [''];
  const above = path.lastIndexOf('node_modules/');
  return [`${path}/`, ...ancestors(above <= 0 ? '' : path.slice(0, above - 1))];
}

function entryFor({ path, version, isDev }) {
  const words = path.slice(path.lastIndexOf('/') + 1).split('-');
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  if (os.length === 0 || cpu.length === 0 || !/^\d/.test(version)) {
    throw new Error(`${path}@${version}: its name does not tell the platform; add it by hand`);
  }
  return { version, cpu, ...(isDev ? { dev: true } : {}), optional: true, os };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingOptional(lock.packages);
  for (const found of missing) lock.packages[found.path] = entryFor(found);
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([left], [right]) => left.localeCompare(right, 'en')),
  );
  if (missing.length > 0) writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
  console.log(`${missing.length} packages of other platforms added to package-lock.json`);
}
