import { afterEach, beforeEach, expect, test } from 'vitest';

import { Spool } from '../../../src/cli/evaluate/spool.js';

let spool: Spool;
beforeEach(() => {
  spool = new Spool();
});
afterEach(() => {
  spool.close();
});

test('gives lines back as they came, whatever their length and letters', () => {
  const lines = Array.from({ length: 3000 }, (_, at) => `${String(at)} ${'é€𝄞'.repeat(at % 97)}`);
  lines.push('x'.repeat(200_000), '', 'the last one');

  for (const line of lines) spool.add(line);

  expect([...spool.lines()]).toEqual(lines);
});

test('may be read twice, and go on after it was read', () => {
  spool.add('one');
  expect([...spool.lines()]).toEqual(['one']);

  spool.add('two');

  expect([...spool.lines()]).toEqual(['one', 'two']);
});

test('that nothing was put into is empty', () => {
  expect([...spool.lines()]).toEqual([]);
});
