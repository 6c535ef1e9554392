import initSqlJs, { type Database, type SqlJsStatic, type SqlValue } from 'sql.js';
import type { RecordedTable } from '../../model/recorded/dataset.js';
import { answerFromCatalog, attachInformationSchema } from './catalog.js';
import { toSqlite, type ColumnTypes } from './mysql-to-sqlite.js';
import { refusalOf } from './mysql-refusals.js';
import type { ReprRow, ReprValue } from './python-repr.js';
import { addMysqlFunctions } from './sqlite-functions.js';
import { isTextType, loadTables } from './sqlite-tables.js';
import { tokenize, type Token } from './sql-tokens.js';

const SQLITE_TABLES: ReadonlySet<string> = new Set(['SQLITE_MASTER', 'SQLITE_SCHEMA']);

export type SqlAnswer =
  | { readonly ok: true; readonly rows: readonly ReprRow[] }
  | { readonly ok: false; readonly message: string };

/** The databases of the recording, really there, answering MySQL statements. */
export interface SqlEngine {
  readonly run: (databaseName: string, sql: string) => SqlAnswer;
  readonly close: () => void;
}

/** Builds the databases in memory. They are read only: whatever is no question is refused. */
export async function openSqlEngine(
  databases: ReadonlyMap<string, readonly RecordedTable[]>,
): Promise<SqlEngine> {
  const sqlite = await initSqlJs();
  const open = new Map<string, OpenDatabase>();
  return {
    run: (databaseName, sql) => {
      const tables = databases.get(databaseName);
      if (tables === undefined) return refused(`Unknown database '${databaseName}'`);
      let database = open.get(databaseName);
      if (database === undefined) {
        database = openDatabase(sqlite, databaseName, tables);
        open.set(databaseName, database);
      }
      return answer(database, sql);
    },
    close: () => {
      for (const { sqlite: database } of open.values()) database.close();
      open.clear();
    },
  };
}

interface OpenDatabase {
  readonly sqlite: Database;
  readonly tables: readonly RecordedTable[];
  readonly types: ColumnTypes;
}

function openDatabase(
  sqlite: SqlJsStatic,
  databaseName: string,
  tables: readonly RecordedTable[],
): OpenDatabase {
  const database = new sqlite.Database();
  addMysqlFunctions(database);
  loadTables(database, tables);
  attachInformationSchema(database, databaseName, tables);
  const columns = tables.flatMap((table) => table.columns);
  const isText = (name: string): boolean =>
    columns.every((each) => each.name.toLowerCase() !== name || isTextType(each.type));
  const names = columns.map(({ name }) => name.toLowerCase());
  return {
    sqlite: database,
    tables,
    types: { databaseName, textColumns: new Set(names.filter(isText)) },
  };
}

function answer({ sqlite, tables, types }: OpenDatabase, sql: string): SqlAnswer {
  const tokens = withoutTrailingSemicolon(tokenize(sql) ?? []);
  if (tokens.length === 0) return refused('You have an error in your SQL syntax');
  const fromCatalog = answerFromCatalog(tokens, types.databaseName, tables);
  if (fromCatalog !== undefined) return fromCatalog;
  const first = tokens.find(({ key }) => key !== '(')?.key;
  if (first !== 'SELECT' && first !== 'WITH') return refused('only questions are answered here');
  if (tokens.some(({ key }) => SQLITE_TABLES.has(key))) {
    return refused(`Table '${types.databaseName}.sqlite_master' doesn't exist`);
  }
  const refusal = refusalOf(tokens, tables);
  if (refusal !== undefined) return refused(refusal);
  return query(sqlite, toSqlite(tokens, types));
}

function query(sqlite: Database, sql: string): SqlAnswer {
  try {
    const statement = sqlite.prepare(sql);
    try {
      const rows: ReprRow[] = [];
      while (statement.step()) rows.push(statement.get().map(plain));
      return { ok: true, rows };
    } finally {
      statement.free();
    }
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
}

function plain(value: SqlValue): ReprValue {
  return typeof value === 'object' && value !== null ? Buffer.from(value).toString('utf8') : value;
}

function withoutTrailingSemicolon(tokens: readonly Token[]): readonly Token[] {
  const end = tokens.findIndex(({ key }) => key === ';');
  return end === -1 ? tokens : tokens.slice(0, end);
}

function refused(message: string): SqlAnswer {
  return { ok: false, message };
}
