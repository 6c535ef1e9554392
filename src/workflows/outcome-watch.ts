import { workflowInfo } from '@temporalio/workflow';

import type { DeploymentFound } from '../activities/learning-activities.js';
import { SYSTEM } from '../domain/feedback.js';
import type { CandidateId, Scope } from '../domain/ids.js';
import {
  afterProbation,
  beginDeployment,
  deploymentAlarm,
  hasSurvived,
  readDeployment,
  sayWhatItDid,
  type DeploymentAlarm,
  type WatchedDeployment,
} from './deployment-run.js';
import type { DiagnosisSlot } from './diagnosis-slot.js';
import type { Journal } from './journal.js';
import { replayPairs } from './learner-checks.js';
import {
  beginWatch,
  concludeDiagnosis,
  followDeployment,
  readWatch,
  rollBack,
  stopWatching,
  watchedAnew,
  type Survivor,
  type WatchAlarm,
  type Watched,
} from './learner-watch.js';

/** What is watched, as one run of the learner hands it on to the next. */
export interface WatchState {
  readonly watched: Watched | null;
  /** What survivors are watched by, until they are. */
  readonly handedOver: readonly Survivor[];
  readonly deployment: WatchedDeployment | null;
  /** Change of the pointer up to which deployments are known. */
  readonly deployedUpTo: number;
}

/** What a learner begins with that no journal holds. */
export const NOTHING_WATCHED: WatchState = {
  watched: null,
  handedOver: [],
  deployment: null,
  deployedUpTo: 0,
};

/** Live outcomes outside of rollouts: of the newest promotion that survived, and of the newest deployment. */
export interface OutcomeWatch {
  readonly state: () => WatchState;
  /** Whether outcomes are looked for without a wake; not those of what is being looked into. */
  readonly isReading: () => boolean;
  readonly handOver: (survivor: Survivor) => void;
  /** What somebody else took back is watched no more. */
  readonly drop: (candidate: CandidateId) => void;
  /** Begins with a deployment that is newer than those known. */
  readonly follow: (newest: DeploymentFound) => Promise<void>;
  /** Watches the newest promotion that survived; a learner that started anew, what the one before it watched. */
  readonly watchSurvivor: () => Promise<void>;
  /** Reads what came since, and does what an alarm asks for. */
  readonly read: () => Promise<void>;
}

/** Who is told that there is something to show or to decide, and that there may be more to read. */
export interface Watcher {
  readonly changed: () => void;
  readonly more: () => void;
}

type Alarm = Exclude<WatchAlarm, { kind: 'none' }>;

