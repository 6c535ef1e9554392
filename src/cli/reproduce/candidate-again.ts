import { z } from 'zod';

import { gateBasis } from '../../contracts/gate-basis.js';
import { firstDifference } from '../../domain/first-difference.js';
import { decideAgain, diagnoseAgain } from '../../domain/gate/committed-pair.js';
import type { Scope } from '../../domain/ids.js';
import type { Json, JsonObject } from '../../domain/json.js';
import type { CandidateLife, EvaluatedRecord } from '../../store/candidate-queries.js';
import { auditAgain } from './audit-again.js';

/** How many decisions were derived again, and the first that came out otherwise. */
export interface Derived {
  readonly decisions: number;
  readonly difference: string | null;
}

/** Every verdict of a candidate from its committed pairs, and its states from its audit. */
export function candidateAgain(
  { tenant }: Scope,
  life: CandidateLife,
  records: readonly EvaluatedRecord[],
): Derived {
  let decisions = 0;
  for (const [index, record] of records.entries()) {
    const difference = verdictDifference(`gateRecords[${String(index)}]`, life, record);
    if (difference !== null) return { decisions, difference };
    decisions += 1;
  }
  const { transitions, difference } = auditAgain(tenant, life.audit, life.candidate.state);
  return { decisions: decisions + transitions, difference };
}

function verdictDifference(
  where: string,
  life: CandidateLife,
  record: EvaluatedRecord,
): string | null {
  const { basis: _basis, ...stored } = record.summary;
  const basis = gateBasis(record.summary);
  if (basis === null) return `${where}.summary.basis: stored none, expected policy and slice plan`;
  const pairs = life.pairs
    .filter(
      ({ purpose, evaluation }) => purpose === record.purpose && evaluation === record.evaluation,
    )
    .sort((left, right) => left.index - right.index);
  const isGate = record.purpose === 'gate';
  const derived = decideAgain(basis, isGate ? pairs : []);
  const { verdict, reason } = derived;
  return (
    firstDifference(
      where,
      { verdict: record.verdict, reason: record.reason },
      { verdict, reason },
    ) ??
    firstDifference(`${where}.alpha`, record.alpha, basis.policy.alpha) ??
    firstDifference(`${where}.summary`, stored, plain(derived)) ??
    (isGate ? null : firstDifference(`${where}.diagnosis`, basis.diagnosis, diagnoseAgain(pairs)))
  );
}

/** As the record stores it: what is not finite is null. */
function plain(value: unknown): JsonObject {
  const text: Json = z.json().parse(JSON.parse(JSON.stringify(value)));
  return z.record(z.string(), z.json()).parse(text);
}
