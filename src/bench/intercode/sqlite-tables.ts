import type { Database } from 'sql.js';
import type { RecordedTable } from '../../model/recorded/dataset.js';

const WHOLE = /^(?:tiny|small|medium|big)?int|^bool|^bit|^year/i;
const FRACTION = /^(?:double|float|decimal|numeric|real)/i;

/** The SQLite column type that behaves most like a MySQL type: MySQL compares text without case. */
export function sqliteType(mysqlType: string): string {
  if (WHOLE.test(mysqlType)) return 'INTEGER';
  if (FRACTION.test(mysqlType)) return 'REAL';
  return 'TEXT COLLATE NOCASE';
}

/** Whether MySQL compares a column of this type as text. */
export function isTextType(mysqlType: string): boolean {
  return sqliteType(mysqlType).startsWith('TEXT');
}

/** A name in quotes, whatever is in it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Creates the tables of a database and fills them. */
export function loadTables(database: Database, tables: readonly RecordedTable[]): void {
  database.run('BEGIN');
  for (const { name, columns, rows } of tables) {
    const types = columns.map((column) => `${quoteName(column.name)} ${sqliteType(column.type)}`);
    database.run(`CREATE TABLE ${quoteName(name)} (${types.join(', ')})`);
    const places = columns.map(() => '?').join(', ');
    const insert = database.prepare(`INSERT INTO ${quoteName(name)} VALUES (${places})`);
    for (const row of rows)
      insert.run(row.map((cell) => (typeof cell === 'boolean' ? Number(cell) : cell)));
    insert.free();
  }
  database.run('COMMIT');
}
