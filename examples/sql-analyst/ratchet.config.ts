import { defineConfig } from 'ratchet';
import { ensureCompany, openCompany } from './company/create.js';
import { sqlAnalyst } from './agent.js';

const connectionString = process.env['SQL_ANALYST_DATABASE_URL'];

/**
 * The company lives in the namespace `garden` of the database named by the environment. It is never Ratchet's own:
 * the model writes the SQL that runs there, and its role must not read what Ratchet has stored.
 */
export default defineConfig({
  agents: [
    sqlAnalyst({
      resources: async () => {
        if (connectionString === undefined) {
          throw new Error(
            'Found no SQL_ANALYST_DATABASE_URL; set it to a Postgres database of its own, where a schema may be created',
          );
        }
        const place = { connectionString, namespace: 'garden' };
        await ensureCompany(place);
        return { db: openCompany(place) };
      },
    }),
  ],
});
