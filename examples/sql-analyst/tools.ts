import pg from 'pg';
import { z } from 'zod';

/** Rows that one statement may return; a question of this example never needs more. */
export const ROW_LIMIT = 50;

const TableName = z.string().regex(/^[A-Za-z_]\w{0,62}$/);

export const ListTablesInput = z.strictObject({});
export const DescribeTableInput = z.strictObject({
  table: TableName.describe('The name of one table'),
});
export const ExecuteSqlInput = z.strictObject({
  sql: z.string().min(1).max(10_000).describe('One SELECT statement, without a semicolon'),
});

/** A table as `describe_table` shows it: the comments are the only words in this database. */
export interface TableDescription {
  readonly table: string;
  readonly comment: string | null;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly comment: string | null;
  }[];
}

/** The names of all tables, in alphabetical order and without a word on what they hold. */
export async function listTables(db: pg.Pool): Promise<readonly string[]> {
  const answer = await db.query<{ name: string }>(
    `select c.relname as name from pg_class c
      where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
        and c.relkind in ('r', 'p', 'v') and not c.relispartition
      order by c.relname`,
  );
  return answer.rows.map(({ name }) => name);
}

/** Columns with types and comments. A table that is not there is an error, as Postgres words it. */
export async function describeTable(
  db: pg.Pool,
  { table }: z.infer<typeof DescribeTableInput>,
): Promise<TableDescription> {
  const answer = await db.query<{
    table_comment: string | null;
    name: string;
    type: string;
    comment: string | null;
  }>(
    `select obj_description(a.attrelid, 'pg_class') as table_comment, a.attname as name,
            format_type(a.atttypid, a.atttypmod) as type,
            col_description(a.attrelid, a.attnum) as comment
       from pg_attribute a
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
      order by a.attnum`,
    [pg.escapeIdentifier(table)],
  );
  return {
    table,
    comment: answer.rows[0]?.table_comment ?? null,
    columns: answer.rows.map(({ name, type, comment }) => ({ name, type, comment })),
  };
}

/**
 * Runs one SELECT in a read-only transaction and returns its rows as arrays, in the order of the columns
 * selected. The cursor refuses anything but one SELECT; errors are those of Postgres.
 */
export async function executeSql(
  db: pg.Pool,
  { sql }: z.infer<typeof ExecuteSqlInput>,
): Promise<{ readonly columns: readonly string[]; readonly rows: readonly unknown[][] }> {
  const client = await db.connect();
  try {
    await client.query('begin transaction read only');
    // The extended protocol takes one statement only: a second one could end the transaction.
    const declaration = {
      text: `declare answer no scroll cursor for ${sql.replace(/;\s*$/, '')}`,
      queryMode: 'extended',
    };
    await client.query(declaration);
    const answer = await client.query<unknown[]>({
      text: `fetch ${String(ROW_LIMIT)} from answer`,
      rowMode: 'array',
    });
    return { columns: answer.fields.map(({ name }) => name), rows: answer.rows };
  } finally {
    await client.query('rollback');
    client.release();
  }
}
