import { Client, Connection } from '@temporalio/client';

import { UnavailableError } from '../domain/errors.js';

/** Connects to Temporal, or says plainly that it does not answer. */
export async function connectTemporal(address: string, namespace: string): Promise<Client> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '10s' });
    return new Client({ connection, namespace });
  } catch (error) {
    throw new UnavailableError(
      'Temporal',
      `${address}, ${error instanceof Error ? error.message : String(error)}`,
      'start it with `ratchet up`, or set TEMPORAL_ADDRESS to one that runs',
      { cause: error },
    );
  }
}
