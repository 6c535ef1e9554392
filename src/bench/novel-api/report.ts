import { examplesToLearn } from '../../domain/gate/examples-to-learn.js';
import type { RolloutSettings } from '../../contracts/agent.js';

/** What one arm did with one task. */
export interface ArmRun {
  readonly success: boolean;
  readonly modelCalls: number;
  /** Of tools, notes to itself apart. */
  readonly calls: number;
  readonly refused: number;
  /** Lines that it wrote on its scratchpad. */
  readonly noted: number;
  /** Calls with an effect that went well. */
  readonly sent: number;
}

/** When a task was played: before any note served, while notes served a share, or all tasks. */
export type Stage = 'before' | 'canary' | 'after';

export interface PlayedRequest {
  readonly area: string;
  readonly stage: Stage;
  readonly frozen: ArmRun;
  readonly learning: ArmRun;
}

/** What `bench novel-api` prints. */
export interface NovelApiReport {
  readonly model: 'simulated' | 'real';
  readonly seed: number;
  readonly tasks: number;
  readonly rollout: RolloutSettings;
  readonly stages: readonly (ArmPair<ArmSummary> & { readonly stage: Stage; readonly n: number })[];
  /**
   * Tasks until the learning arm's success was certainly above the frozen one's, of all requests and by
   * area (GATE 2.9); null where it never was.
   */
  readonly examplesToLearn: Readonly<Record<string, number | null>>;
  /** Frozen runs, which have no note: how many were refused a call, and how many of these ended well. */
  readonly withinOneTask: {
    readonly refused: number;
    readonly refusedAndRight: number;
    readonly noted: number;
  };
  readonly promotions: readonly PromotedNotes[];
  readonly verdicts: Readonly<Record<string, number>>;
  /** Notes that serve at the end, with the number of tasks that showed each. */
  readonly notes: readonly { readonly text: string; readonly tasks: number }[];
  /** What the API keeps, and what live tasks sent: as many, or a sandbox leaks. */
  readonly entries: { readonly kept: number; readonly sentLive: number };
  readonly wallSeconds: number;
}

export interface PromotedNotes {
  readonly candidate: string;
  readonly lessons: number;
  readonly pairs: number;
  /** Tasks done when it got its first share of them, and when it got them all; null where it did not. */
  readonly canaryAfter: number | null;
  readonly promotedAfter: number | null;
}

interface ArmPair<T> {
  readonly frozen: T;
  readonly learning: T;
}

export interface ArmSummary {
  readonly successes: number;
  /** Right without a refused call. */
  readonly firstTry: number;
  /** Means of a task. */
  readonly calls: number;
  readonly refused: number;
  readonly modelCalls: number;
}

export const STAGES: readonly Stage[] = ['before', 'canary', 'after'];

/** Both arms in each stage that had tasks. */
export function stagesOf(played: readonly PlayedRequest[]): NovelApiReport['stages'] {
  return STAGES.flatMap((stage) => {
    const own = played.filter((each) => each.stage === stage);
    if (own.length === 0) return [];
    return [
      {
        stage,
        n: own.length,
        frozen: summaryOf(own.map(({ frozen }) => frozen)),
        learning: summaryOf(own.map(({ learning }) => learning)),
      },
    ];
  });
}

function summaryOf(runs: readonly ArmRun[]): ArmSummary {
  const mean = (of: (run: ArmRun) => number): number =>
    Math.round((100 * runs.reduce((sum, run) => sum + of(run), 0)) / runs.length) / 100;
  return {
    successes: runs.filter(({ success }) => success).length,
    firstTry: runs.filter(({ success, refused }) => success && refused === 0).length,
    calls: mean(({ calls }) => calls),
    refused: mean(({ refused }) => refused),
    modelCalls: mean(({ modelCalls }) => modelCalls),
  };
}

/** Of all requests, and of each area as a kind of its own. */
export function examplesOf(played: readonly PlayedRequest[]): NovelApiReport['examplesToLearn'] {
  const of = (some: readonly PlayedRequest[]): number | null =>
    examplesToLearn(
      some.map(({ learning }) => Number(learning.success)),
      some.map(({ frozen }) => Number(frozen.success)),
    ) ?? null;
  const areas = [...new Set(played.map(({ area }) => area))].sort();
  return {
    all: of(played),
    ...Object.fromEntries(
      areas.map((area) => [area, of(played.filter((each) => each.area === area))]),
    ),
  };
}

export function withinOneTask(played: readonly PlayedRequest[]): NovelApiReport['withinOneTask'] {
  const refused = played.map(({ frozen }) => frozen).filter((run) => run.refused > 0);
  return {
    refused: refused.length,
    refusedAndRight: refused.filter(({ success }) => success).length,
    noted: refused.filter(({ noted }) => noted > 0).length,
  };
}
