import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

/** A tree in which every file breaks one rule, with the rule that has to notice. */
const BROKEN_LAYERS = [
  ['src/domain/reads-a-file.ts', "import 'node:fs';", 'domain-is-pure'],
  ['src/domain/asks-a-contract.ts', "import '../contracts/task.js';", 'domain-is-pure'],
  [
    'src/contracts/calls-back.ts',
    "import '../activities/recall.js';",
    'contracts-know-domain-alone',
  ],
  ['src/contracts/opens-a-file.ts', "import 'node:fs';", 'contracts-do-no-io'],
  ['src/workflows/parses.ts', "import '../contracts/task.js';", 'workflows-run-domain-alone'],
  ['src/workflows/acts.ts', "import '../activities/recall.js';", 'workflows-run-domain-alone'],
  [
    'src/workflows/knows-rows.ts',
    "import type { Row } from '../store/row.js'; export type R = Row;",
    'workflows-know-types-of-activities',
  ],
  ['src/activities/queries.ts', "import '../store/row.js';", 'activities-declare-what-they-need'],
  ['src/activities/dials.ts', "import 'pg';", 'postgres-in-store'],
  ['src/store/asks-a-model.ts', "import '../model/client.js';", 'store-knows-what-it-implements'],
  ['src/model/stores.ts', "import '../store/row.js';", 'model-knows-what-it-implements'],
  ['src/tools/stores.ts', "import '../store/row.js';", 'tools-know-what-they-implement'],
  ['src/tools/prompts.ts', "import 'openai';", 'openai-in-model'],
  ['src/tools/starts.ts', "import '../worker.js';", 'entry-points-are-the-top'],
  ['src/tools/configures.ts', "import '../config.js';", 'configuration-is-read-at-the-top'],
  ['src/client/runs.ts', "import '../workflows/parses.js';", 'workflows-are-started-by-name'],
  ['src/index.ts', "import './store/row.js';", 'the-package-root-opens-nothing'],
  ['src/cli/about.ts', "import './round.js';", 'no-cycle'],
  ['src/cli/dangles.ts', "import './nowhere.js';", 'not-resolvable'],
  ['src/cli/tests.ts', "import 'vitest';", 'only-declared-packages'],
] as const;

const NEUTRAL = [
  ['src/contracts/task.ts', 'export const Task = 1;'],
  ['src/activities/recall.ts', 'export const recall = 1;'],
  ['src/store/row.ts', 'export interface Row { readonly id: string }'],
  ['src/model/client.ts', 'export const client = 1;'],
  ['src/cli/round.ts', "import './about.js';"],
  ['src/worker.ts', 'export const worker = 1;'],
  ['src/config.ts', 'export const config = process.env;'],
  [
    'src/workflows/knows-types.ts',
    "import type { recall } from '../activities/recall.js'; export type R = typeof recall;",
  ],
] as const;

const BROKEN_CODE = [
  ['src/store/reads-environment.ts', 'export const a = process.env;', 'no-restricted-properties'],
  ['src/domain/asks-the-time.ts', 'export const a = Date.now();', 'no-restricted-properties'],
  ['src/domain/asks-the-day.ts', 'export const a = new Date();', 'no-restricted-syntax'],
  ['src/domain/throws-dice.ts', 'export const a = Math.random();', 'no-restricted-properties'],
  ['src/domain/imports-zod.ts', "export { z } from 'zod';", 'no-restricted-imports'],
  [
    'src/workflows/imports-openai.ts',
    "import OpenAI from 'openai'; export const a = OpenAI;",
    '@typescript-eslint/no-restricted-imports',
  ],
  [
    'src/workflows/imports-contracts.ts',
    "import { Task } from '../contracts/task.js'; export const a = Task;",
    '@typescript-eslint/no-restricted-imports',
  ],
  ['src/tools/has-a-default.ts', 'export default 1;', 'no-restricted-syntax'],
  ['src/tools/has-an-enum.ts', 'export enum A { B }', 'no-restricted-syntax'],
  ['src/tools/has-any.ts', 'export let a: any;', '@typescript-eslint/no-explicit-any'],
  [
    'src/tools/insists.ts',
    'export const a = (b: string | null) => b!.length;',
    '@typescript-eslint/no-non-null-assertion',
  ],
  [
    'src/tools/asserts.ts',
    'export const a = (b: unknown) => b as string;',
    '@typescript-eslint/consistent-type-assertions',
  ],
  [
    'src/tools/floats.ts',
    'export function a(b: Promise<void>) { b; }',
    '@typescript-eslint/no-floating-promises',
  ],
] as const;

const root = fileURLToPath(new URL('../..', import.meta.url));
const tree = mkdtempSync(join(tmpdir(), 'ratchet-planted-'));

beforeAll(() => {
  for (const name of [
    '.dependency-cruiser.cjs',
    'eslint.config.js',
    'package.json',
    'tsconfig.json',
  ])
    cpSync(join(root, name), join(tree, name));
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'), 'junction');
  for (const [path, text] of [...BROKEN_LAYERS, ...NEUTRAL, ...BROKEN_CODE]) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), `${text}\n`);
  }
});

afterAll(() => {
  rmSync(tree, { recursive: true, force: true });
});

test('the layer check notices every arrow that points the wrong way', async () => {
  const report = Cruise.parse(
    await output('depcruise', ['--config', '.dependency-cruiser.cjs', '-T', 'json', 'src']),
  );

  const noticed = report.summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
  expect(noticed).toEqual(
    expect.arrayContaining(BROKEN_LAYERS.map(([path, , rule]) => `${path}: ${rule}`)),
  );
  const neutral = new Set<string>(NEUTRAL.map(([path]) => path));
  expect(report.summary.violations.filter(({ from }) => neutral.has(from))).toEqual([]);
});

test('the linter notices every broken rule of the style guide', async () => {
  const files = BROKEN_CODE.map(([path]) => path);
  const report = Lint.parse(
    await output('eslint', ['--format', 'json', ...files, 'src/config.ts']),
  );

  const noticed = report.flatMap(({ filePath, messages }) =>
    messages.map(({ ruleId }) => `${filePath.slice(filePath.indexOf('src/'))}: ${ruleId ?? ''}`),
  );
  expect(noticed).toEqual(
    expect.arrayContaining(BROKEN_CODE.map(([path, , rule]) => `${path}: ${rule}`)),
  );
  expect(noticed.filter((line) => line.startsWith('src/config.ts'))).toEqual([]);
});

const Cruise = z.object({
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })),
  }),
});
const Lint = z.array(
  z.object({
    filePath: z.string(),
    messages: z.array(z.object({ ruleId: z.string().nullable() })),
  }),
);

/** The JSON a tool prints about the planted tree; both tools exit non-zero when they found something. */
async function output(tool: string, args: readonly string[]): Promise<unknown> {
  const run = promisify(execFile)(join(root, 'node_modules/.bin', tool), args, {
    cwd: tree,
    maxBuffer: 64 * 1024 * 1024,
  });
  const text = await run.then(
    ({ stdout }) => stdout,
    (error: unknown) => z.object({ stdout: z.string() }).parse(error).stdout,
  );
  return JSON.parse(text);
}
