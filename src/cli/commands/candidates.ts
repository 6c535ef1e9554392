import type { AuditEntry } from '../../activities/store.js';
import { alarmEvidence } from '../../contracts/alarm-evidence.js';
import { DIAGNOSES, gateBasis } from '../../contracts/gate-basis.js';
import { gateEvidence, type GateEvidence } from '../../contracts/gate-evidence.js';
import type { TestReading } from '../../domain/gate/gate-trace.js';
import type { CandidateLife, DecidedRecord } from '../../store/candidate-queries.js';
import type { CommandContext } from '../command.js';
import { findCandidate } from '../finding.js';
import { looking, scopesOf } from '../looking.js';
import { countOf, instant, points } from '../numbers.js';
import { textTable } from '../text-table.js';
import type { OfAgent } from './lessons.js';
import { diffText } from './versions.js';

export function listCandidates(options: OfAgent, context: CommandContext): Promise<number> {
  return looking(context, async (look) => {
    const candidates = [];
    for (const scope of await scopesOf(look, options.agent)) {
      for (const { agent, bundle, lessons, ...row } of await look.store.candidates(scope)) {
        const records = await look.store.gateRecords(scope.tenant, row.id);
        const record = records.filter(({ purpose }) => purpose === 'gate').at(-1);
        candidates.push({
          agent,
          ...row,
          put: bundle.put,
          remove: bundle.remove,
          parameters: bundle.parameters,
          lessons: lessons.length,
          verdict: record?.verdict ?? null,
          verdictReason: record?.reason ?? null,
        });
      }
    }
    const rows = candidates.map((row) => [
      `c${String(row.number)}`,
      row.id,
      row.agent,
      row.state,
      row.verdict === null ? '' : `${row.verdict}: ${row.verdictReason ?? ''}`,
      row.title,
    ]);
    const text =
      rows.length === 0
        ? 'No candidate yet: they come from episodes that failed, recovered or were corrected.'
        : textTable(['no', 'candidate', 'agent', 'state', 'verdict', 'title'], rows);
    context.io.result({ tenant: look.tenant, candidates }, text);
    return 0;
  });
}

export function showCandidate(
  text: string,
  options: OfAgent,
  context: CommandContext,
): Promise<number> {
  return looking(context, async (look) => {
    const { scope, id } = await findCandidate(look, text, options.agent);
    const life = await look.queries.candidateLife(scope.tenant, id);
    const { baseline, version } = life.candidate;
    const diff =
      baseline === null || version === null
        ? null
        : await look.queries.diffVersions(scope, baseline, version);
    const { candidate, ...evidence } = life;
    const shown = [
      ...headLines(life, scope.agent),
      '',
      diff === null ? 'The bundle is still open.' : diffText(diff),
      ...life.gateRecords.flatMap((record) => ['', ...recordLines(record)]),
      '',
      ...auditLines(life.audit),
    ].join('\n');
    context.io.result({ ...scope, ...candidate, diff, ...evidence }, shown);
    return 0;
  });
}

function headLines(
  { candidate, pairs, proposedBy, halfOf, halves }: CandidateLife,
  agent: string,
): string[] {
  return [
    `c${String(candidate.number)} ${candidate.id} of ${agent}: ${candidate.title}`,
    `${candidate.state}: ${candidate.reason}`,
    `baseline ${candidate.baseline ?? 'none yet'}, version ${candidate.version ?? 'none yet'}, ` +
      `proposed by ${countOf(proposedBy.length, 'episode')}, ${countOf(pairs.length, 'pair')}`,
    ...(candidate.state === 'evaluating' && pairs.length === 0 ? [NO_PAIR_YET] : []),
    ...kinshipLines({ halfOf, halves }),
  ];
}

const NO_PAIR_YET =
  'no pair yet: they are made of past tasks whose prompt it changes, then of such tasks as they come';

/** Where a candidate is a half of another, or was parted in two. */
export function kinshipLines({
  halfOf,
  halves,
}: Pick<CandidateLife, 'halfOf' | 'halves'>): string[] {
  return [
    ...(halfOf === null ? [] : [`a half of ${halfOf}`]),
    ...(halves.length === 0 ? [] : [`parted in ${halves.join(' and ')}`]),
  ];
}

