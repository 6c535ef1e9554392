import { assertReachable } from '../../model/endpoint.js';
import { openDashboard } from '../../server/dashboard.js';
import { launchLog, untilAborted, type CommandContext } from '../command.js';
import { requireConfiguration } from '../configuration.js';
import { openHouse, startHouseWorkers } from '../house.js';
import { keepMaintained } from '../maintained.js';
import { openModel } from '../model-choice.js';
import { personOf } from '../person.js';
import { withQuietTemporal } from '../temporal-logs.js';

export interface UpOptions {
  readonly port?: number;
}

/** The whole house, embedded where nothing else is named, until Ctrl-C. */
export function runUp(options: UpOptions, context: CommandContext): Promise<number> {
  return withQuietTemporal(context.config, () => up(options, context));
}

async function up(options: UpOptions, context: CommandContext): Promise<number> {
  const { config, io, signal } = context;
  const { agents, people } = await requireConfiguration(config, context.directory);
  await assertReachable(config.model, signal);
  const house = await openHouse({ config, log: launchLog(context, false), signal });
  try {
    const model = await openModel(config);
    house.onClose(() => model.close());
    const hasLocalModel = model.kind === 'simulated';
    const workers = await startHouseWorkers(house, { agents, models: model.client, hasLocalModel });
    await keepMaintained(house, agents, launchLog(context, false));
    const { actor: id, role } = personOf(
      context.shared,
      config,
      people,
      config.databaseUrl === null,
    );
    const names = agents.map((agent) => agent.id);
    const dashboard = await openDashboard({
      house,
      agents: names,
      apiToken: config.apiToken,
      port: options.port ?? config.port,
      isPortAsked: options.port !== undefined,
      actor: { id, role },
      people,
      model: model.kind,
    });
    house.onClose(() => dashboard.close());
    const document = {
      dashboard: dashboard.url,
      temporal: { address: house.temporalAddress, ui: house.temporalUi },
      agents: names,
      model: model.kind,
    };
    const text = [
      `dashboard    ${dashboard.url}`,
      `Temporal UI  ${house.temporalUi ?? 'none found'}`,
      `Temporal     ${house.temporalAddress}`,
      `agents       ${names.join(', ')}`,
      model.said,
      'Next: ratchet run --agent A --input JSON. Ctrl-C ends it.',
    ].join('\n');
    io.result(document, text);
    await Promise.race([untilAborted(signal), workers.done]);
    return 0;
  } finally {
    await house.close();
  }
}
