import type { Io } from '../cli/io.js';
import { MASKED_HARM, simulateUplift, type UpliftRun } from '../domain/utility/simulation.js';
import { median } from './durations.js';

export interface HoldOutOptions {
  readonly runs: number;
  readonly tasks: number;
  readonly seed: number;
}

export interface HoldOutReport {
  readonly runs: number;
  readonly tasks: number;
  readonly seed: number;
  readonly base: number;
  /** By lesson: what it does, in how many runs hold-out quarantined it, and a success counter flagged it. */
  readonly lessons: Readonly<
    Record<
      string,
      {
        readonly effect: number;
        readonly quarantined: number;
        /** The middle task of quarantine among runs that came to one. */
        readonly medianTask: number | null;
        readonly flaggedByCounter: number;
      }
    >
  >;
}

/** How often a harmful lesson is found out that is always recalled beside two helpful ones. */
export function measureHoldOut({ runs, tasks, seed }: HoldOutOptions): HoldOutReport {
  const world = { ...MASKED_HARM, tasks };
  const played = Array.from({ length: runs }, (_, at) => simulateUplift(world, seed + at));
  const lessons = Object.entries(world.effects).map(([name, effect]) => {
    const found = played.flatMap(({ quarantinedAt }: UpliftRun) => quarantinedAt[name] ?? []);
    const flagged = played.filter(({ flaggedByCounter }) => flaggedByCounter[name] === true);
    return [
      name,
      {
        effect,
        quarantined: found.length,
        medianTask: found.length === 0 ? null : median(found),
        flaggedByCounter: flagged.length,
      },
    ] as const;
  });
  return { runs, tasks, seed, base: world.base, lessons: Object.fromEntries(lessons) };
}

export function runHoldOut(options: HoldOutOptions, io: Io): number {
  const report = measureHoldOut(options);
  const rows = Object.entries(report.lessons).map(
    ([name, { effect, quarantined, medianTask, flaggedByCounter }]) =>
      `${name} (${effect > 0 ? '+' : ''}${String(Math.round(effect * 100))} points): quarantined in ${String(quarantined)} of ${String(report.runs)} runs` +
      `${medianTask === null ? '' : `, half of them by task ${String(Math.round(medianTask))}`}; a success counter flags it in ${String(flaggedByCounter)}`,
  );
  io.result(report, [`${String(report.tasks)} tasks a run`, ...rows].join('\n'));
  return 0;
}
