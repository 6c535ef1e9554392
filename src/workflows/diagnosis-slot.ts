import { CancellationScope, isCancellation } from '@temporalio/workflow';

import type { CandidateId } from '../domain/ids.js';
import { messageOf } from './journal.js';

/** After a failure of work in the background. */
export const RETRY_MS = 3_600_000;

/** One diagnosis at a time, in the background: what serves is watched on meanwhile. */
export interface DiagnosisSlot {
  /** Whose diagnosis is under way. */
  readonly of: () => CandidateId | null;
  /** Milliseconds until another may begin, after one that failed; 0 where none is waited for. */
  readonly pauseMs: () => number;
  /** Begins unless another one is under way or failed lately; false where it did not. */
  readonly begin: (candidate: CandidateId, work: () => Promise<void>) => boolean;
  /** Ends what is under way for this candidate. */
  readonly cancel: (candidate: CandidateId) => void;
}

/** `over` is called whenever one has ended, with what went wrong. */
export function diagnosisSlot(over: (trouble: string | null) => void): DiagnosisSlot {
  let running: { readonly candidate: CandidateId; readonly scope: CancellationScope } | null = null;
  let againMs = 0;
  const pauseMs = (): number => Math.max(0, againMs - Date.now());
  return {
    of: () => running?.candidate ?? null,
    pauseMs,
    begin(candidate, work) {
      if (running !== null || pauseMs() > 0) return false;
      const scope = new CancellationScope();
      running = { candidate, scope };
      let trouble: string | null = null;
      void scope
        .run(work)
        .catch((error: unknown) => {
          if (isCancellation(error)) return;
          trouble = `a diagnosis failed: ${messageOf(error)}`;
          againMs = Date.now() + RETRY_MS;
        })
        .finally(() => {
          running = null;
          over(trouble);
        });
      return true;
    },
    cancel(candidate) {
      if (running?.candidate === candidate) running.scope.cancel();
    },
  };
}
