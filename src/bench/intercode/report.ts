import type { GateSummary } from '../../domain/gate/gate-summary.js';
import type { ArmName, DatabaseRow, GapShare } from './gap.js';

/** What `bench intercode --mode S` prints; every field is told in FORMATS. */
export interface ModeSReport {
  readonly config: {
    readonly plain: string;
    readonly informed: string;
    readonly explore: string;
    readonly k: number;
    readonly seed: number;
  };
  readonly tasks: number;
  readonly arms: Readonly<Record<ArmName, { readonly n: number; readonly successes: number }>>;
  readonly perDatabase: readonly DatabaseRow[];
  readonly gap: GapShare;
  readonly verdicts: Readonly<Record<VerdictName, number>>;
  readonly promotions: readonly PromotionRow[];
  readonly lessons: readonly LessonReportRow[];
  readonly wrongSchema: { readonly verdict: string; readonly pairs: number };
  readonly episodes: readonly EpisodeRow[];
}

export type VerdictName = 'pass' | 'reject' | 'inconclusive' | 'hold';

export interface PromotionRow {
  readonly id: string;
  /** Tasks done by then. */
  readonly at: number;
  readonly alpha: number;
  readonly lessons: readonly string[];
  /** Task, baseline, candidate; in the gate's order. */
  readonly pairs: readonly (readonly [string, number, number])[];
}

export interface LessonReportRow {
  /** `lesson@revision`: another text is another id. */
  readonly id: string;
  readonly text: string;
  readonly evidence: readonly EvidenceRow[];
}

/** A step of a recorded run. */
export interface EvidenceRow {
  readonly task: string;
  readonly config: string;
  readonly step: number;
}

export interface EpisodeRow {
  readonly task: string;
  readonly arm: 'learning' | 'shuffled' | 'placebo';
  readonly lessons: readonly string[];
  /** The configuration that was played. */
  readonly played: string;
  readonly success: boolean;
}

/** What `bench intercode --mode R` prints. */
export interface ModeRReport {
  readonly mode: 'R';
  readonly configs: readonly {
    readonly config: string;
    readonly runs: number;
    readonly successes: number;
    readonly steps: number;
    readonly selects: number;
    readonly alike: number;
  }[];
  readonly selects: number;
  readonly alike: number;
  readonly share: number;
}

/** What `bench intercode --mode P` prints: two configurations, and what the gate says of them. */
export interface ModePReport extends GateSummary {
  readonly mode: 'P';
  /** The baseline. */
  readonly plain: string;
  /** The candidate. */
  readonly informed: string;
}
