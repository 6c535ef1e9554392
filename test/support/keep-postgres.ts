import { startTestPostgres } from './postgres.js';

/** Vitest global set-up: keeps the embedded server up from the first test file to the last. */
export async function setup(): Promise<() => Promise<void>> {
  const given = process.env['RATCHET_TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return () => Promise.resolve();
  const server = await startTestPostgres();
  return () => server.stop();
}
