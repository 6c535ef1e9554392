import { createAgentRegistry } from '../../activities/agent-registry.js';
import { createReflectionActivities } from '../../activities/reflection-activities.js';
import type { Messenger } from '../../activities/messenger.js';
import type { Store } from '../../activities/store.js';
import { agentId, tenantId } from '../../contracts/ids.js';
import type { Scope } from '../../domain/ids.js';
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
    const waiting = await wakeForWaiting(scope, { store, messenger });
    const refused = Object.entries(mined.refused).map(([code, n]) => `${code} ${String(n)}`);
    io.result(
      { ...scope, ...mined, waiting },
      [
        `${String(mined.read)} imported episodes of ${id} mined, ${String(mined.proposed)} proposals for the learner`,
        waiting === 0
          ? 'none waits for the learner'
          : `the learner was told of ${waiting === MOST ? 'at least ' : ''}${String(waiting)} that wait`,
        ...(refused.length === 0 ? [] : [`refused: ${refused.join(', ')}`]),
      ].join('\n'),
    );
    return 0;
  } finally {
    await house.close();
  }
}

const MOST = 1000;

/** Tells the learner of what waits for it, whoever proposed it: imported lessons wake nobody by themselves. */
export async function wakeForWaiting(
  scope: Scope,
  {
    store,
    messenger,
  }: {
    readonly store: Pick<Store, 'waitingProposals'>;
    readonly messenger: Pick<Messenger, 'wakeLearner'>;
  },
): Promise<number> {
  const waiting = await store.waitingProposals(scope, MOST);
  if (waiting.length > 0) await messenger.wakeLearner(scope);
  return waiting.length;
}
