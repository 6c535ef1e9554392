import pg from 'pg';
import { rows } from './rows.js';
import { tableOf, tables } from './schema.js';
import type { Content, Table } from './table.js';
import type { Row, Value } from './rows.js';

const PARTITIONS = 2;

/** Where a copy of the company lives. The namespace is a Postgres schema of its own. */
export interface CompanyPlace {
  readonly connectionString: string;
  readonly namespace: string;
}

/** A pool whose unqualified names mean the tables of this copy. The caller ends it. */
export function openCompany({ connectionString, namespace }: CompanyPlace, max = 8): pg.Pool {
  // Blanks and backslashes separate and escape options on the way to the server.
  const searchPath = pg.escapeIdentifier(namespace).replace(/[\\ ]/g, String.raw`\$&`);
  const pool = new pg.Pool({
    connectionString,
    max,
    allowExitOnIdle: true,
    options: `-c search_path=${searchPath} -c statement_timeout=5000`,
  });
  // The pool drops an idle connection that broke and opens another one when it is needed.
  pool.on('error', () => undefined);
  return pool;
}

/** Creates the namespace with all tables, comments and rows; fails when it is there already. */
export async function createCompany(place: CompanyPlace): Promise<void> {
  const client = new pg.Client({ connectionString: place.connectionString });
  await client.connect();
  try {
    await client.query(companySql(place.namespace));
  } finally {
    await client.end();
  }
}

/** Creates the company where the namespace is not there yet; leaves an existing one as it is. */
export async function ensureCompany(place: CompanyPlace): Promise<void> {
  const client = new pg.Client({ connectionString: place.connectionString });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_namespace where nspname = $1', [
      place.namespace,
    ]);
    if (found.rowCount === 0) await client.query(companySql(place.namespace));
  } finally {
    await client.end();
  }
}

/** The whole company as one SQL script, in one transaction. */
function companySql(namespace: string): string {
  const schema = pg.escapeIdentifier(namespace);
  const ordered = [...tables].sort((left, right) => depthOf(left) - depthOf(right));
  return [
    'begin;',
    `create schema ${schema};`,
    `set local search_path = ${schema};`,
    ...ordered.flatMap(createTable),
    ...ordered.map(insertRows),
    'commit;',
  ].join('\n');
}

/** How far a table is from one that refers to nothing: the order in which tables can be created. */
function depthOf(table: Table): number {
  const depths = table.columns.flatMap(({ content }) =>
    content.kind === 'refers' ? [1 + depthOf(tableOf(content.table))] : [],
  );
  return Math.max(0, ...depths);
}

function createTable(table: Table): readonly string[] {
  const key = table.columns[0]?.name ?? '';
  const columns = table.columns.map(({ name, content }) => `  ${name} ${typeOf(content)}`);
  const partitions = Array.from(
    { length: table.partitioned ? PARTITIONS : 0 },
    (_, at) =>
      `create table ${table.name}_p${String(at)} partition of ${table.name} for values with (modulus ${String(PARTITIONS)}, remainder ${String(at)});`,
  );
  return [
    `create table ${table.name} (\n${columns.join(',\n')}\n)${table.partitioned ? ` partition by hash (${key})` : ''};`,
    ...partitions,
    `comment on table ${table.name} is ${pg.escapeLiteral(table.comment)};`,
    ...table.columns.map(
      ({ name, comment }) =>
        `comment on column ${table.name}.${name} is ${pg.escapeLiteral(comment)};`,
    ),
  ];
}

function typeOf(content: Content): string {
  switch (content.kind) {
    case 'id':
      return 'integer primary key';
    case 'refers': {
      const owner = tableOf(content.table);
      return `integer not null references ${owner.name} (${owner.columns[0]?.name ?? ''})`;
    }
    case 'label':
    case 'category':
      return 'text not null';
    case 'measure':
      return Number.isInteger(content.step) ? 'integer not null' : 'numeric(10,2) not null';
    case 'date':
      return 'date not null';
  }
}

function insertRows(table: Table): string {
  const values = (rows.get(table.key) ?? []).map((row: Row) => `(${row.map(literal).join(', ')})`);
  return `insert into ${table.name} values\n${values.join(',\n')};`;
}

function literal(value: Value): string {
  return typeof value === 'number' ? String(value) : pg.escapeLiteral(value);
}
