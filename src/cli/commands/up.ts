import { assertReachable } from '../../model/endpoint.js';
import { launchLog, untilAborted, type CommandContext } from '../command.js';
import { requireConfiguration } from '../configuration.js';
import { addressesOf, openHouseDashboard } from '../house-dashboard.js';
import { openHouse, startHouseWorkers } from '../house.js';
import { keepMaintained } from '../maintained.js';
import { openModel } from '../model-choice.js';
import { withQuietTemporal } from '../temporal-logs.js';

export interface UpOptions {
  readonly port?: number;
}

/** The whole house, embedded where nothing else is named, until Ctrl-C. */
export function runUp(options: UpOptions, context: CommandContext): Promise<number> {
  return withQuietTemporal(context.config, () => up(options, context));
}

async function up({ port }: UpOptions, context: CommandContext): Promise<number> {
  const { config, io, signal } = context;
  const { agents, people } = await requireConfiguration(config, context.directory);
  await assertReachable(config.model, signal);
  const house = await openHouse({ config, log: launchLog(context, false), signal });
  try {
    const model = await openModel(config);
    house.onClose(() => model.close());
    const hasLocalModel = model.kind === 'simulated';
    const workers = await startHouseWorkers(house, {
      agents,
      models: model.client,
      hasLocalModel,
      log: io.note,
    });
    await keepMaintained(house, agents, launchLog(context, false));
    const told = { agents: agents.map(({ id }) => id), model: model.kind };
    const dashboard = await openHouseDashboard(house, context, { ...told, port, people });
    const { document, lines } = addressesOf(house, dashboard, told);
    const next = `Next: ratchet run --agent ${agents[0]?.id ?? 'A'} --input JSON --wait. Ctrl-C ends it.`;
    io.result(document, [...lines, model.said, next].join('\n'));
    await Promise.race([untilAborted(signal), workers.done]);
    return 0;
  } finally {
    await house.close();
  }
}
