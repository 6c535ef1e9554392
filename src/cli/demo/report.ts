import type { AuditEntry, CandidateRow } from '../../activities/store.js';
import { examplesToLearn } from '../../domain/gate/examples-to-learn.js';
import { defaultLedgerPolicy } from '../../domain/gate/ledger.js';
import type { RolloutSettings } from '../../contracts/agent.js';
import type { Scope } from '../../domain/ids.js';
import type { House } from '../house.js';
import type { PlayedTask } from './story-runner.js';
import { shortId } from './story-runner.js';

/** What `demo --once --report FILE` writes (FORMATS, `demo`). */
export interface DemoReport {
  readonly seed: number;
  readonly model: 'simulated' | 'recorded' | 'real';
  readonly settings: {
    readonly alpha: number;
    readonly ledger: string;
    readonly rollout: RolloutSettings;
  };
  readonly phases: readonly {
    readonly name: string;
    readonly frozen: { readonly n: number; readonly success: number };
    readonly learning: { readonly n: number; readonly success: number };
  }[];
  readonly verdicts: readonly {
    readonly candidate: string;
    readonly verdict: string;
    readonly reason: string;
    readonly pairs: number;
    readonly logE: number;
  }[];
  readonly promotions: readonly {
    readonly candidate: string;
    readonly at: number;
    readonly lessons: number;
  }[];
  readonly rollbacks: readonly {
    readonly candidate: string;
    readonly automatic: boolean;
    readonly stage: 'canary' | 'probation';
    readonly tasksToAlarm: number;
  }[];
  readonly diagnoses: readonly { readonly candidate: string; readonly conclusion: string }[];
  readonly poisoned: { readonly offered: number; readonly active: number };
  readonly examplesToLearn: number | null;
  readonly links: {
    readonly dashboard: string | null;
    readonly temporal: string | null;
    readonly tenant: string;
  };
  readonly wallSeconds: number;
}

/** What the report is read off. */
type Reported = Pick<House, 'store' | 'temporalUi'>;

interface ReportInput {
  readonly house: Reported;
  readonly scope: Scope;
  readonly seed: number;
  readonly model: DemoReport['model'];
  readonly rollout: RolloutSettings;
  readonly phases: readonly { readonly name: string }[];
  readonly played: readonly PlayedTask[];
  readonly poisoned: number;
  readonly poisoners: readonly string[];
  readonly dashboard: string | null;
  readonly startedMs: number;
}

/** Reads the report off the store, where every decision of the story was recorded. */
export async function demoReport(input: ReportInput): Promise<DemoReport> {
  const { house, scope, played } = input;
  const rows = await house.store.candidates(scope);
  const audit = [...(await house.store.auditOf(scope.tenant, null, 10_000))].sort(
    (left, right) => left.sequence - right.sequence,
  );
  const { tenant } = scope;
  return {
    seed: input.seed,
    model: input.model,
    settings: {
      alpha: defaultLedgerPolicy.falseDiscoveryRate,
      ledger: defaultLedgerPolicy.mode,
      rollout: input.rollout,
    },
    phases: input.phases.map(({ name }) => phaseOf(name, played)),
    verdicts: (await Promise.all(rows.map((row) => verdictsOf(house, scope, row)))).flat(),
    promotions: promotionsOf(audit, rows),
    rollbacks: audit.filter(({ action }) => action === 'rolled-back').map(rollbackOf),
    diagnoses: audit
      .filter(({ action }) => ['drift', 'unresolved', 'regression'].includes(action))
      .map(({ object, action }) => ({ candidate: shortId(object.id), conclusion: action })),
    poisoned: { offered: input.poisoned, active: await activePoison(input) },
    examplesToLearn:
      examplesToLearn(
        played.map(({ learning }) => learning),
        played.map(({ frozen }) => frozen),
      ) ?? null,
    links: { dashboard: input.dashboard, temporal: house.temporalUi, tenant },
    wallSeconds: Math.round((Date.now() - input.startedMs) / 100) / 10,
  };
}

/** Successes of both arms over the tasks of one phase. */
export function phaseOf(name: string, played: readonly PlayedTask[]): DemoReport['phases'][number] {
  const own = played.filter(({ phase }) => phase === name);
  const n = own.length;
  const successes = (arm: 'frozen' | 'learning'): number =>
    own.filter((task) => task[arm] >= 0.5).length;
  return {
    name,
    frozen: { n, success: successes('frozen') },
    learning: { n, success: successes('learning') },
  };
}

async function verdictsOf(
  house: Reported,
  scope: Scope,
  row: CandidateRow,
): Promise<DemoReport['verdicts']> {
  const records = await house.store.gateRecords(scope.tenant, row.id);
  return records
    .filter(({ purpose }) => purpose === 'gate')
    .map(({ verdict, reason, summary }) => ({
      candidate: shortId(row.id),
      verdict,
      reason,
      pairs: numberOf(summary['n']),
      logE: numberOf(summary['logE']),
    }));
}

function promotionsOf(
  audit: readonly AuditEntry[],
  rows: readonly CandidateRow[],
): DemoReport['promotions'] {
  return audit
    .filter(({ action }) => action === 'probation')
    .map(({ object, detail }) => ({
      candidate: shortId(object.id),
      at: numberOf(detail['at']),
      lessons: rows.find(({ id }) => id === object.id)?.lessons.length ?? 0,
    }));
}

function rollbackOf({ object, detail }: AuditEntry): DemoReport['rollbacks'][number] {
  return {
    candidate: shortId(object.id),
    automatic: detail['automatic'] === true,
    stage: detail['stage'] === 'canary' ? 'canary' : 'probation',
    tasksToAlarm: numberOf(detail['outcomes']),
  };
}

/** Lessons serving now that came from whoever gave the poisonous feedback. */
async function activePoison({ house, scope, poisoners }: ReportInput): Promise<number> {
  const pointer = await house.store.pointer(scope);
  if (pointer === null) return 0;
  const serving = await house.store.lessonsServing(scope, pointer.active);
  return serving.filter(({ sources }) =>
    sources.some(({ principal }) => poisoners.includes(principal)),
  ).length;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
