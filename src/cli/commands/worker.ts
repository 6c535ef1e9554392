import { launchLog, untilAborted, type CommandContext } from '../command.js';
import { requireConfiguration } from '../configuration.js';
import { openHouse, startHouseWorkers } from '../house.js';
import { keepMaintained } from '../maintained.js';
import { openModel } from '../model-choice.js';
import { withQuietTemporal } from '../temporal-logs.js';

export interface WorkerOptions {
  readonly only?: 'live' | 'shadow';
}

/** Workers alone, against `TEMPORAL_ADDRESS` and `DATABASE_URL` where they are set, until Ctrl-C. */
export function runWorker(options: WorkerOptions, context: CommandContext): Promise<number> {
  return withQuietTemporal(context.config, () => work(options, context));
}

async function work(options: WorkerOptions, context: CommandContext): Promise<number> {
  const { config, io, signal } = context;
  const { agents } = await requireConfiguration(config, context.directory);
  const house = await openHouse({ config, log: launchLog(context, false), signal });
  try {
    const model = await openModel(config);
    house.onClose(() => model.close());
    io.note(model.said);
    const workers = await startHouseWorkers(house, {
      agents,
      models: model.client,
      hasLocalModel: model.kind === 'simulated',
      log: io.note,
      ...(options.only === undefined ? {} : { only: options.only }),
    });
    if (options.only !== 'shadow') {
      await keepMaintained(house, agents, launchLog(context, false));
    }
    const queues = [
      ...(options.only === 'shadow' ? [] : [house.taskQueue]),
      ...(options.only === 'live' ? [] : [`${house.taskQueue}-shadow`]),
    ];
    const document = {
      queues,
      temporal: house.temporalAddress,
      agents: agents.map(({ id }) => id),
    };
    io.result(document, `working on ${queues.join(' and ')} at ${house.temporalAddress}`);
    await Promise.race([untilAborted(signal), workers.done]);
    return 0;
  } finally {
    await house.close();
  }
}
