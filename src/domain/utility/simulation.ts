import { mulberry32, uniformOf } from '../random.js';
import { DEFAULT_HOLD_OUT, propensityOf, type HoldOutPolicy } from './hold-out.js';
import { addOutcome, NO_UTILITY, standingOf, type Utility } from './uplift.js';

/** Lessons that are always recalled together, and what each does to the success rate. */
export interface UpliftWorld {
  /** Success rate of a task without any of them. */
  readonly base: number;
  /** By lesson; added to the rate where the lesson is in the prompt. */
  readonly effects: Readonly<Record<string, number>>;
  readonly tasks: number;
}

/** For each lesson the task at which it was quarantined, or null; and what counters said of it. */
export interface UpliftRun {
  readonly quarantinedAt: Readonly<Record<string, number | null>>;
  readonly flaggedByCounter: Readonly<Record<string, boolean>>;
}

/** A bad lesson beside two good ones: success counters see three lessons that do equally well. */
export const MASKED_HARM: UpliftWorld = {
  base: 0.5,
  effects: { harmful: -0.2, 'helpful-1': 0.15, 'helpful-2': 0.15 },
  tasks: 300,
};

/**
 * Plays the tasks one after the other. Draws, counts and the decision are those of live tasks; only the
 * outcome is made up. A quarantined lesson is recalled no more.
 */
export function simulateUplift(
  world: UpliftWorld,
  seed: number,
  policy: HoldOutPolicy = DEFAULT_HOLD_OUT,
): UpliftRun {
  const random = mulberry32(seed);
  const names = Object.keys(world.effects);
  const utility = new Map<string, Utility>(names.map((name) => [name, NO_UTILITY]));
  const counters = new Map(names.map((name) => [name, { successes: 0, tasks: 0 }]));
  const quarantinedAt = new Map<string, number>();

  for (let task = 1; task <= world.tasks; task += 1) {
    const recalled = names.filter((name) => !quarantinedAt.has(name));
    const drawn = recalled.map((name) => {
      const propensity = propensityOf(standingOf(utility.get(name) ?? NO_UTILITY), policy);
      const draw = uniformOf('hold-out', `${String(seed)}/${String(task)}`, name);
      return { name, heldOut: draw < propensity };
    });
    const rate = drawn.reduce(
      (sum, { name, heldOut }) => sum + (heldOut ? 0 : (world.effects[name] ?? 0)),
      world.base,
    );
    const score = random() < rate ? 1 : 0;
    for (const { name, heldOut } of drawn) {
      const after = addOutcome(utility.get(name) ?? NO_UTILITY, heldOut, score);
      utility.set(name, after);
      if (standingOf(after) === 'harmful') quarantinedAt.set(name, task);
      const counter = counters.get(name);
      if (heldOut || counter === undefined) continue;
      counters.set(name, {
        successes: counter.successes + score,
        tasks: counter.tasks + 1,
      });
    }
  }
  return {
    quarantinedAt: Object.fromEntries(
      names.map((name) => [name, quarantinedAt.get(name) ?? null] as const),
    ),
    flaggedByCounter: Object.fromEntries(
      names.map((name) => [name, isFlagged(counters.get(name), world.base)] as const),
    ),
  };
}

/**
 * What a success counter can say: that tasks with the lesson succeed less often than tasks did before
 * there were lessons, by more than two standard errors.
 */
function isFlagged(
  counter: { readonly successes: number; readonly tasks: number } | undefined,
  base: number,
): boolean {
  if (counter === undefined || counter.tasks === 0) return false;
  const rate = counter.successes / counter.tasks;
  return rate < base - 2 * Math.sqrt((base * (1 - base)) / counter.tasks);
}
