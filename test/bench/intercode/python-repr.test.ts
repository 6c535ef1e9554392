import { expect, test } from 'vitest';
import { parseRows } from '../../../src/bench/intercode/python-repr.js';

test('reads numbers, text, nothing and decimals', () => {
  const text = `[(1, -2.5, 'a\\'b', "it's", None), (Decimal('3.1400'), True, 'x\\n\\xe9', '', 1e-05)]`;

  expect(parseRows(text)).toEqual({
    rows: [
      [1, -2.5, "a'b", "it's", null],
      [3.14, 1, 'x\né', '', 0.00001],
    ],
    complete: true,
  });
});

test('keeps dates as what stands in their brackets', () => {
  expect(parseRows('[(datetime.datetime(2018, 3, 1, 0, 0),)]')?.rows).toEqual([
    [{ date: '2018, 3, 1, 0, 0' }],
  ]);
});

test('reads an empty list', () => {
  expect(parseRows('[]')).toEqual({ rows: [], complete: true });
});

test('gives the rows that were complete where the text was cut', () => {
  expect(parseRows("[('a', 1), ('b', 2), ('c")).toEqual({
    rows: [
      ['a', 1],
      ['b', 2],
    ],
    complete: false,
  });
  expect(parseRows("[('a', 'very lo")).toEqual({ rows: [], complete: false });
});

test('reads nothing into an error', () => {
  expect(parseRows("Error executing query: Table 'a.b' doesn't exist")).toBeUndefined();
  expect(parseRows('[no list of tuples]')).toBeUndefined();
});
