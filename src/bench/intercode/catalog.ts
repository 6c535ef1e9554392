import type { Database } from 'sql.js';
import type { RecordedTable } from '../../model/recorded/dataset.js';
import type { ReprRow } from './python-repr.js';
import type { Token } from './sql-tokens.js';

/** What the server says of its own tables. `undefined`: the statement asks for something else. */
export type CatalogAnswer =
  | { readonly ok: true; readonly rows: readonly ReprRow[] }
  | { readonly ok: false; readonly message: string }
  | undefined;

/** Answers SHOW TABLES, SHOW COLUMNS FROM, DESC and DESCRIBE like MySQL. */
export function answerFromCatalog(
  tokens: readonly Token[],
  databaseName: string,
  tables: readonly RecordedTable[],
): CatalogAnswer {
  const [first, second, third, fourth] = tokens;
  if (first?.key === 'SHOW') {
    if (second?.key === 'TABLES' || (second?.key === 'FULL' && third?.key === 'TABLES')) {
      return { ok: true, rows: tables.map(({ name }) => [name.toLowerCase()]).sort() };
    }
    if (second?.key === 'DATABASES') return { ok: true, rows: [[databaseName]] };
    const isColumns = second?.key === 'COLUMNS' || second?.key === 'FIELDS';
    if (isColumns && (third?.key === 'FROM' || third?.key === 'IN')) {
      return describe(fourth?.text ?? '', databaseName, tables);
    }
    return undefined;
  }
  if (first?.key !== 'DESC' && first?.key !== 'DESCRIBE' && first?.key !== 'EXPLAIN')
    return undefined;
  if (second?.key === 'SELECT') return undefined;
  // `DESC shop.customers` names the database too.
  const name = third?.key === '.' ? fourth?.text : second?.text;
  return describe(name ?? '', databaseName, tables);
}

function describe(
  name: string,
  databaseName: string,
  tables: readonly RecordedTable[],
): CatalogAnswer {
  const table = tables.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (table === undefined) {
    return { ok: false, message: `Table '${databaseName}.${name}' doesn't exist` };
  }
  return {
    ok: true,
    rows: table.columns.map((column) => {
      const isKey = table.primaryKey.some((key) => key.toLowerCase() === column.name.toLowerCase());
      return [column.name, column.type, isKey ? 'NO' : 'YES', isKey ? 'PRI' : '', null, ''];
    }),
  };
}

/** Builds `information_schema.tables` and `.columns` beside the tables themselves. */
export function attachInformationSchema(
  database: Database,
  databaseName: string,
  tables: readonly RecordedTable[],
): void {
  database.run("ATTACH ':memory:' AS information_schema");
  database.run(
    'CREATE TABLE information_schema.tables (TABLE_CATALOG TEXT, TABLE_SCHEMA TEXT COLLATE NOCASE, ' +
      'TABLE_NAME TEXT COLLATE NOCASE, TABLE_TYPE TEXT COLLATE NOCASE, TABLE_ROWS INTEGER)',
  );
  database.run(
    'CREATE TABLE information_schema.columns (TABLE_CATALOG TEXT, TABLE_SCHEMA TEXT COLLATE NOCASE, ' +
      'TABLE_NAME TEXT COLLATE NOCASE, COLUMN_NAME TEXT COLLATE NOCASE, ORDINAL_POSITION INTEGER, ' +
      'IS_NULLABLE TEXT COLLATE NOCASE, DATA_TYPE TEXT COLLATE NOCASE, COLUMN_TYPE TEXT COLLATE NOCASE, ' +
      'COLUMN_KEY TEXT COLLATE NOCASE)',
  );
  for (const { name, columns, primaryKey, rows } of tables) {
    const table = name.toLowerCase();
    database.run('INSERT INTO information_schema.tables VALUES (?, ?, ?, ?, ?)', [
      'def',
      databaseName,
      table,
      'BASE TABLE',
      rows.length,
    ]);
    columns.forEach((column, at) => {
      const isKey = primaryKey.includes(column.name);
      database.run('INSERT INTO information_schema.columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', [
        'def',
        databaseName,
        table,
        column.name,
        at + 1,
        isKey ? 'NO' : 'YES',
        column.type.replace(/\(.*/, ''),
        column.type,
        isKey ? 'PRI' : '',
      ]);
    });
  }
}