/** The numbers behind one verdict: every test with its value and threshold, and what it was made of. */
export function recordLines(record: DecidedRecord): string[] {
  const { purpose, verdict, reason, alpha, seed, evaluation, version, baseline } = record;
  const found = gateBasis(record.summary)?.diagnosis ?? null;
  if (purpose === 'diagnosis' && found !== null) {
    return [
      `diagnosis: ${found}, ${DIAGNOSES[found]} (seed ${String(seed)})`,
      `  evaluation ${String(evaluation)}: ${version} against ${baseline}`,
      ...record.tests.map(testLine),
    ];
  }
  const evidence = gateEvidence(record.summary);
  const head = [
    `${purpose}: ${verdict}, ${reason} (alpha ${alpha.toPrecision(3)}, seed ${String(seed)})`,
    `  evaluation ${String(evaluation)}: ${version} against ${baseline}`,
  ];
  if (evidence === null) return head;
  const { effect, n, logE, threshold } = evidence;
  const replicates = gateBasis(record.summary)?.replicates ?? 1;
  return [
    ...head,
    ...(replicates > 1 ? [`  each pair the mean of ${String(replicates)} runs of either arm`] : []),
    `  effect ${points(effect.mean)} points [${points(effect.lower)}, ${points(effect.upper)}] over ${String(n)} pairs, ` +
      `ln E ${logE === null ? 'none' : logE.toFixed(2)} of ${threshold.toFixed(2)}`,
    ...besideLines(evidence),
    ...evidence.slices.map(
      (slice) =>
        `  ${slice.name}: ${points(slice.mean)} [${points(slice.lower)}, ${points(slice.upper)}] over ${String(slice.n)}, ${slice.verdict}`,
    ),
    ...evidence.categories
      .filter(({ grew }) => grew)
      .map(
        ({ name, baseline: before, candidate }) =>
          `  ${name}: ${String(before)} -> ${String(candidate)}`,
      ),
    ...record.tests.map(testLine),
  ];
}

/** What a verdict is told with: the cost, and the effect with missing outcomes at their worst. */
function besideLines({ cost, worstCase }: GateEvidence): string[] {
  return [
    ...(cost === null
      ? []
      : [
          `  cost ${cost.ratio === null ? 'where the baseline had none' : `${cost.ratio.toFixed(2)} of the baseline's`}, relative difference ` +
            `${points(cost.mean)} % [${points(cost.lower)}, ${points(cost.upper)}] over ${String(cost.n)} pairs: ` +
            `${cost.verdict} by more than ${String(Math.round(1000 * cost.margin) / 10)} %${cost.blocks ? ', which a pass asks for' : ', told and not asked for'}`,
        ]),
    ...(worstCase === null
      ? []
      : [
          worstCase.imputed === 0
            ? '  no outcome is missing: at their worst they change nothing'
            : `  with ${String(worstCase.imputed)} missing outcomes at their worst: effect ${points(worstCase.mean)} points ` +
              `[${points(worstCase.lower)}, ${points(worstCase.upper)}], ln E ${worstCase.logE?.toFixed(2) ?? 'none'}, ` +
              (worstCase.holds ? 'superior still' : 'not superior'),
        ]),
  ];
}

function testLine({ test, of, hypothesis, n, logE, threshold, isReached }: TestReading): string {
  const about = of === null ? test : `${test} ${of}`;
  const reached = isReached ? ', reached' : '';
  return `  ${about} (rejects: ${hypothesis}): ln E ${logE.toFixed(2)} of ${threshold.toFixed(2)} at n ${String(n)}${reached}`;
}

/** Who did what, oldest first. */
export function auditLines(audit: readonly AuditEntry[]): string[] {
  return [...audit]
    .sort((left, right) => left.sequence - right.sequence)
    .map(({ sequence, at, actor, action, reason, detail }) => {
      const evidence = alarmEvidence(detail);
      const because = evidence === null ? reason : `${reason} (${evidence})`;
      return `${instant(at)} #${String(sequence)} ${action} by ${actor.id} (${actor.role}): ${because}`;
    });
}
