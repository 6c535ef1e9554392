import { Readable } from 'node:stream';

import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { readJsonLines } from '../../src/cli/json-lines.js';

const Line = z.strictObject(
  { id: z.string({ error: 'a text' }), parts: z.array(z.strictObject({ i: z.int() })).optional() },
  { error: 'one of id, parts' },
);

const read = async (chunks: Iterable<Uint8Array>) => {
  const lines: { readonly line: number; readonly id: string }[] = [];
  const input = Readable.from(chunks);
  const { signal } = new AbortController();
  const count = await readJsonLines(
    input,
    Line,
    ({ id }, line) => lines.push({ line, id }),
    signal,
  );
  return { count, lines };
};

const inPieces = (text: string | Uint8Array, size: number): readonly Uint8Array[] => {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );
};

test.each([1, 3, 1000])('reads lines whole from chunks of %i bytes', async (size) => {
  const text = '{"id":"é"}\r\n{"id":"\\"b:\\"","parts":[{"i":1},{"i":2}]}\n{"id":"c"}';

  expect(await read(inPieces(text, size))).toEqual({
    count: 3,
    lines: [
      { line: 1, id: 'é' },
      { line: 2, id: '"b:"' },
      { line: 3, id: 'c' },
    ],
  });
});

test('takes an end after the last line for its end, not for a line', async () => {
  expect((await read([Buffer.from('{"id":"a"}\n')])).count).toBe(1);
});

describe('a line that is none is refused by number and field', () => {
  test.each([
    ['half a document', '{"id":', 'line 2: text: found text that is no JSON'],
    ['a list', '[1]', 'line 2: text: found [1], expected one JSON object'],
    ['a number', '7', 'line 2: text: found 7, expected one JSON object'],
    ['null', 'null', 'line 2: text: found null, expected one JSON object'],
    ['two objects', '{"id":"a"} {"id":"b"}', 'line 2: text: found text that is no JSON'],
    ['NaN', '{"id":NaN}', 'line 2: text: found text that is no JSON'],
    ['nothing', '', 'line 2: text: found a blank line, expected one JSON object'],
    ['spaces', '  ', 'line 2: text: found a blank line'],
    ['a byte order mark', '\uFEFF{"id":"a"}', 'line 2: text: found a byte order mark'],
    [
      'bytes that are no text',
      Uint8Array.from([0x22, 0xff, 0x22]),
      'line 2: text: found bytes that are no UTF-8',
    ],
    [
      'a key twice',
      '{"id":"a","id":"b"}',
      'line 2: id: found the key twice, expected each key once',
    ],
    ['a key twice, once escaped', '{"id":"a","\\u0069d":"b"}', 'line 2: id: found the key twice'],
    ['a key twice, deep inside', '{"id":"a","parts":[{"i":1,"i":2}]}', 'line 2: i: found the key'],
    ['a missing field', '{}', 'line 2: id: found nothing, expected a text'],
    ['a field of another type', '{"id":7}', 'line 2: id: found 7, expected a text'],
    ['a field beyond all numbers', '{"id":1e999}', 'line 2: id: found Infinity, expected a text'],
    ['an unknown key', '{"id":"a","more":1}', 'line 2: more: found a key that is not known'],
    ['the key of prototypes', '{"id":"a","__proto__":1}', 'line 2: __proto__: found a key'],
  ])('%s', async (_, line, says) => {
    const text = [Buffer.from('{"id":"a"}\n'), Buffer.from(line), Buffer.from('\n')];

    await expect(read(text)).rejects.toThrow(says);
  });
});

test('input without a line is refused', async () => {
  await expect(read([])).rejects.toThrow('line 1: text: found no input, expected one JSON object');
});

test('a line over 1 MiB is refused before it has been read whole', async () => {
  let sent = 0;
  function* endless(): Generator<Uint8Array> {
    for (;;) {
      sent += 65_536;
      yield Buffer.alloc(65_536, 0x20);
    }
  }

  await expect(read(endless())).rejects.toThrow(
    'line 1: text: found more than 1048576 bytes, expected a line of 1 MiB at most',
  );
  expect(sent).toBeLessThan(3_000_000);
});

test('a line of exactly 1 MiB is read', async () => {
  const id = 'x'.repeat(1_048_576 - '{"id":""}'.length);

  expect((await read(inPieces(`{"id":"${id}"}\n`, 65_536))).count).toBe(1);
});

test('ends when it is interrupted, also while nothing comes', async () => {
  const stop = new AbortController();
  const input = new Readable({ read: () => undefined });

  const reading = readJsonLines(input, Line, () => undefined, stop.signal);
  stop.abort();

  await expect(reading).rejects.toThrow('aborted');
});
