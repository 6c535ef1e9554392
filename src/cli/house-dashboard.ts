import type { Config } from '../config.js';
import type { Actor, Role } from '../domain/feedback.js';
import { openDashboard, type Dashboard, type DashboardOptions } from '../server/dashboard.js';
import { launchLog, type CommandContext } from './command.js';
import type { House } from './house.js';
import { personOf } from './person.js';

export interface HouseDashboard extends Pick<
  DashboardOptions,
  'agents' | 'host' | 'isPortAsked' | 'model' | 'people'
> {
  /** That of the configuration unless told. */
  readonly port: number | undefined;
}

/** The dashboard and API of this house, in the name of whoever started it; it closes with the house. */
export async function openHouseDashboard(
  house: House,
  context: Pick<CommandContext, 'config' | 'io' | 'shared'>,
  options: HouseDashboard,
): Promise<Dashboard> {
  const { config } = context;
  const { port, isPortAsked = port !== undefined, people } = options;
  const dashboard = await openDashboard({
    ...options,
    house,
    port: port ?? config.port,
    isPortAsked,
    apiToken: config.apiToken,
    actor: ownerOf(context.shared, config, people),
    log: launchLog(context, false),
  });
  house.onClose(() => dashboard.close());
  return dashboard;
}

function ownerOf(
  shared: CommandContext['shared'],
  config: Config,
  people: Readonly<Record<string, Role>> | undefined,
): Actor {
  const { actor, role } = personOf(shared, config, people, config.databaseUrl === null);
  return { id: actor, role };
}

/** Where things are, for programs and for people. */
export function addressesOf(
  house: House,
  dashboard: Dashboard,
  { agents, model }: { readonly agents: readonly string[]; readonly model: string },
) {
  const document = {
    dashboard: dashboard.url,
    temporal: { address: house.temporalAddress, ui: house.temporalUi },
    agents,
    model,
  };
  const lines = [
    `dashboard    ${dashboard.url}`,
    `Temporal UI  ${house.temporalUi ?? 'none found'}`,
    `Temporal     ${house.temporalAddress}`,
    `agents       ${agents.join(', ')}`,
  ];
  return { document, lines };
}
