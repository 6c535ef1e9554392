import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowUpdateFailedError } from '@temporalio/client';

import { versionId } from '../../src/contracts/ids.js';
import type { RolloutPolicy } from '../../src/domain/gate/rollout.js';
import {
  candidateProgress,
  learnerState,
  type LearnerState,
} from '../../src/workflows/messages.js';
import type { reflectAndUpdate } from '../../src/workflows/reflect-and-update.js';
import type { VersionId } from '../../src/domain/ids.js';
import { BASELINE } from './fake-learning.js';
import { until } from './poll.js';
import type { OpenHouse, World } from './workflow-house.js';

export type Carrier = WorkflowHandle<typeof reflectAndUpdate>;

export const DAY_MS = 86_400_000;
/** Version of the first candidate a tenant has. */
export const CANDIDATE = versionId('v1');
export const OWNER = { actor: 'olga', role: 'owner', reason: 'I looked at it' } as const;

export const SHORT_ROLLOUT: RolloutPolicy = {
  stages: [
    { share: 0.25, minOutcomes: 10, minDurationMs: 0 },
    { share: 0.5, minOutcomes: 10, minDurationMs: 0 },
  ],
  probation: { outcomes: 30, minOutcomes: 10, durationMs: 7 * DAY_MS },
};

/**
 * A tenant whose candidate is better, worse or no different in its shadow evaluation. One pair runs at a time: with
 * more, those under way are cancelled with the verdict, and the time-skipping server then skips no time any more.
 */
export function aWorldWhere(
  house: OpenHouse,
  candidate: 'is better' | 'is worse' | 'is no different',
): World {
  const world = house.world();
  const scores = { 'is better': [1, 0], 'is worse': [0, 1], 'is no different': [1, 1] } as const;
  const [own, other] = scores[candidate];
  world.task.score = ({ run }) => (run?.version === BASELINE ? other : own);
  world.learning.plan = { rollout: SHORT_ROLLOUT };
  world.learning.policy = { concurrency: 1 };
  return world;
}

/** Waits until the candidate is in this state, as its workflow tells. */
export function reach(carrier: Carrier, stage: string): Promise<true> {
  return until(`stage ${stage}`, async () => {
    const progress = await carrier.query(candidateProgress);
    return progress.stage === stage ? true : undefined;
  });
}

/** Waits until the learner is in a state where this holds, and answers it. */
export function learnerWhere(
  house: OpenHouse,
  world: World,
  what: string,
  holds: (state: LearnerState) => boolean,
): Promise<LearnerState> {
  return until(what, async () => {
    const state = await house.learnerOf(world).query(learnerState);
    return holds(state) ? state : undefined;
  });
}

/** Waits until the store has this state, written by an activity. */
export function stored({ learning }: World, state: string): Promise<true> {
  return until(`state ${state}`, () =>
    Promise.resolve(
      [...learning.candidates.values()].some((row) => row.state === state) ? true : undefined,
    ),
  );
}

/** Live tasks in pairs, one of the active version and one of the canary. */
export function canaryTraffic(
  { learning }: World,
  count: number,
  { canary, control }: { readonly canary: number; readonly control: number },
  version: VersionId = CANDIDATE,
): Promise<void> {
  return learning.live(
    Array.from({ length: count }, () => [
      { success: control },
      { success: canary, version, arm: 'canary' as const },
    ]).flat(),
  );
}

/** Live tasks of the active version. */
export function traffic(world: World, count: number, success: number): Promise<void> {
  return world.learning.live(Array.from({ length: count }, () => ({ success })));
}

/** From its start to probation, by evidence alone. */
export async function bringToProbation(
  house: OpenHouse,
  world: World,
  episode = 'e1',
): Promise<Carrier> {
  const carrier = await house.startReflection(world, episode);
  await throughCanary(world);
  await reach(carrier, 'probation');
  return carrier;
}

/** Two good stages of the canary that opens next. */
export async function throughCanary(world: World, version: VersionId = CANDIDATE): Promise<void> {
  const { learning } = world;
  const before = learning.canaryShares.length;
  await stored(world, 'canary');
  await canaryTraffic(world, 10, { canary: 1, control: 1 }, version);
  await until('the second stage', () =>
    Promise.resolve(
      learning.canaryShares.at(-1) === 0.5 && learning.canaryShares.length > before
        ? true
        : undefined,
    ),
  );
  await canaryTraffic(world, 10, { canary: 1, control: 1 }, version);
}

function firstCause(error: Error): Error {
  return error.cause instanceof Error ? firstCause(error.cause) : error;
}

/** Why an update was refused; fails where it was taken. */
export async function refusalOf(update: Promise<unknown>): Promise<string> {
  try {
    await update;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return firstCause(error).message;
    throw error;
  }
  throw new Error('The update was accepted');
}
