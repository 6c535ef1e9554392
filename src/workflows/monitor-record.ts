import type { PromotionMonitorState } from '../domain/gate/promotion-monitor.js';

/** Which test crossed, at what value and threshold, over how many outcomes. */
export interface AlarmRecord {
  readonly test: string;
  readonly logE: number;
  /** ln of the value at which it alarms. */
  readonly threshold: number;
  readonly n: number;
}

/** The newest alarm of the watch over a promotion (GATE 2.12). */
export function alarmRecord({
  alarms,
  policy,
  tests,
  outcomes,
}: PromotionMonitorState): AlarmRecord {
  const alarm = alarms.at(-1);
  const thresholds = {
    all: policy.threshold,
    slice: tests.length * policy.threshold,
    raw: policy.raw.threshold,
  };
  const scope = alarm?.scope ?? 'all';
  // The only stratum of an agent without slices has no name: it is all there is.
  const slice = alarm?.slice ?? '';
  const where = slice === '' ? (scope === 'slice' ? 'all' : scope) : `${scope} ${slice}`;
  return {
    test: `promotion monitor, ${where}`,
    logE: alarm?.logE ?? 0,
    threshold: Math.log(thresholds[scope]),
    n: alarm?.at ?? outcomes,
  };
}
