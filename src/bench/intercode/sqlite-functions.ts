import type { Database, SqlValue } from 'sql.js';

/** Functions that MySQL has and SQLite has not, or that mean something else there. */
export function addMysqlFunctions(database: Database): void {
  const add = (name: string, body: (...args: SqlValue[]) => SqlValue): void => {
    database.create_function(name, body);
  };
  // sql.js takes the number of arguments from the function's length, which a rest argument leaves 0.
  add('left', (text: SqlValue, length: SqlValue) => cutText(text, 0, Number(length)));
  add('right', (text: SqlValue, length: SqlValue) =>
    text === null ? null : textOf(text).slice(-Number(length)),
  );
  add('version', () => '8.0.0');
  add('year', (date: SqlValue) => datePart(date, 1));
  add('month', (date: SqlValue) => datePart(date, 2));
  add('day', (date: SqlValue) => datePart(date, 3));
  add('char_length', (text: SqlValue) => (text === null ? null : Array.from(textOf(text)).length));
  add('substring_index', substringIndex);
  add('locate', (part: SqlValue, text: SqlValue) =>
    part === null || text === null
      ? null
      : textOf(text).toLowerCase().indexOf(textOf(part).toLowerCase()) + 1,
  );
  add('regexp', (pattern: SqlValue, text: SqlValue) =>
    pattern === null || text === null
      ? null
      : Number(new RegExp(textOf(pattern), 'i').test(textOf(text))),
  );
}

function textOf(value: SqlValue): string {
  if (value === null) return '';
  return typeof value === 'object' ? Buffer.from(value).toString('utf8') : String(value);
}

function cutText(text: SqlValue, from: number, to: number): SqlValue {
  return text === null ? null : textOf(text).slice(from, Math.max(from, to));
}

function datePart(date: SqlValue, part: 1 | 2 | 3): SqlValue {
  const found = /^(\d{4})-(\d{2})-(\d{2})/.exec(textOf(date))?.[part];
  return found === undefined ? null : Number(found);
}

function substringIndex(text: SqlValue, separator: SqlValue, count: SqlValue): SqlValue {
  if (text === null || separator === null) return null;
  const parts = textOf(text).split(textOf(separator));
  const many = Number(count);
  const kept = many >= 0 ? parts.slice(0, many) : parts.slice(many);
  return kept.join(textOf(separator));
}
