import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { z } from 'zod';

const Manifest = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

const root = fileURLToPath(new URL('../../package.json', import.meta.url));

const manifestAt = (path: string) => Manifest.parse(JSON.parse(readFileSync(path, 'utf8')));

const own = manifestAt(root);
const temporal = Object.entries({ ...own.dependencies, ...own.devDependencies }).filter(([name]) =>
  name.startsWith('@temporalio/'),
);

test('pins every Temporal package to one exact version', () => {
  const versions = new Set(temporal.map(([, version]) => version));

  expect(temporal.length).toBeGreaterThan(4);
  expect([...versions]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
});

test('installs every Temporal package once, at the version that is pinned', () => {
  const installed = reachableTemporalPackages();

  for (const [name, paths] of installed) {
    expect(paths, name).toHaveLength(1);
  }
  for (const [name, version] of temporal) {
    const [path = ''] = installed.get(name) ?? [];
    expect(manifestAt(path).version, name).toBe(version);
  }
});

// With two copies, replay of a JSON history and historyToJSON fail with `type must be a Type`.
test('gives all Temporal packages one and the same protobufjs', () => {
  const copies = new Set<string>();
  for (const paths of reachableTemporalPackages().values()) {
    for (const path of paths) {
      if (!('protobufjs' in manifestAt(path).dependencies)) continue;
      copies.add(resolved('protobufjs', path));
    }
  }

  expect([...copies]).toEqual([resolved('protobufjs', root)]);
});

/** Every `@temporalio/*` that is required by ours or by one another, with the manifests it resolves to. */
function reachableTemporalPackages(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const visit = (from: string, names: readonly string[]) => {
    for (const name of names.filter((each) => each.startsWith('@temporalio/'))) {
      const path = resolved(name, from);
      const paths = found.get(name) ?? [];
      if (paths.includes(path)) continue;
      found.set(name, [...paths, path]);
      visit(path, Object.keys(manifestAt(path).dependencies));
    }
  };
  visit(
    root,
    temporal.map(([name]) => name),
  );
  return found;
}

/** The manifest that Node would use for a package when the module beside `from` asks for it. */
function resolved(name: string, from: string): string {
  for (const folder of createRequire(from).resolve.paths(name) ?? []) {
    const path = join(folder, name, 'package.json');
    if (existsSync(path)) return realpathSync(path);
  }
  throw new Error(`${name} is not installed for ${dirname(from)}`);
}
