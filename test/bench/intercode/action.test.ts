import { expect, test } from 'vitest';
import { isCut, readAction, withoutCutMark } from '../../../src/bench/intercode/action.js';

test('takes SQL out of ReAct actions and of fences', () => {
  const select = { kind: 'sql', sql: 'SELECT a[1] FROM t' };

  expect(readAction('SELECT a[1] FROM t')).toEqual(select);
  expect(readAction('execute[SELECT a[1] FROM t]')).toEqual(select);
  expect(readAction('```sql\nSELECT a[1] FROM t\n```')).toEqual(select);
  expect(readAction('Here it is:\n```SQL\nSELECT a[1] FROM t\n```\nDone.')).toEqual(select);
});

test('tells the end of a ReAct run and prose from SQL', () => {
  expect(readAction('submit')).toEqual({ kind: 'submit' });
  expect(readAction('I cannot answer; select another question.')).toEqual({ kind: 'prose' });
});

test('knows texts that were cut and takes the mark off', () => {
  expect(isCut('[(1,), (2…[+31 chars]')).toBe(true);
  expect(isCut('[(1,)]')).toBe(false);
  expect(withoutCutMark('[(1,), (2…[+31 chars]')).toBe('[(1,), (2');
});
