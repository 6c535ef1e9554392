import { condition, proxyLocalActivities } from '@temporalio/workflow';

import type { LearningActivities, OutcomeRead } from '../activities/learning-activities.js';
import type { LiveOutcome, ServedCount } from '../activities/store.js';
import type { CandidateState } from '../domain/candidate.js';
import type { Actor } from '../domain/feedback.js';
import type { FailureReference } from '../domain/gate/monitor.js';
import type { StandingWatch } from '../domain/gate/standing-watch.js';
import type { RolloutPolicy } from '../domain/gate/rollout.js';
import { sliceName } from '../domain/gate/slices.js';
import type { CandidateId, EpisodeId, Scope, VersionId } from '../domain/ids.js';
import type { ReadSoFar } from './messages.js';
import type { AlarmRecord } from './monitor-record.js';
import { safetyMs, settlingMs, type Pace } from './safety-timer.js';

export const { readOutcomes, reference, servedBy } = proxyLocalActivities<LearningActivities>({
  startToCloseTimeout: '30s',
  localRetryThreshold: '2m',
});

/** What a rollout needs from the workflow that carries the candidate. */
export interface RolloutSetting extends Scope {
  readonly candidate: CandidateId;
  readonly version: VersionId;
  /** What served before it. */
  readonly baseline: VersionId;
  readonly workflowId: string;
  readonly policy: RolloutPolicy;
  readonly seed: number;
  /** In whose name the canary starts: the system, or the person who forced it. */
  readonly actor: Actor;
  readonly note: string;
  /** Whether a slice that lost may be left to the version before; what was forced was shown of none. */
  readonly mayScope: boolean;
  /** Shows what goes on. */
  readonly show: (line: string) => void;
  /** Keeps what was decided, for whoever reads the workflow. */
  readonly record: (line: string) => void;
  /** Whether a wake came since the last look; looking clears it. */
  readonly takeWake: () => boolean;
  readonly isWoken: () => boolean;
  /** Set once a person decided something that ends this stage. */
  readonly isInterrupted: () => boolean;
}

export type RolloutEnd =
  | {
      readonly kind: 'passed';
      readonly outcomes: number;
      readonly watch?: StandingWatch;
      readonly read?: ReadSoFar;
    }
  | ({
      readonly kind: 'alarm';
      readonly outcomes: number;
      readonly slice: string | null;
      /** The critical category that grew, where it was one. */
      readonly category?: string;
      readonly at: number;
      /** In probation: the newest failures. */
      readonly failures?: readonly EpisodeId[];
    } & AlarmRecord)
  /** Outcomes of tasks that were served never came, or nothing came to compare them with. */
  | {
      readonly kind: 'silent';
      readonly outcomes: number;
      readonly missing: number;
      readonly test?: string;
    }
  | { readonly kind: 'interrupted'; readonly outcomes: number }
  /** Another workflow or a person moved the candidate meanwhile. */
  | {
      readonly kind: 'moved';
      readonly to: CandidateState;
      readonly failures?: readonly EpisodeId[];
    };

/** How far the outcomes have been read. */
export interface Position {
  readonly cursor: number;
  readonly passedOver: readonly number[];
}

/** Waits for a wake, an interruption or the safety timer; then reads what is new. */
export async function nextPage(
  setting: RolloutSetting,
  position: Position,
  maxWaitMs: number,
  pace: Pace,
): Promise<OutcomeRead> {
  const { tenant, agent, candidate, workflowId } = setting;
  const { cursor, passedOver } = position;
  const of = { tenant, agent, candidate, workflowId, cursor, passedOver };
  const read = () => readOutcomes(of);
  const page = await read();
  if (page.outcomes.length > 0) return page;
  const timeout = Math.max(1, Math.min(safetyMs(pace.emptyLooks), maxWaitMs));
  const isWoken = await condition(() => setting.isWoken() || setting.isInterrupted(), timeout);
  if (isWoken && !setting.isInterrupted()) {
    // Outcomes of one moment are read together; a person's word does not wait for them.
    await condition(() => setting.isInterrupted(), settlingMs(pace, Date.now()));
  }
  setting.takeWake();
  return read();
}

/** Failures per slice and in all, from counts per stratum. */
export function referenceOf(
  strata: readonly {
    readonly slices: Readonly<Record<string, string>>;
    readonly n: number;
    readonly failures: number;
  }[],
): FailureReference {
  const slices: Record<string, { n: number; failures: number }> = {};
  const overall = { n: 0, failures: 0 };
  for (const stratum of strata) {
    overall.n += stratum.n;
    overall.failures += stratum.failures;
    for (const [key, value] of Object.entries(stratum.slices)) {
      const counts = (slices[sliceName(key, value)] ??= { n: 0, failures: 0 });
      counts.n += stratum.n;
      counts.failures += stratum.failures;
    }
  }
  return { overall, slices };
}

/** An outcome as the statistics read it; one that never came counts as a failure. */
export function liveOutcomeOf(outcome: LiveOutcome) {
  const { success, slices, category } = outcome;
  return { success: success ?? 0, slices, ...(category == null ? {} : { category }) };
}

/** Tasks asked about at once; more would tell no more. */
const MOST_ASKED = 1000;

/**
 * The tasks that were passed over when enough was known to go on. Until they are known, or their time is over, a
 * verdict that they could change waits for them; what is passed over later does not make it wait for ever.
 */
export interface Outstanding {
  readonly since: number;
  readonly tasks: readonly number[];
}

/** Those of them that are still passed over, and who serves them. */
export async function stillOutstanding(
  { tenant, agent }: Scope,
  { tasks }: Outstanding,
  passedOver: readonly number[],
): Promise<readonly ServedCount[]> {
  const open = new Set(passedOver);
  const numbers = tasks.filter((number) => open.has(number)).slice(0, MOST_ASKED);
  return numbers.length === 0 ? [] : servedBy({ tenant, agent, numbers });
}

/** Number of tasks in all. */
export function countOf(counts: readonly { readonly n: number }[]): number {
  return counts.reduce((total, { n }) => total + n, 0);
}
