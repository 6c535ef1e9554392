import { columnOf, tableOf, tables } from './schema.js';
import type { Pool } from 'pg';

/** The names that the database uses at present, by table key and column key. */
export interface CurrentNames {
  readonly table: (table: string) => string;
  readonly column: (table: string, column: string) => string;
}

/** The names the company was created with. */
export const originalNames: CurrentNames = {
  table: (table) => tableOf(table).name,
  column: (table, column) => columnOf(tableOf(table), column).name,
};

/**
 * Asks the catalogue what the columns are called at present. A renamed column keeps its position, so the
 * answer is right before, during and after a migration.
 */
export async function currentNames(db: Pick<Pool, 'query'>): Promise<CurrentNames> {
  const answer = await db.query<{ table: string; column: string; position: number }>(
    `select c.relname as "table", a.attname as "column", a.attnum as "position"
       from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
        and c.relkind in ('r', 'p') and not c.relispartition
        and a.attnum > 0 and not a.attisdropped`,
  );
  const names = new Map(answer.rows.map((row) => [`${row.table}.${row.position}`, row.column]));
  return {
    table: originalNames.table,
    column: (table, column) => {
      const owner = tableOf(table);
      const position = owner.columns.indexOf(columnOf(owner, column)) + 1;
      return names.get(`${owner.name}.${position}`) ?? originalNames.column(table, column);
    },
  };
}

/** Every table's original name, in the order of the schema. */
export const tableNames: readonly string[] = tables.map((table) => table.name);
