import type { Pool, PoolClient } from 'pg';

import { APP_ROLE, DIRECTORY_ROLE, ERASER_ROLE, asOwner } from './transaction.js';

/**
 * The schema as text, from the catalog: tables with columns, constraints, indexes, policies and grants,
 * then functions, each in alphabetical order. Equal schemas are equal text; `schema.sql` is this of the
 * newest migration, for people to review. It documents and is not meant to be run.
 */
export async function dumpSchema(pool: Pool): Promise<string> {
  return asOwner(pool, async (client) => {
    // What the catalog prints is qualified by what is not on the path.
    await client.query(`set local search_path = public`);
    const tables = await lines(
      client,
      `select c.relname as line from pg_class c
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by c.relname`,
      [],
    );
    const parts: string[] = [];
    for (const table of tables) parts.push(await dumpTable(client, table));
    const functions = await lines(
      client,
      `select pg_get_functiondef(p.oid) as line from pg_proc p
       where p.pronamespace = 'public'::regnamespace
         and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
       order by p.proname`,
      [],
    );
    return `${[...parts, ...functions.map((text) => `${text.trimEnd()};`)].join('\n\n')}\n`;
  });
}

async function dumpTable(client: PoolClient, table: string): Promise<string> {
  const columns = await lines(
    client,
    `select '  ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || case when a.attnotnull then ' not null' else '' end
       || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as line
     from pg_attribute a
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [table],
  );
  const constraints = await lines(
    client,
    `select '  constraint ' || conname || ' ' || pg_get_constraintdef(oid) as line from pg_constraint
     where conrelid = $1::regclass and contype in ('p', 'u', 'f', 'c')
     order by array_position(array['p', 'u', 'f', 'c'], contype::text), conname`,
    [table],
  );
  const indexes = await lines(
    client,
    `select pg_get_indexdef(i.indexrelid) || ';' as line
     from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = $1::regclass
       and not exists (select from pg_constraint where conindid = i.indexrelid and contype in ('p', 'u'))
     order by c.relname`,
    [table],
  );
  const security = await lines(
    client,
    `select case when relrowsecurity and relforcerowsecurity
         then 'row level security enabled and forced on ' || relname || ';'
         else 'no row level security on ' || relname || ';' end as line
     from pg_class where oid = $1::regclass`,
    [table],
  );
  const policies = await lines(
    client,
    `select 'policy ' || policyname || ' on ' || tablename || ' for ' || lower(cmd) || ' to '
       || array_to_string(roles, ', ') || ' using ' || qual
       || coalesce(' with check ' || with_check, '') || ';' as line
     from pg_policies where schemaname = 'public' and tablename = $1 order by policyname`,
    [table],
  );
  const grants = await lines(
    client,
    `select 'grant ' || string_agg(lower(privilege), ', ' order by privilege) || ' on ' || $1 || ' to '
       || role || ';' as line
     from (
       select grantee as role, privilege_type as privilege from information_schema.role_table_grants
       where table_schema = 'public' and table_name = $1 and grantee = any($2)
       union
       select c.grantee, c.privilege_type || ' (' || string_agg(c.column_name, ', ' order by c.column_name) || ')'
       from information_schema.role_column_grants c
       where c.table_schema = 'public' and c.table_name = $1 and c.grantee = any($2)
         and not exists (
           select from information_schema.role_table_grants t
           where t.table_schema = 'public' and t.table_name = $1 and t.grantee = c.grantee
             and t.privilege_type = c.privilege_type
         )
       group by c.grantee, c.privilege_type
     ) granted
     group by role order by role`,
    [table, [APP_ROLE, DIRECTORY_ROLE, ERASER_ROLE]],
  );
  const body = [...columns, ...constraints].join(',\n');
  const after = [...indexes, ...security, ...policies, ...grants];
  return [`create table ${table} (\n${body}\n);`, ...after].join('\n');
}

async function lines(
  client: PoolClient,
  sql: string,
  values: readonly unknown[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ readonly line: string }>(sql, [...values]);
  return rows.map((row) => row.line);
}
