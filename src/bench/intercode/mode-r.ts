import type { House } from '../../cli/house.js';
import { agentId, tenantId } from '../../contracts/ids.js';
import type { Agent } from '../../contracts/agent.js';
import type { Library } from '../../model/recorded/cast.js';
import { modelNameOf } from '../../model/recorded/casting.js';
import type { RecordedRun, RecordedTask } from '../../model/recorded/dataset.js';
import { answersAlike } from './answers-alike.js';
import { comparableSelect } from './comparable.js';
import { deployed } from './control-arms.js';
import { recordedAgent, runsById } from './recorded-agent.js';
import type { BenchProgress } from './progress.js';
import type { ModeRReport } from './report.js';
import { playInSandbox } from './sandbox-runs.js';
import type { SqlEngine } from './sql-engine.js';

/** Counts of the SQL that was really run beside the recording, a step once however often it ran. */
export class SqlComparison {
  readonly #engine: SqlEngine;
  readonly #databases: ReadonlyMap<string, string>;
  readonly #seen = new Set<string>();
  readonly #counts = new Map<string, { selects: number; alike: number }>();

  constructor(engine: SqlEngine, tasks: readonly RecordedTask[]) {
    this.#engine = engine;
    this.#databases = new Map(tasks.map(({ taskId, database }) => [taskId, database]));
  }

  /** Runs one recorded step, if it is a SELECT that can be compared. */
  compare(run: RecordedRun, index: number): void {
    const step = run.steps[index];
    const key = `${run.runId}#${String(index)}`;
    const sql = step === undefined ? undefined : comparableSelect(step);
    if (step === undefined || sql === undefined || this.#seen.has(key)) return;
    this.#seen.add(key);
    const answer = this.#engine.run(this.#databases.get(run.taskId) ?? '', sql);
    const counts = this.countsOf(run.config);
    this.#counts.set(run.config, {
      selects: counts.selects + 1,
      alike: counts.alike + (answersAlike(answer, step.observation) ? 1 : 0),
    });
  }

  countsOf(config: string): { readonly selects: number; readonly alike: number } {
    return this.#counts.get(config) ?? { selects: 0, alike: 0 };
  }
}

/** The agent of mode R: it hands on what was recorded and has the same SQL really run. */
export function modeRAgent(library: Library, comparison: SqlComparison): Agent {
  const [config = ''] = library.data.configs;
  return recordedAgent({
    library,
    casting: { mode: 'config', config },
    recallLimit: 0,
    isLearning: false,
    onStep: (run, index) => {
      comparison.compare(run, index);
    },
  });
}

/** Plays every recorded run of every configuration, its SQL beside it. */
export async function runModeR(
  house: House,
  library: Library,
  agent: Agent,
  comparison: SqlComparison,
  options: { readonly tenant: string; readonly progress: BenchProgress },
): Promise<ModeRReport> {
  const scope = { tenant: tenantId(options.tenant), agent: agentId(agent.id) };
  const version = await deployed(house, scope, agent);
  const runs = runsById(library);
  const configs: ModeRReport['configs'][number][] = [];
  for (const config of library.data.configs) {
    const byTask = library.runs.get(config);
    const tasks = library.data.tasks.filter(({ taskId }) => byTask?.has(taskId) === true);
    const model = modelNameOf({ mode: 'config', config });
    const setting = { house, library, runs, scope, agent, version, purpose: `mode R ${config}` };
    const played = await playInSandbox({ ...setting, model }, tasks, (done) => {
      options.progress(done / tasks.length, `${config}: ${String(done)} runs`);
    });
    const { selects, alike } = comparison.countsOf(config);
    const steps = played.reduce((sum, run) => sum + run.steps.length, 0);
    const successes = played.filter(({ success }) => success).length;
    configs.push({ config, runs: played.length, successes, steps, selects, alike });
    options.progress(1, `${config}: ${String(alike)} of ${String(selects)} SELECT steps alike`);
  }
  const selects = configs.reduce((sum, each) => sum + each.selects, 0);
  const alike = configs.reduce((sum, each) => sum + each.alike, 0);
  return { mode: 'R', configs, selects, alike, share: selects === 0 ? 1 : alike / selects };
}
