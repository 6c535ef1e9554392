import { createAgentRegistry } from '../../activities/agent-registry.js';
import { createReflectionActivities } from '../../activities/reflection-activities.js';
import { agentId, tenantId } from '../../contracts/ids.js';
import { createQueries } from '../../store/queries.js';
import { launchLog, type CommandContext } from '../command.js';
import { agentNamed, requireConfiguration } from '../configuration.js';
import { openHouse } from '../house.js';
import { reflectOnImports } from '../import/reflect-imports.js';
import { openModel } from '../model-choice.js';
import { withQuietTemporal } from '../temporal-logs.js';

export interface ReflectOptions {
  readonly agent: string;
}

/** Mines the imported episodes of an agent, and tells its learner what was found. */
export function runReflect(options: ReflectOptions, context: CommandContext): Promise<number> {
  return withQuietTemporal(context.config, () => reflect(options, context));
}

async function reflect({ agent: name }: ReflectOptions, context: CommandContext): Promise<number> {
  const { config, io, signal, shared, directory } = context;
  const configuration = await requireConfiguration(config, directory);
  const { id } = agentNamed(configuration, name);
  const house = await openHouse({ config, log: launchLog(context, true), signal });
  try {
    const model = await openModel(config);
    house.onClose(() => model.close());
    const scope = { tenant: tenantId(shared.tenant ?? config.tenant), agent: agentId(id) };
    const { store, messenger, pool } = house;
    const agents = createAgentRegistry(configuration.agents);
    const reflection = createReflectionActivities({
      store,
      agents,
      messenger,
      models: model.client,
    });
    const progress = io.progress(0);
    const mined = await reflectOnImports(
      scope,
      { queries: createQueries(pool), reflection },
      progress,
      signal,
    );
    progress.end();
    if (mined.proposed > 0) await messenger.wakeLearner(scope);
    const refused = Object.entries(mined.refused).map(([code, n]) => `${code} ${String(n)}`);
    io.result(
      { ...scope, ...mined },
      [
        `${String(mined.read)} imported episodes of ${id} mined, ${String(mined.proposed)} proposals for the learner`,
        ...(refused.length === 0 ? [] : [`refused: ${refused.join(', ')}`]),
      ].join('\n'),
    );
    return 0;
  } finally {
    await house.close();
  }
}