export function outcomeWatch(
  scope: Scope,
  begun: WatchState,
  { books, note }: Pick<Journal, 'books' | 'note'>,
  diagnosis: DiagnosisSlot,
  { changed, more }: Watcher,
): OutcomeWatch {
  let { watched, handedOver, deployment, deployedUpTo } = begun;

  /** Takes back what is watched, by evidence that the promotion itself does harm. */
  const takeBack = async (
    { candidate, version, baseline, outcomes }: Watched,
    reason: string,
    { slice, evidence }: Alarm,
  ): Promise<void> => {
    const of = { stage: 'standing', automatic: true, slice, outcomes, version, baseline };
    if (candidate !== null) {
      const detail = { ...of, ...evidence };
      await rollBack({ ...scope, candidate, actor: SYSTEM, reason, detail });
      await note({ kind: 'taken-back', candidate });
    }
    watched = null;
    changed();
    await rest();
  };

  /** Tells the promotion from the world, where there is a candidate to take back. */
  const diagnose = async (found: Watched, { purpose, slice, evidence }: Alarm): Promise<void> => {
    const { candidate, version, baseline, failures, outcomes } = found;
    if (candidate === null) return;
    const fell = purpose === 'rollback' ? slice : null;
    const { conclusion, pairs, seed } = await replayPairs(scope, candidate, found, fell);
    const detail = { purpose, slice, outcomes, pairs, seed, version, baseline, ...evidence };
    await concludeDiagnosis({ ...scope, candidate, conclusion, episodes: failures, detail });
    if (conclusion === 'regression') await note({ kind: 'taken-back', candidate });
    // What still serves is still watched, from here on.
    if (watched?.candidate !== candidate) return;
    watched = conclusion === 'regression' ? null : watchedAnew(watched, conclusion);
    await rest();
  };

  /** Stops reading outcomes, unless something else is still watched. */
  const rest = async (): Promise<void> => {
    if (watched !== null || deployment !== null) return;
    await stopWatching({ ...scope, workflowId: workflowInfo().workflowId });
  };

  /** A deployment on probation; what it did is said and learned from, and taken back by whoever deployed it. */
  const watchDeployment = async (): Promise<void> => {
    if (deployment === null) return;
    const read = await readDeployment(scope, deployment);
    ({ deployment } = read);
    const found = deploymentAlarm(deployment);
    if (found !== null) await deploymentFailed(deployment, found);
    else if (hasSurvived(deployment)) {
      watched ??= afterProbation(deployment);
      deployment = null;
    }
    if (read.hasRead) more();
  };

  const deploymentFailed = async (
    found: Pick<Watched, 'version' | 'baseline' | 'failures'>,
    alarm: DeploymentAlarm,
  ): Promise<void> => {
    await sayWhatItDid(scope, found, alarm);
    if (deployment?.version === found.version) deployment = null;
    else watched = null;
    changed();
    await rest();
  };

  const isWatching = (): boolean => watched !== null;

  const watchOutcomes = async (): Promise<void> => {
    if (watched === null) return;
    const read = await readWatch(scope, watched);
    // Somebody may have taken it back meanwhile.
    if (!isWatching()) return;
    if (read.watched.categories.shift !== watched.categories.shift) changed();
    watched = read.watched;
    const { alarm } = read;
    if (alarm.kind === 'none') {
      if (read.hasRead) more();
      return;
    }
    const found = watched;
    if (found.candidate === null) {
      const { slice, evidence } = alarm;
      await deploymentFailed(found, { kind: 'regression', slice, ...evidence });
      return;
    }
    if (alarm.kind === 'rollback') {
      diagnosis.cancel(found.candidate);
      const what = alarm.purpose === 'category' ? `${alarm.evidence.test} grew` : 'a severe loss';
      await takeBack(found, `${what} after probation: taken back at once`, alarm);
      return;
    }
    diagnosis.begin(found.candidate, () => diagnose(found, alarm));
    // A round is not over while a diagnosis is, so nobody is told that all was read; a severe loss may be in the rest.
    if (read.mayHaveMore) more();
  };

  return {
    state: () => ({ watched, handedOver, deployment, deployedUpTo }),
    isReading: () =>
      deployment !== null || (watched !== null && diagnosis.of() !== watched.candidate),
    handOver(survivor) {
      handedOver = [...handedOver, survivor];
    },
    drop(candidate) {
      if (watched?.candidate !== candidate) return;
      diagnosis.cancel(candidate);
      watched = null;
    },
    async follow(newest) {
      if (newest.number <= deployedUpTo) return;
      deployment = await beginDeployment(scope, newest);
      deployedUpTo = newest.number;
      if (watched !== null) watched = followDeployment(watched, newest);
      more();
    },
    async watchSurvivor() {
      const { survivors, watching } = books();
      const newest = survivors.at(-1) ?? (watched === null ? watching : null);
      if (newest === null || watched?.candidate === newest) return;
      const survivor = handedOver.findLast(({ candidate }) => candidate === newest);
      const taken = await beginWatch(
        scope,
        survivor ?? { candidate: newest, watch: null, read: null },
      );
      // It may have been taken back meanwhile.
      const still = books();
      if (!still.survivors.includes(newest) && still.watching !== newest) return;
      watched = taken;
      handedOver = handedOver.slice(survivor === undefined ? 0 : handedOver.indexOf(survivor) + 1);
      await note({ kind: 'watching', candidate: newest });
    },
    async read() {
      await watchDeployment();
      await watchOutcomes();
    },
  };
}
