import type { Agent } from '../contracts/agent.js';
import { defaultDiagnosisPolicy } from '../domain/gate/diagnosis.js';
import { stratumOf } from '../domain/gate/live-outcome.js';
import { maySample, poolPart } from '../domain/gate/sampling.js';
import type { Scope } from '../domain/ids.js';
import { recallLessons, type LessonIndex } from '../domain/retrieval/recall.js';
import type { DrawRequest } from './draws.js';
import type { PoolTask, Store } from './store.js';
import type { StrategyCache } from './strategy-cache.js';

/** Newest tasks that a gate looks at. */
export const WINDOW = 5000;
/**
 * Newest tasks that a diagnosis draws from: as many as it has pairs at most. Of a month of tasks few would be of
 * the world that it is asked about.
 */
const RECENT = defaultDiagnosisPolicy.maxPairs;

/**
 * Tasks a pair may use, decided before anything runs (GATE 2.2): of the last 30 days, cited by none of
 * the candidate's lessons, run without a tool that has no sandbox, used for few candidates, of the gate's
 * part where there are many, and such that the two prompts differ: where they do not, a run of either
 * arm is a run of the other. A diagnosis compares what serves with what did, on the newest tasks whatever they are, or
 * on those of the stratum that fell: a loss in one of ten tasks is a small one over all of them.
 */
export async function eligibleTasks(
  { store, strategies }: { readonly store: Store; readonly strategies: StrategyCache },
  agent: Agent,
  request: DrawRequest,
): Promise<{ readonly all: readonly PoolTask[]; readonly eligible: readonly PoolTask[] }> {
  const scope = { tenant: request.tenant, agent: request.agent };
  const { candidate, afterNumber } = request;
  const { slice } = request;
  const newest = request.purpose === 'diagnosis' && slice === undefined ? RECENT : WINDOW;
  const all = await store.gatePool(scope, candidate, afterNumber, newest, unsandboxed(agent));
  if (slice !== undefined) {
    const fell = all.filter(({ slices }) => stratumOf(slices) === slice);
    return { all, eligible: fell.slice(0, RECENT) };
  }
  if (request.purpose !== 'gate') return { all, eligible: all };
  const isLarge = await store.isPoolLarge(scope);
  const baseline = await strategies.strategy(scope, request.baseline);
  const version = await strategies.strategy(scope, request.version);
  const hasOtherParameters =
    JSON.stringify(baseline.row.parameters) !== JSON.stringify(version.row.parameters);
  const limit = version.row.parameters.recallLimit;
  const differs = (task: PoolTask): boolean =>
    hasOtherParameters ||
    promptOf(baseline.index, task, limit) !== promptOf(version.index, task, limit);
  return { all, eligible: all.filter((task) => maySample(task, isLarge) && differs(task)) };
}

/** Whether a task is kept for the gate, so that nothing may be learned from it but what people say. */
export async function isKeptForGate(
  store: Pick<Store, 'isPoolLarge'>,
  scope: Scope,
  task: string,
): Promise<boolean> {
  return poolPart(task) === 'gate' && (await store.isPoolLarge(scope));
}

function unsandboxed(agent: Agent): readonly string[] {
  return agent.tools.filter(({ sandbox }) => sandbox === undefined).map(({ name }) => name);
}

/** The lessons a prompt would hold, as text to compare. */
function promptOf(index: LessonIndex, task: PoolTask, limit: number): string {
  const found = recallLessons(index, { task: { slices: task.slices, input: task.input }, limit });
  return found.map(({ lesson }) => `${lesson.id}@${String(lesson.revision)}`).join(' ');
}
