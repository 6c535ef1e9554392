import { randomUUID } from 'node:crypto';
import { openHouse, startHouseWorkers, type House } from '../../cli/house.js';
import type { Config } from '../../config.js';
import type { Agent } from '../../contracts/agent.js';
import { InvalidInputError } from '../../domain/errors.js';
import { createModelClient } from '../../model/openai-client.js';
import { libraryOf, type Library } from '../../model/recorded/cast.js';
import { readRecordedTasks, readRuns } from '../../model/recorded/dataset.js';
import { startRecordedModel } from '../../model/recorded/server.js';
import { modeSAgents, runModeS } from './mode-s.js';
import type { ModeSReport } from './report.js';

export interface InterCodeOptions {
  readonly dataDir: string | undefined;
  readonly mode: 'S';
  readonly plain?: string;
  readonly informed?: string;
  /** A configuration, or `none`. */
  readonly explore?: string;
  readonly k?: number;
  readonly seed?: number;
  readonly config: Config;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** `ratchet bench intercode`: the loop on recorded runs of real models. */
export async function benchInterCode(options: InterCodeOptions): Promise<ModeSReport> {
  const library = await openLibrary(options.dataDir);
  const id = randomUUID().slice(0, 8);
  const modeS = {
    plain: options.plain ?? 'gpt-3.5-1t',
    informed: options.informed ?? 'gpt-3.5-1t-schema',
    explore: options.explore === 'none' ? null : (options.explore ?? 'gpt-3.5-10t'),
    k: options.k ?? 3,
    seed: options.seed ?? 1,
    tenant: `bench-${id}`,
    progress: options.progress,
  };
  const agents = modeSAgents(library, modeS);
  return withRecordedModel(options, library, Object.values(agents), id, (house) =>
    runModeS(house, library, agents, modeS),
  );
}

async function openLibrary(dataDir: string | undefined): Promise<Library> {
  if (dataDir === undefined) {
    throw new InvalidInputError(
      '--data',
      'nothing',
      'the directory of the recorded InterCode SQL runs (tasks.jsonl, databases.json, runs/); ' +
        'the recordings are of https://github.com/princeton-nlp/intercode',
    );
  }
  const data = await readRecordedTasks(dataDir);
  const runs = await Promise.all(
    data.configs.map(async (config) => [config, await readRuns(data, config)] as const),
  );
  return libraryOf(data, new Map(runs));
}

async function withRecordedModel<Answer>(
  { config, progress, signal }: InterCodeOptions,
  library: Library,
  agents: readonly Agent[],
  id: string,
  work: (house: House) => Promise<Answer>,
): Promise<Answer> {
  const [plain = '', informed = plain] = library.data.configs;
  const { dataDir } = library.data;
  const server = await startRecordedModel({ dataDir, mode: 'R', plain, informed });
  try {
    const taskQueue = `ratchet-bench-${id}`;
    const house = await openHouse({
      config,
      taskQueue,
      log: progress,
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      const models = createModelClient({ baseUrl: server.url, apiKey: 'none' });
      await startHouseWorkers(house, { agents, models, hasLocalModel: true });
      return await work(house);
    } finally {
      await house.close();
    }
  } finally {
    await server.close();
  }
}
