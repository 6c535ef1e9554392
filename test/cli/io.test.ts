import { expect, test } from 'vitest';

import { createIo } from '../../src/cli/io.js';

const CLEARED = '\r\u001b[2K';

function streams(isTTY: boolean) {
  const said = { out: '', error: '' };
  return {
    said,
    out: { write: (text: string) => (said.out += text) },
    error: { write: (text: string) => (said.error += text), isTTY },
  };
}

test('a bar is drawn on a terminal, and cleared at its end', () => {
  const { said, ...both } = streams(true);
  const bar = createIo(both, false).progress(4);

  bar.update(1, 'one');
  bar.update(4, 'four');
  bar.end();

  expect(said).toEqual({
    out: '',
    error: `[#######.....................] one${CLEARED}[############################] four${CLEARED}`,
  });
});

test('without a terminal there is no bar', () => {
  const { said, ...both } = streams(false);
  const bar = createIo(both, false).progress(4);

  bar.update(1, 'one');
  bar.end();

  expect(said).toEqual({ out: '', error: '' });
});

test('a bar of nothing to do is empty', () => {
  const { said, ...both } = streams(true);

  createIo(both, false).progress(0).update(0, 'looking');

  expect(said.error).toBe('[............................] looking');
});

test('notes stand above the bar', () => {
  const { said, ...both } = streams(true);
  const io = createIo(both, false);
  io.progress(1).update(0, 'busy');

  io.note('a word');

  expect(said.error.split(CLEARED)[1]).toBe('a word\n[............................] busy');
});

test.each([true, false])('results go to stdout alone, on a terminal: %s', (isTTY) => {
  const { said, ...both } = streams(isTTY);
  const io = createIo(both, false);

  io.result({ n: 1 }, 'one thing');
  io.record({ n: 2 });

  expect(said).toEqual({ out: 'one thing\n{"n":2}\n', error: '' });
});

test('with --json the result is one line of JSON, notes stay on stderr', () => {
  const { said, ...both } = streams(false);
  const io = createIo(both, true);

  io.note('a word');
  io.result({ n: 1 }, 'one thing');

  expect(said).toEqual({ out: '{"n":1}\n', error: 'a word\n' });
});
