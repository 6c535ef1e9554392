import { randomUUID } from 'node:crypto';
import { unlessInterrupted } from '../../cli/command.js';
import { openHouse, startHouseWorkers, type House } from '../../cli/house.js';
import type { Config } from '../../config.js';
import type { Agent } from '../../contracts/agent.js';
import { InvalidInputError } from '../../domain/errors.js';
import { createModelClient } from '../../model/openai-client.js';
import { libraryOf, type Library } from '../../model/recorded/cast.js';
import { readRecordedTasks, readRuns } from '../../model/recorded/dataset.js';
import { startRecordedModel } from '../../model/recorded/server.js';
import { modePAgent, runModeP } from './mode-p.js';
import { modeRAgent, runModeR, SqlComparison } from './mode-r.js';
import { modeSAgents, runModeS } from './mode-s.js';
import type { ModePReport, ModeRReport, ModeSReport } from './report.js';
import type { BenchProgress } from './progress.js';
import { openSqlEngine } from './sql-engine.js';

export interface InterCodeOptions {
  readonly dataDir: string | undefined;
  readonly mode: 'S' | 'R' | 'P';
  readonly plain?: string;
  readonly informed?: string;
  /** A configuration, or `none`. */
  readonly explore?: string;
  readonly k?: number;
  readonly seed?: number;
  readonly config: Config;
  readonly progress: BenchProgress;
  /** Where launchers say what they do; nobody hears them unless told. */
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export type InterCodeReport = ModeSReport | ModeRReport | ModePReport;

/** `ratchet bench intercode`: recorded runs of real models, played through the loop. */
export async function benchInterCode(options: InterCodeOptions): Promise<InterCodeReport> {
  const library = await openLibrary(options.dataDir);
  const id = randomUUID().slice(0, 8);
  const run = { tenant: `bench-${id}`, seed: options.seed ?? 1, progress: options.progress };
  switch (options.mode) {
    case 'S':
      return playModeS(options, library, { ...run, id });
    case 'R':
      return playModeR(options, library, { ...run, id });
    case 'P':
      return playModeP(options, library, { ...run, id });
  }
}

/** What one run of the bench has of its own. */
interface BenchRun {
  readonly id: string;
  readonly tenant: string;
  readonly seed: number;
  readonly progress: BenchProgress;
}

function playModeS(
  options: InterCodeOptions,
  library: Library,
  run: BenchRun,
): Promise<ModeSReport> {
  const explore = options.explore ?? 'gpt-3.5-10t';
  const modeS = {
    ...run,
    plain: recordedConfig(library, '--plain', options.plain ?? 'gpt-3.5-1t'),
    informed: recordedConfig(library, '--informed', options.informed ?? 'gpt-3.5-1t-schema'),
    explore: explore === 'none' ? null : recordedConfig(library, '--explore', explore),
    k: options.k ?? 3,
  };
  const agents = modeSAgents(library, modeS);
  return withRecordedModel(options, library, Object.values(agents), run.id, (house) =>
    runModeS(house, library, agents, modeS),
  );
}

async function playModeR(
  options: InterCodeOptions,
  library: Library,
  run: BenchRun,
): Promise<ModeRReport> {
  const engine = await openSqlEngine(library.data.databases);
  try {
    const comparison = new SqlComparison(engine, library.data.tasks);
    const agent = modeRAgent(library, comparison);
    return await withRecordedModel(options, library, [agent], run.id, (house) =>
      runModeR(house, library, agent, comparison, run),
    );
  } finally {
    engine.close();
  }
}

function playModeP(
  options: InterCodeOptions,
  library: Library,
  run: BenchRun,
): Promise<ModePReport> {
  const modeP = {
    ...run,
    plain: recordedConfig(library, '--plain', options.plain ?? 'gpt-3.5-10t'),
    informed: recordedConfig(library, '--informed', options.informed ?? 'gpt-3.5-react'),
  };
  const agent = modePAgent(library, modeP);
  return withRecordedModel(options, library, [agent], run.id, (house) =>
    runModeP(house, library, agent, modeP),
  );
}

function recordedConfig({ data }: Library, option: string, name: string): string {
  if (data.configs.includes(name)) return name;
  throw new InvalidInputError(option, name, `one of ${data.configs.join(', ')}`);
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
  { config, log = () => undefined, signal }: InterCodeOptions,
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
      log,
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      const models = createModelClient({ baseUrl: server.url, apiKey: 'none' });
      await startHouseWorkers(house, { agents, models, hasLocalModel: true });
      const answer = work(house);
      return await (signal === undefined ? answer : unlessInterrupted(answer, signal));
    } finally {
      await house.close();
    }
  } finally {
    await server.close();
  }
}
