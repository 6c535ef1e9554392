import type { Agent } from '../contracts/agent.js';
import { runEpisodeIdOf } from '../contracts/digest.js';
import { LearningBudgetError } from '../domain/errors.js';
import { forkOf, judgeReplay, type Fork } from '../domain/attribution/forked-replay.js';
import { blameOf, replayOrder, type LadderBlame } from '../domain/attribution/ladder.js';
import type { Step, Trajectory } from '../domain/episode.js';
import type { EpisodeId, TenantId } from '../domain/ids.js';
import type { Store, StoredEpisode } from './store.js';
import type { TaskStart } from './task-activities.js';

/** One arm of one replicate: an exploration whose first steps are recorded already. */
export interface ReplayRun {
  readonly episode: EpisodeId;
  /** What starts its `agentTask`, as `explore/<episode>`. */
  readonly start: TaskStart;
}

/** Runs that test whether a step is to blame. */
export interface ReplayPlan {
  /** The suspect. */
  readonly step: number;
  /** The model step from which both arms go on by themselves; the patched one has it changed. */
  readonly at: number;
  readonly replicates: readonly { readonly patched: ReplayRun; readonly control: ReplayRun }[];
}

export type ReplayStore = Pick<Store, 'episode' | 'openEpisode' | 'putStep' | 'spentShadowRuns'>;

/**
 * Plans the forked replay of the first suspect for which something else to do is known, and writes what
 * its runs share. Null where `learning.replays` is 0, the episode was imported, no suspect can be
 * patched, a call up to the fork is of a tool without a sandbox, or the learning budget has nothing left.
 *
 * Episodes of the runs are opened here with the recorded steps before the fork, and in the patched arm
 * with the changed one: an `agentTask` asks for steps in order, and a stored one answers at once
 * without a call. Calling it again opens nothing twice.
 */
export async function planReplay(
  store: ReplayStore,
  agent: Agent,
  episode: StoredEpisode,
  blame: LadderBlame,
): Promise<ReplayPlan | null> {
  const { replays, shadowRunsPerDay } = agent.learning;
  const isHere = episode.mode !== 'imported';
  const forked = replays === 0 || !isHere ? undefined : firstFork(episode.steps, blame);
  if (forked === undefined) return null;
  const { step, fork } = forked;
  const shared = episode.steps.filter(({ index }) => index < fork.at);
  if (!canRunAgain(agent, [...shared, fork.patched])) return null;
  const spent = await store.spentShadowRuns(episode.scope);
  if (spent + 2 * replays > shadowRunsPerDay) return null;
  const replicates = [];
  try {
    for (let replicate = 1; replicate <= replays; replicate += 1) {
      const open = (arm: 'patched' | 'control', steps: readonly Step[]): Promise<ReplayRun> =>
        openFork(
          store,
          episode,
          `${arm}/${String(fork.at)}/${String(replicate)}`,
          steps,
          shadowRunsPerDay,
        );
      replicates.push({
        patched: await open('patched', [...shared, fork.patched]),
        control: await open('control', shared),
      });
    }
  } catch (error) {
    // Others spent the rest meanwhile: what is opened is counted, and nothing of it runs.
    if (error instanceof LearningBudgetError) return null;
    throw error;
  }
  return { step, at: fork.at, replicates };
}

/** The blame once the runs of its plan have ended; a run without an outcome leaves its pair out. */
export async function blameAfterReplay(
  store: Pick<Store, 'episode'>,
  tenant: TenantId,
  { replay, ...blame }: LadderBlame & { readonly replay: ReplayPlan | null },
): Promise<LadderBlame> {
  if (replay === null) return blame;
  const scoreOf = async ({ episode }: ReplayRun): Promise<number | null> =>
    (await store.episode(tenant, episode))?.outcome?.score ?? null;
  const pairs = [];
  for (const { patched, control } of replay.replicates) {
    pairs.push({ patched: await scoreOf(patched), control: await scoreOf(control) });
  }
  const replayed = { step: replay.step, ...judgeReplay(pairs) };
  return blameOf(blame.levels, [...blame.replays, replayed]);
}

function firstFork(
  trajectory: Trajectory,
  blame: LadderBlame,
): { readonly step: number; readonly fork: Fork } | undefined {
  for (const { step, correction } of replayOrder(blame)) {
    const fork = forkOf(trajectory, step, correction);
    if (fork !== undefined) return { step, fork };
  }
  return undefined;
}

/** An exploration touches nothing real: every tool of the agent that it calls needs a sandbox. */
function canRunAgain(agent: Agent, steps: readonly Step[]): boolean {
  const real = new Set(
    agent.tools.flatMap((tool) => (tool.sandbox === undefined ? [tool.name] : [])),
  );
  return steps.every(
    (step) => step.kind === 'tool' || !step.toolCalls.some(({ tool }) => real.has(tool)),
  );
}

async function openFork(
  store: ReplayStore,
  source: StoredEpisode,
  name: string,
  steps: readonly Step[],
  runsPerDay: number,
): Promise<ReplayRun> {
  const { number: _number, end: _end, output: _output, outcome: _outcome, ...head } = source;
  const { scope, version, model, task } = head;
  const episode = runEpisodeIdOf('fork', source.id, name);
  await store.openEpisode({ ...head, id: episode, mode: 'explore', candidate: null }, runsPerDay);
  for (const step of steps) await store.putStep(scope.tenant, episode, step);
  const run = { version, episode, candidate: null, model };
  return { episode, start: { ...scope, task, mode: 'explore', run } };
}
