import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { createProgram } from '../../src/cli/program.js';
import { CONFIG_VARIABLES } from '../../src/config.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...markdownIn('docs'),
  ...markdownIn('examples'),
];

test.each(documents)('every relative link in %s leads somewhere', (document) => {
  const dead = linksIn(document).filter((link) => !leadsSomewhere(document, link));

  expect(dead).toEqual([]);
});

test('every npm script that the documentation names exists', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(text('package.json')));
  const named = documents.flatMap((document) =>
    [...codeIn(document).matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)].map(
      ([, name = '']) => [document, name] as const,
    ),
  );
  const ofNpm = ['ci', 'install', 'pack', 'run'];

  const missing = named.filter(([, name]) => !ofNpm.includes(name) && !(name in scripts));

  expect(named.length).toBeGreaterThan(5);
  expect(missing).toEqual([]);
});

test('every command that the documentation names exists, and the README names every command', () => {
  const program = createProgram({
    streams: { out: process.stdout, error: process.stderr },
    run: () => Promise.resolve(),
  });
  const commands = program.commands.map((command) => command.name());
  const named = (document: string) =>
    [...codeIn(document).matchAll(/\bratchet ([a-z][a-z-]*(?:\\?\|[a-z-]+)*)/g)].flatMap(
      ([, names = '']) => names.split(/\\?\|/),
    );

  const missing = documents.flatMap((document) =>
    named(document)
      .filter((name) => !commands.includes(name))
      .map((name) => `${document}: ratchet ${name}`),
  );
  const unnamed = commands.filter((name) => !named('README.md').includes(name));

  expect(missing).toEqual([]);
  expect(unnamed).toEqual([]);
});

test('the example in the README is the one in examples/, word for word', () => {
  const example = text('examples/order-desk/ratchet.config.ts');

  expect(text('README.md')).toContain(`\`\`\`ts\n${example}\`\`\``);
});

test('every variable that the configuration reads is explained, and no other', () => {
  const table = [...section('docs/operations.md', 'Environment').matchAll(/^\| `([A-Z_]+)`/gm)].map(
    ([, name = '']) => name,
  );

  expect(table.sort()).toEqual([...CONFIG_VARIABLES].sort());
});

test('decision records are numbered without a gap and listed', () => {
  const records = readdirSync(join(root, 'docs/adr')).filter((name) => /^\d{4}-/.test(name));
  const list = text('docs/adr/README.md');

  expect(records.map((name) => Number(name.slice(0, 4)))).toEqual(records.map((_, i) => i + 1));
  expect(records.filter((name) => !list.includes(`(${name})`))).toEqual([]);
});

function markdownIn(directory: string): readonly string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(directory, name))
    .sort();
}

function text(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** What stands under a heading of the second level. */
function section(path: string, title: string): string {
  return (
    text(path)
      .split(/^## /m)
      .find((part) => part.startsWith(`${title}\n`)) ?? ''
  );
}

/** Links of a page to other files and headings; code is left out, addresses are somebody else's. */
function linksIn(document: string): readonly string[] {
  const prose = text(document)
    .replace(/^```.*?^```/gms, '')
    .replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** What stands in code blocks and between backticks. */
function codeIn(document: string): string {
  return (text(document).match(/^```.*?^```|`[^`\n]+`/gms) ?? []).join('\n');
}

function leadsSomewhere(document: string, link: string): boolean {
  const [file = '', heading] = link.split('#');
  const target = file === '' ? document : relative(root, join(root, dirname(document), file));
  if (!existsSync(join(root, target))) return false;
  return heading === undefined || headingsOf(target).includes(heading);
}

/** Headings as they stand in addresses: lower case, spaces as hyphens, no punctuation. */
function headingsOf(document: string): readonly string[] {
  return [...text(document).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
