import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { archiveClasses } from '../../src/embedded/class-archive.js';
import { aHome } from './temporary-home.js';

/** A server that, as Java does, writes its archive when it is asked to end. */
const SERVER = `#!${process.execPath}
const { createServer } = require('node:net');
const [, archive] = process.env.JAVA_TOOL_OPTIONS.split('=');
process.on('SIGTERM', () => {
  require('node:fs').writeFileSync(archive, 'classes');
  process.exit(143);
});
createServer().listen(Number(process.argv[2]), '127.0.0.1');
`;

async function aProgram(home: string, text: string): Promise<string> {
  const path = join(home, 'server');
  await writeFile(path, text, { mode: 0o755 });
  return path;
}

test('a server that serves is ended, and what it writes then gets its name when it is whole', async () => {
  const home = await aHome();
  const program = await aProgram(home, SERVER);
  const archive = join(home, 'classes.jsa');

  const isThere = await archiveClasses(program, archive, process.env);

  expect(isThere).toBe(true);
  expect(await readFile(archive, 'utf8')).toBe('classes');
  expect(await readdir(home)).toEqual(['classes.jsa', 'server']);
});

test('a server that does not take the option leaves no archive, and does not keep us waiting', async () => {
  const home = await aHome();
  const program = await aProgram(home, '#!/bin/sh\nexit 1\n');

  const isThere = await archiveClasses(program, join(home, 'classes.jsa'), process.env);

  expect(isThere).toBe(false);
  expect(await readdir(home)).toEqual(['server']);
});

test('a program that is not there leaves no archive', async () => {
  const home = await aHome();

  const isThere = await archiveClasses(join(home, 'none'), join(home, 'classes.jsa'), process.env);

  expect(isThere).toBe(false);
});
