import type { LiveOutcome } from '../../domain/gate/live-outcome.js';
import {
  addPromotionOutcome,
  emptyPromotionMonitor,
  type PromotionMonitorState,
} from '../../domain/gate/promotion-monitor.js';
import { addReferenceOutcome, type Strata } from '../../domain/gate/strata.js';
import { median } from '../durations.js';
import type { RecordedStream, StreamKind } from './gate-data.js';

/** A loss from which on a regression must be found. */
const LARGE_LOSS = 0.2;

const KINDS: readonly StreamKind[] = [
  'null',
  'improvement',
  'mix_shift',
  'regression',
  'slice_regression',
];

export interface StreamKindReport {
  readonly kind: StreamKind;
  readonly streams: number;
  /** Rolled back or scoped. */
  readonly acted: number;
  readonly drift: number;
  /** Of those whose version lost 20 points or more, in the slice or over all. */
  readonly large: {
    readonly streams: number;
    readonly rolledBack: number;
    readonly scoped: number;
    /** Acted upon with the slice that lost named. */
    readonly rightSlice: number;
    /** Outcomes from the promotion to the action, the acting one among them. */
    readonly medianDelay: number | null;
  };
}

/** What the monitor does with each kind of stream; the stratum is the hardness of the task. */
export function streamReport(
  streams: Iterable<RecordedStream>,
  progress: (done: number) => void,
): readonly StreamKindReport[] {
  const watched: { readonly stream: RecordedStream; readonly action: Action }[] = [];
  for (const stream of streams) {
    watched.push({ stream: { ...stream, rows: [] }, action: watch(stream) });
    progress(watched.length);
  }
  return KINDS.flatMap((kind) => {
    const ofKind = watched.filter(({ stream }) => stream.kind === kind);
    if (ofKind.length === 0) return [];
    const large = ofKind.filter(({ stream }) => stream.difference <= -LARGE_LOSS);
    const acted = large.filter(({ action }) => hasActed(action));
    const delays = acted.flatMap(({ action }) => (action.kind === 'none' ? [] : [action.at]));
    return [
      {
        kind,
        streams: ofKind.length,
        acted: ofKind.filter(({ action }) => hasActed(action)).length,
        drift: ofKind.filter(({ action }) => action.kind === 'drift').length,
        large: {
          streams: large.length,
          rolledBack: large.filter(({ action }) => action.kind === 'rollback').length,
          scoped: large.filter(({ action }) => action.kind === 'scope').length,
          rightSlice: acted.filter(
            ({ stream, action }) =>
              'slice' in action && action.slice === `hardness=${stream.slice ?? ''}`,
          ).length,
          medianDelay: delays.length === 0 ? null : median(delays),
        },
      },
    ];
  });
}

type Action = PromotionMonitorState['action'];

function hasActed({ kind }: Action): boolean {
  return kind === 'rollback' || kind === 'scope';
}

function watch({ rows }: RecordedStream): Action {
  const outcomeOf = ({ hardness, success }: RecordedStream['rows'][number]): LiveOutcome => ({
    success,
    slices: { hardness },
  });
  const before = rows.filter(({ isPromoted }) => !isPromoted).map(outcomeOf);
  const after = rows.filter(({ isPromoted }) => isPromoted).map(outcomeOf);
  const strata = before.reduce<Strata>(addReferenceOutcome, {});
  return after.reduce(addPromotionOutcome, emptyPromotionMonitor(strata)).action;
}
