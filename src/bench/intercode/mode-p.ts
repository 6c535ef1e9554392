import type { House } from '../../cli/house.js';
import { agentId, tenantId } from '../../contracts/ids.js';
import type { Agent } from '../../contracts/agent.js';
import { gatePolicy } from '../../domain/gate/gate-policy.js';
import { summarizeGate, type GateSummary } from '../../domain/gate/gate-summary.js';
import {
  addPair,
  concludeGate,
  emptyGate,
  sliceNeeds,
  type GateState,
} from '../../domain/gate/gate.js';
import { pairOutcome } from '../../domain/gate/pair.js';
import { countPool, planSlices, watchedSlices } from '../../domain/gate/slices.js';
import { permutation, seedOf } from '../../domain/random.js';
import type { Library } from '../../model/recorded/cast.js';
import { modelNameOf } from '../../model/recorded/casting.js';
import type { RecordedTask } from '../../model/recorded/dataset.js';
import { deployed } from './control-arms.js';
import type { BenchProgress } from './progress.js';
import { recordedAgent, runsById } from './recorded-agent.js';
import type { ModePReport } from './report.js';
import { playInSandbox, type SandboxSetting } from './sandbox-runs.js';

export interface ModePOptions {
  /** The baseline. */
  readonly plain: string;
  /** The candidate. */
  readonly informed: string;
  readonly seed: number;
  readonly tenant: string;
  readonly progress: BenchProgress;
}

/** Tasks whose pairs run side by side; they are committed in the order drawn. */
const BATCH = 16;

export function modePAgent(library: Library, { plain }: Pick<ModePOptions, 'plain'>): Agent {
  const casting = { mode: 'config', config: plain } as const;
  return recordedAgent({ library, casting, recallLimit: 0, isLearning: false });
}

/** Puts one recorded configuration to the gate as a candidate to replace another. */
export async function runModeP(
  house: House,
  library: Library,
  agent: Agent,
  options: ModePOptions,
): Promise<ModePReport> {
  const { plain, informed, progress } = options;
  const scope = { tenant: tenantId(options.tenant), agent: agentId(agent.id) };
  const version = await deployed(house, scope, agent);
  const runs = runsById(library);
  const setting = { house, library, runs, scope, agent, version, purpose: '' };
  const pool = drawnTasks(library, options);
  const policy = gatePolicy({ sliceKeys: ['hardness'] });
  let gate = emptyGate(policy, planSlices(countPool(pool.map(slicesOf)), policy));
  for (let start = 0; start < pool.length && gate.decision === undefined; start += BATCH) {
    const batch = pool.slice(start, start + BATCH).filter((task) => isWanted(gate, task));
    const baseline = await playArm(setting, plain, batch);
    const candidate = await playArm(setting, informed, batch);
    for (const [at, task] of batch.entries()) {
      if (gate.decision !== undefined) break;
      gate = addPair(gate, {
        index: gate.nextIndex,
        task: task.taskId,
        outcome: pairOutcome({ baseline: baseline[at] ?? null, candidate: candidate[at] ?? null }),
        slices: slicesOf(task),
      });
    }
    progress(Math.min(1, (start + BATCH) / pool.length), `${String(gate.nextIndex)} pairs`);
  }
  const summary: GateSummary = summarizeGate(gate, concludeGate(gate));
  return { mode: 'P', plain, informed, ...summary };
}

/** Tasks that both arms have a run of, in the order drawn before anything runs. */
function drawnTasks(library: Library, { plain, informed, seed }: ModePOptions): RecordedTask[] {
  const tasks = library.data.tasks.filter(({ taskId }) =>
    [plain, informed].every((config) => library.runs.get(config)?.has(taskId) === true),
  );
  const order = permutation(tasks.length, seedOf('mode P', plain, informed, String(seed)));
  return order.flatMap((at) => tasks[at] ?? []);
}

/** Once the effect is shown only tasks of slices that are still open are worth a pair. */
function isWanted(gate: GateState, task: RecordedTask): boolean {
  if (gate.phase === 'effect') return true;
  const open = sliceNeeds(gate).map(({ slice }) => slice);
  return watchedSlices(gate.plan, slicesOf(task)).some((slice) => open.includes(slice));
}

async function playArm(
  setting: SandboxSetting,
  config: string,
  tasks: readonly RecordedTask[],
): Promise<readonly number[]> {
  const model = modelNameOf({ mode: 'config', config });
  const purpose = `mode P ${config}`;
  const played = await playInSandbox({ ...setting, purpose, model }, tasks, () => undefined);
  return played.map(({ success }) => (success ? 1 : 0));
}

function slicesOf({ hardness }: RecordedTask): { readonly hardness: string } {
  return { hardness };
}
