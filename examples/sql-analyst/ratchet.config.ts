import { defineConfig } from 'ratchet';
import { ensureCompany, openCompany } from './company/create.js';
import { sqlAnalyst } from './agent.js';

const connectionString = process.env['SQL_ANALYST_DATABASE_URL'] ?? process.env['DATABASE_URL'];

/** The company lives in the namespace `garden` of the database named by the environment. */
export default defineConfig({
  agents: [
    sqlAnalyst({
      resources: async () => {
        if (connectionString === undefined) {
          throw new Error(
            'Found no DATABASE_URL; set it to a Postgres where a schema may be created',
          );
        }
        const place = { connectionString, namespace: 'garden' };
        await ensureCompany(place);
        return { db: openCompany(place) };
      },
    }),
  ],
});
