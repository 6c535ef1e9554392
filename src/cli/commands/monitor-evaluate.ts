import { MonitorLine } from '../../contracts/evaluation-lines.js';
import type { LiveOutcome } from '../../domain/gate/live-outcome.js';
import { stratumOf } from '../../domain/gate/live-outcome.js';
import {
  addPromotionOutcome,
  emptyPromotionMonitor,
  type PromotionMonitorState,
} from '../../domain/gate/promotion-monitor.js';
import { summarizePromotion, type PromotionSummary } from '../../domain/gate/promotion-summary.js';
import { addReferenceOutcome, type Strata } from '../../domain/gate/strata.js';
import type { CommandContext } from '../command.js';
import { expectNext } from '../evaluate/expect-next.js';
import { EXIT } from '../exit-codes.js';
import { readJsonLines } from '../json-lines.js';
import { MalformedInputError, placeOf } from '../malformed-input.js';
import { textTable } from '../text-table.js';

/** What `monitor evaluate` answers; `t` and `at` are the numbers of lines as they stand in the input. */
interface MonitorAnswer extends Pick<PromotionSummary, 'action' | 'slice' | 'diagnosis'> {
  readonly alarms: readonly {
    readonly t: number;
    readonly scope: PromotionMonitorState['alarms'][number]['scope'];
    readonly slice: string | null;
    readonly logE: number;
  }[];
  readonly at: number | null;
  readonly delay: number | null;
}

/** The watch over a promotion as the lines tell it: plain values, folded line by line. */
interface Watch {
  /** Version of the first line, which serves before the promotion. */
  readonly before?: string;
  readonly strata: Strata;
  readonly promotion?: {
    readonly t: number;
    readonly version: string;
    readonly monitor: PromotionMonitorState;
    /** t of each alarm, and of the action that stands. */
    readonly alarmedAt: readonly number[];
    readonly actedAt: number | null;
  };
}

/** Above this a stratum has too few outcomes to be compared with its past, and S * A is out of reach. */
const MOST_STRATA = 1_000;

/** Watches live outcomes from standard input for harm by a promotion, as the workflow does in probation. */
export async function runMonitorEvaluate({
  io,
  input,
  signal,
}: Pick<CommandContext, 'io' | 'input' | 'signal'>): Promise<number> {
  let watch: Watch = { strata: {} };
  const strata = new Set<string>();
  await readJsonLines(
    input,
    MonitorLine,
    (outcome, line) => {
      expectNext('t', outcome.t, line);
      strata.add(stratumOf(outcome.slice ?? {}));
      if (strata.size > MOST_STRATA) {
        const found = `more than ${String(MOST_STRATA)} combinations of slice values`;
        throw new MalformedInputError(placeOf(line), 'slice', found, 'fewer and larger slices');
      }
      watch = addLine(watch, outcome);
    },
    signal,
  );
  const answer = answerOf(watch);
  io.result(answer, textOf(answer));
  return EXIT.ok;
}

/**
 * The first line of another version is the promotion. Of what comes after, lines of the promoted
 * version count; those of any other (an exception, a rollback, a later promotion) say nothing of it.
 */
function addLine(watch: Watch, { t, version, success, slice }: MonitorLine): Watch {
  const outcome: LiveOutcome = { success, slices: slice ?? {} };
  const { before = version, strata, promotion } = watch;
  if (promotion === undefined && version === before) {
    return { before, strata: addReferenceOutcome(strata, outcome) };
  }
  const current = promotion ?? {
    t,
    version,
    monitor: emptyPromotionMonitor(strata),
    alarmedAt: [],
    actedAt: null,
  };
  if (version !== current.version) return watch;
  const monitor = addPromotionOutcome(current.monitor, outcome);
  const raised = monitor.alarms.length > current.monitor.alarms.length;
  const acted = monitor.action.kind !== current.monitor.action.kind;
  return {
    before,
    strata,
    promotion: {
      ...current,
      monitor,
      alarmedAt: raised ? [...current.alarmedAt, t] : current.alarmedAt,
      actedAt: acted ? t : current.actedAt,
    },
  };
}

function answerOf({ promotion }: Watch): MonitorAnswer {
  if (promotion === undefined) {
    return { alarms: [], action: 'none', at: null, slice: null, diagnosis: null, delay: null };
  }
  const { monitor, alarmedAt, actedAt, t } = promotion;
  const { alarms, action, slice, diagnosis } = summarizePromotion(monitor);
  return {
    alarms: alarms.map((alarm, index) => ({
      t: alarmedAt[index] ?? t,
      scope: alarm.scope,
      slice: alarm.slice ?? null,
      logE: alarm.logE,
    })),
    action,
    at: actedAt,
    slice,
    diagnosis,
    delay: actedAt === null ? null : actedAt - t,
  };
}

function textOf({ alarms, action, at, slice, diagnosis, delay }: MonitorAnswer): string {
  if (at === null) return 'none: nothing to blame on a promotion';
  const where = slice === null ? '' : `, ${slice}`;
  const head = `${action}${where}: at ${String(at)}, ${String(delay)} after the promotion; ${String(diagnosis)}`;
  const rows = alarms.map((alarm) => [
    alarm.t,
    alarm.scope,
    alarm.slice ?? '',
    alarm.logE.toFixed(2),
  ]);
  return [head, '', textTable(['t', 'alarm', 'slice', 'ln E'], rows)].join('\n');
}
