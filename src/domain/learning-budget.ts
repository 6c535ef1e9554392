import type { TokenUsage } from './episode.js';

const DAY_MS = 86_400_000;
/** Between the clock of a worker and that of the database. */
const CLOCK_SLACK_MS = 60_000;

/** Days an evaluation may last, whatever it waits for: mirrored tasks, or the budget of another day. */
export const EVALUATION_DAYS = 14;

/** Category of a run that the day's budget did not pay for: it was not begun. */
export const UNPAID = 'learning-budget';

/** What an agent may spend on learning, and what of it today's runs have used. */
export interface RunBudget {
  readonly perDay: number;
  readonly spent: number;
}

/** What a day's learning may spend on model calls; null is no limit. */
export interface SpendLimits {
  readonly tokens: number | null;
  readonly microUsd: number | null;
}

const MILLION = 1_000_000;

/** What one call came to, at prices per million tokens; rounded up, so that no budget is passed by roundings. */
export function callCost(
  { inputTokens, outputTokens }: TokenUsage,
  { inputCost, outputCost }: { readonly inputCost: number; readonly outputCost: number },
): { readonly tokens: number; readonly microUsd: number } {
  return {
    tokens: inputTokens + outputTokens,
    microUsd: Math.ceil((inputTokens * inputCost + outputTokens * outputCost) / MILLION),
  };
}

/** Runs that one pair takes where nothing of it is lost. */
export function runsOfPair(replicates: number): number {
  return 2 * replicates;
}

/** Whether what is left of today pays for no further pair. */
export function isSpent({ perDay, spent }: RunBudget, replicates: number): boolean {
  return spent + runsOfPair(replicates) > perDay;
}

/** Pairs that an evaluation begun today can be paid: of what is left of today, and of the days it may last. */
export function affordablePairs({ perDay, spent }: RunBudget, replicates: number): number {
  const pairs = (runs: number): number => Math.max(0, Math.floor(runs / runsOfPair(replicates)));
  return pairs(perDay - spent) + EVALUATION_DAYS * pairs(perDay);
}

/** When the budget of the next day, which begins at midnight UTC, is there for certain. */
export function nextBudgetMs(nowMs: number): number {
  return (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS + CLOCK_SLACK_MS;
}
