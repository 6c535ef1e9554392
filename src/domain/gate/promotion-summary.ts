import type { Diagnosis } from './diagnosis.js';
import type {
  PromotionAction,
  PromotionAlarm,
  PromotionMonitorState,
} from './promotion-monitor.js';

/** What the watch over a promotion found, on the outcomes up to `at` alone. */
export interface PromotionSummary {
  readonly alarms: readonly PromotionAlarm[];
  /** The strongest one reached: rollback over scope over drift. */
  readonly action: PromotionAction['kind'];
  /** Outcomes since the promotion when the action was decided, the deciding one among them. */
  readonly at: number | null;
  /** The slice scoped or, at a rollback, the one with the strongest evidence. */
  readonly slice: string | null;
  /** What the stream alone says of the cause; paired replays (`diagnosis`) say more. */
  readonly diagnosis: Diagnosis | null;
}

export function summarizePromotion(state: PromotionMonitorState): PromotionSummary {
  const { action, alarms } = state;
  return {
    alarms,
    action: action.kind,
    at: action.kind === 'none' ? null : action.at,
    slice: 'slice' in action ? action.slice : null,
    diagnosis: diagnosisOf(state),
  };
}

/**
 * A stratum that fell against its own past is a regression, a mean that fell while no stratum did is
 * drift. Where no stratum has a past, a fallen mean may be either: unresolved.
 */
function diagnosisOf({ action, tests }: PromotionMonitorState): Diagnosis | null {
  switch (action.kind) {
    case 'none':
      return null;
    case 'drift':
      return 'drift';
    case 'scope':
    case 'rollback':
      return tests.length > 0 ? 'regression' : 'unresolved';
  }
}
