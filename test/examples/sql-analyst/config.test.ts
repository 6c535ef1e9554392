import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the SQL of the model never falls back to the database of Ratchet', async () => {
  vi.stubEnv('DATABASE_URL', 'postgres://ratchet@127.0.0.1:1/ratchet');
  vi.stubEnv('SQL_ANALYST_DATABASE_URL', undefined);
  const { default: config } = await import('../../../examples/sql-analyst/ratchet.config.js');

  await expect(config.agents[0]?.resources()).rejects.toThrow('Found no SQL_ANALYST_DATABASE_URL');
});
