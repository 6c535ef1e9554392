/** One arm's successes over the tasks of a phase. */
export interface ArmCount {
  readonly n: number;
  readonly success: number;
}

export interface DemoPhaseState {
  readonly name: string;
  readonly title: string;
  readonly frozen: ArmCount;
  readonly learning: ArmCount;
  readonly state: 'waiting' | 'running' | 'done';
}

/** What the page shows of a demonstration under way. */
export interface DemoState {
  readonly tenant: string;
  readonly agent: string;
  readonly model: 'simulated' | 'recorded' | 'real';
  readonly phases: readonly DemoPhaseState[];
  /** What happened, newest last. */
  readonly log: readonly string[];
  readonly isDone: boolean;
}
