import { assertGuarded } from '../../server/dashboard.js';
import { launchLog, untilAborted, type CommandContext } from '../command.js';
import { requireConfiguration } from '../configuration.js';
import { addressesOf, openHouseDashboard } from '../house-dashboard.js';
import { openHouse } from '../house.js';
import { kindOfModel } from '../model-choice.js';

export interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
}

/** API and dashboard alone, against the servers of `up` and `worker`, until Ctrl-C or SIGTERM. */
export async function runServe(
  { host, port }: ServeOptions,
  context: CommandContext,
): Promise<number> {
  const { config, io, signal } = context;
  if (host !== undefined) assertGuarded(host, config.apiToken);
  const { agents, people } = await requireConfiguration(config, context.directory);
  const house = await openHouse({ config, log: launchLog(context, false), signal });
  try {
    const told = { agents: agents.map(({ id }) => id), model: kindOfModel(config) };
    const dashboard = await openHouseDashboard(house, context, {
      ...told,
      port,
      // A service is looked for where it is said to be, never at a free port instead.
      isPortAsked: true,
      people,
      ...(host === undefined ? {} : { host }),
    });
    const { document, lines } = addressesOf(house, dashboard, told);
    const next = 'Tasks need workers: `ratchet worker`. Ctrl-C ends it.';
    io.result(document, [...lines, next].join('\n'));
    await untilAborted(signal);
    return 0;
  } finally {
    await house.close();
  }
}
