import { mulberry32 } from '../../domain/random.js';
import type { RecordedTask } from '../../model/recorded/dataset.js';

/** What became of one task in each arm. */
export interface TaskOutcomes {
  readonly task: Pick<RecordedTask, 'taskId' | 'database'>;
  readonly frozen: boolean;
  readonly learning: boolean;
  readonly oracle: boolean;
  readonly shuffled: boolean;
  readonly placebo: boolean;
}

export const ARMS = ['frozen', 'learning', 'oracle', 'shuffled', 'placebo'] as const;
export type ArmName = (typeof ARMS)[number];

export interface DatabaseRow extends Readonly<Record<ArmName, number>> {
  readonly database: string;
  readonly half: 1 | 2;
  readonly n: number;
}

/** The share of the gain that was there to be had; null where there was none. */
export interface GapShare {
  readonly share: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

/** Which half of its database each task is in, by order of the tasks; the odd one is in half 1. */
export function halvesOf(
  tasks: readonly Pick<RecordedTask, 'taskId' | 'database'>[],
): ReadonlyMap<string, 1 | 2> {
  const byDatabase = groupBy(tasks, ({ database }) => database);
  return new Map(
    [...byDatabase.values()].flatMap((own) =>
      own.map(({ taskId }, at): [string, 1 | 2] => [
        taskId,
        at < Math.ceil(own.length / 2) ? 1 : 2,
      ]),
    ),
  );
}

/** Successes of every arm by database and half, databases in the order they first occur. */
export function perDatabase(outcomes: readonly TaskOutcomes[]): DatabaseRow[] {
  const halves = halvesOf(outcomes.map(({ task }) => task));
  const byDatabase = groupBy(outcomes, ({ task }) => task.database);
  return [...byDatabase].flatMap(([database, own]) =>
    ([1, 2] as const).map((half): DatabaseRow => {
      const rows = own.filter(({ task }) => halves.get(task.taskId) === half);
      return { database, half, n: rows.length, ...successesOf(rows) };
    }),
  );
}

/** Tasks and successes of every arm. */
export function armTotals(
  outcomes: readonly TaskOutcomes[],
): Record<ArmName, { n: number; successes: number }> {
  const successes = successesOf(outcomes);
  const total = (arm: ArmName): { n: number; successes: number } => ({
    n: outcomes.length,
    successes: successes[arm],
  });
  return {
    frozen: total('frozen'),
    learning: total('learning'),
    oracle: total('oracle'),
    shuffled: total('shuffled'),
    placebo: total('placebo'),
  };
}

const RESAMPLES = 4_000;

/**
 * The gain of learning over the gain of oracle, both against frozen, on the second halves of all
 * databases together; bounds are those of a paired bootstrap at 90 %. A resample in which there is
 * nothing to gain is drawn again.
 */
export function gapShare(outcomes: readonly TaskOutcomes[], seed: number): GapShare {
  const halves = halvesOf(outcomes.map(({ task }) => task));
  const second = outcomes.filter(({ task }) => halves.get(task.taskId) === 2);
  const learningGains = second.map(({ learning, frozen }) => Number(learning) - Number(frozen));
  const oracleGains = second.map(({ oracle, frozen }) => Number(oracle) - Number(frozen));
  const share = ratio(sum(learningGains), sum(oracleGains));
  if (share === null) return { share, lower: null, upper: null };

  const random = mulberry32(seed);
  const shares: number[] = [];
  for (let draw = 0; draw < 10 * RESAMPLES && shares.length < RESAMPLES; draw += 1) {
    let learning = 0;
    let oracle = 0;
    for (let pick = 0; pick < second.length; pick += 1) {
      const at = Math.floor(random() * second.length);
      learning += learningGains[at] ?? 0;
      oracle += oracleGains[at] ?? 0;
    }
    const drawn = ratio(learning, oracle);
    if (drawn !== null) shares.push(drawn);
  }
  shares.sort((left, right) => left - right);
  return { share, lower: quantile(shares, 0.05), upper: quantile(shares, 0.95) };
}

function ratio(learning: number, oracle: number): number | null {
  return oracle <= 0 ? null : learning / oracle;
}

function quantile(sorted: readonly number[], level: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))] ?? null;
}

function successesOf(outcomes: readonly TaskOutcomes[]): Record<ArmName, number> {
  const count = (arm: ArmName): number => outcomes.filter((each) => each[arm]).length;
  return {
    frozen: count('frozen'),
    learning: count('learning'),
    oracle: count('oracle'),
    shuffled: count('shuffled'),
    placebo: count('placebo'),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
