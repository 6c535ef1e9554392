import { permutation, seedOf } from '../random.js';

/** Tasks in the window from which on a fixed split keeps reflection and gate apart (GATE 2.2). */
export const LARGE_POOL = 1000;

/**
 * Candidates of one epoch that a task may be used for. Each use leaks a little of the gate into what is
 * proposed next; a small stream has to live with more of it.
 */
const MOST_USES = { large: 5, small: 20 };

/** A task that a gate may draw. */
export interface SampledTask {
  readonly task: string;
  /** Number in the order of acceptance. */
  readonly number: number;
  /** Other candidates it was used for. */
  readonly uses: number;
  /** Accepted after everything that the candidate was made from. */
  readonly isNewer: boolean;
}

/** What a task is for once there are many: six in ten are learned from, four judge what was learned. */
export function poolPart(task: string): 'reflect' | 'gate' {
  return seedOf('pool', task) % 10 < 6 ? 'reflect' : 'gate';
}

/** Whether a task may serve a gate at all, by rules that look at nothing it came to. */
export function maySample(task: Pick<SampledTask, 'task' | 'uses'>, isLarge: boolean): boolean {
  if (!isLarge) return task.uses < MOST_USES.small;
  return task.uses < MOST_USES.large && poolPart(task.task) === 'gate';
}

/**
 * The order of a gate's pairs, fixed before any of them runs: a seeded permutation of the tasks that are
 * newer than the candidate's evidence, then one of the older ones.
 */
export function drawOrder<T extends SampledTask>(tasks: readonly T[], seed: number): readonly T[] {
  const ascending = [...tasks].sort((left, right) => left.number - right.number);
  const newer = ascending.filter(({ isNewer }) => isNewer);
  const older = ascending.filter(({ isNewer }) => !isNewer);
  return [...permuted(newer, seed), ...permuted(older, seed)];
}

function permuted<T>(tasks: readonly T[], seed: number): readonly T[] {
  return permutation(tasks.length, seed).flatMap((index) => {
    const task = tasks[index];
    return task === undefined ? [] : [task];
  });
}
