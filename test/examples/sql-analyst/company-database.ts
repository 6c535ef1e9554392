import { createCompany, openCompany } from '../../../examples/sql-analyst/company/create.js';
import { emptyDatabase } from '../../support/postgres.js';
import type pg from 'pg';

/** A database of its own in which copies of the company can be made. */
export interface CompanyDatabase {
  readonly url: string;
  /** A fresh copy under this name. */
  readonly copy: (namespace: string) => Promise<pg.Pool>;
  readonly stop: () => Promise<void>;
}

export async function startCompanyDatabase(): Promise<CompanyDatabase> {
  const { url, drop } = await emptyDatabase();
  const pools: pg.Pool[] = [];
  return {
    url,
    copy: async (namespace) => {
      const place = { connectionString: url, namespace };
      await createCompany(place);
      const pool = openCompany(place);
      pools.push(pool);
      return pool;
    },
    stop: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
      await drop();
    },
  };
}
