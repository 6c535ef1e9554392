import { columnOf, tableOf } from './schema.js';
import type { Pool } from 'pg';

/** What the migration renames: table key, column key and the new name. Comments stay as they are. */
const renames: readonly (readonly [table: string, column: string, name: string])[] = [
  ['orders', 'number', 'ord_a1'],
  ['orders', 'date', 'ord_a3'],
  ['orders', 'status', 'ord_a4'],
  ['orders', 'value', 'ord_a5'],
  ['orders', 'channel', 'ord_a6'],
  ['invoices', 'order', 'inv_e2'],
  ['invoices', 'issued', 'inv_e3'],
  ['invoices', 'amount', 'inv_e4'],
  ['invoices', 'state', 'inv_e5'],
  ['customers', 'name', 'cus_g2'],
  ['customers', 'city', 'cus_g3'],
  ['customers', 'segment', 'cus_g4'],
  ['customers', 'limit', 'cus_g5'],
  ['customers', 'since', 'cus_g6'],
  ['employees', 'number', 'emp_b1'],
  ['employees', 'name', 'emp_b2'],
  ['employees', 'title', 'emp_b4'],
  ['employees', 'salary', 'emp_b5'],
  ['employees', 'hired', 'emp_b6'],
  ['exams', 'employee', 'exm_f2'],
  ['exams', 'score', 'exm_f4'],
  ['exams', 'result', 'exm_f5'],
  ['exams', 'date', 'exm_f6'],
  ['departments', 'name', 'dep_h2'],
  ['departments', 'budget', 'dep_h3'],
  ['departments', 'floor', 'dep_h4'],
  ['departments', 'site', 'dep_h5'],
  ['departments', 'seats', 'dep_h6'],
  ['products', 'number', 'prd_c1'],
  ['products', 'name', 'prd_c2'],
  ['products', 'category', 'prd_c3'],
  ['products', 'price', 'prd_c4'],
  ['products', 'weight', 'prd_c5'],
  ['deliveries', 'supplier', 'dlv_d2'],
  ['deliveries', 'pieces', 'dlv_d4'],
  ['deliveries', 'cost', 'dlv_d5'],
  ['deliveries', 'arrived', 'dlv_d6'],
  ['warehouses', 'name', 'whs_i2'],
  ['warehouses', 'town', 'whs_i3'],
  ['warehouses', 'capacity', 'whs_i4'],
  ['warehouses', 'climate', 'whs_i5'],
  ['warehouses', 'gates', 'whs_i6'],
];

/** The tables whose notes go stale. */
export const migratedTables: readonly string[] = [
  ...new Set(renames.map(([table]) => tableOf(table).name)),
];

/** The migration as SQL, in one transaction. */
const migrationSql: string = [
  'begin;',
  ...renames.map(([table, column, name]) => {
    const owner = tableOf(table);
    return `alter table ${owner.name} rename column ${columnOf(owner, column).name} to ${name};`;
  }),
  'commit;',
].join('\n');

/** Renames columns of nine tables, three in each area, once. A second call fails: the old names are gone. */
export async function migrateCompany(db: Pick<Pool, 'query'>): Promise<void> {
  await db.query(migrationSql);
}
