import { UnavailableError } from '../domain/errors.js';
import { launchLog, type CommandContext } from './command.js';
import { findConfiguration } from './configuration.js';
import { openHouse, type House } from './house.js';
import { viewOf, type Look } from './looking.js';
import { personOf, type Person } from './person.js';

/** What a person's word goes through. */
export interface Desk {
  readonly house: House;
  readonly look: Look;
  readonly person: Person;
}

/** How long the workflow that is spoken to may take to answer. */
const ANSWER_MS = 30_000;

/** Opens the house for one word of a person, and closes it. */
export async function deciding(
  context: CommandContext,
  say: (desk: Desk) => Promise<void>,
): Promise<number> {
  const { config, signal } = context;
  const configuration = await findConfiguration(config, context.directory);
  const isEmbedded = config.databaseUrl === null;
  const person = personOf(context.shared, config, configuration?.people, isEmbedded);
  const house = await openHouse({ config, log: launchLog(context, true), signal });
  try {
    await say({ house, look: await viewOf(house, context), person });
    return 0;
  } finally {
    await house.close();
  }
}

/** A workflow answers only where a worker runs: says so instead of waiting for ever. */
export async function answered<T>(said: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const detail = `found no answer within ${String(ANSWER_MS / 1000)} s`;
      reject(
        new UnavailableError('a worker', detail, 'start one: `ratchet up` or `ratchet worker`'),
      );
    }, ANSWER_MS);
  });
  try {
    return await Promise.race([said, late]);
  } finally {
    clearTimeout(timer);
  }
}
