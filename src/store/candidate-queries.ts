import type { Pool } from 'pg';

import type { AuditEntry, CandidateRow, GateRecord, PairRow } from '../activities/store.js';
import { gateBasis } from '../contracts/gate-basis.js';
import { NotFoundError } from '../domain/errors.js';
import type { Feedback } from '../domain/feedback.js';
import { readDiagnosis, readGate, type TestReading } from '../domain/gate/gate-trace.js';
import type { AgentId, CandidateId, EpisodeId, Scope, TenantId, VersionId } from '../domain/ids.js';
import type { EpisodeLabel } from '../domain/label.js';
import type { LessonRevision } from '../domain/lesson.js';
import type { LessonRef } from '../domain/strategy.js';
import { auditAt, auditStore } from './audit.js';
import { bisectStore } from './bisect.js';
import { candidateStore } from './candidates.js';
import { episodeStore } from './episodes.js';
import { evidenceStore, pairOf, PAIR_COLUMNS, type PairRecord } from './evidence.js';
import { feedbackStore } from './feedback.js';
import { strategyQueries } from './strategy-queries.js';
import { withTenant } from './transaction.js';

/** A committed pair with the evaluation it belongs to: another baseline is another evaluation. */
export interface EvaluatedPair extends PairRow {
  readonly purpose: GateRecord['purpose'];
  readonly evaluation: number;
}

/** A verdict with the evaluation it belongs to. */
export interface EvaluatedRecord extends GateRecord {
  readonly evaluation: number;
}

/** A verdict with every test behind it; none where the record does not say what it was decided by. */
export interface DecidedRecord extends EvaluatedRecord {
  readonly tests: readonly TestReading[];
}

/** Everything there is about one candidate. */
export interface CandidateLife {
  readonly candidate: CandidateRow;
  readonly audit: readonly AuditEntry[];
  readonly gateRecords: readonly DecidedRecord[];
  readonly pairs: readonly EvaluatedPair[];
  /** Episodes whose proposals it took in. */
  readonly proposedBy: readonly EpisodeId[];
  /** The candidate it is a half of; null for a whole one. */
  readonly halfOf: CandidateId | null;
  /** What it was parted in when its gate had rejected it. */
  readonly halves: readonly CandidateId[];
}

/** Where a lesson that an episode used came from. */
export interface LessonOrigin {
  readonly lesson: LessonRevision;
  /** Candidates whose bundle held this revision, with their verdicts and who decided what. */
  readonly candidates: readonly Pick<
    CandidateLife,
    'candidate' | 'gateRecords' | 'audit' | 'halfOf' | 'halves'
  >[];
}

export interface Why {
  readonly episode: EpisodeId;
  readonly version: VersionId;
  /** What made the version the one that served: the change of the pointer that brought it in. */
  readonly versionAudit: readonly AuditEntry[];
  readonly lessons: readonly LessonOrigin[];
  readonly feedback: readonly Feedback[];
  /** What all sources together make of the outcome; null where none but an evaluator spoke. */
  readonly label: EpisodeLabel | null;
}

export interface CandidateQueries {
  /** The tenant and agent a candidate belongs to. */
  scopeOfCandidate(tenant: TenantId, id: CandidateId): Promise<Scope>;
  candidateLife(tenant: TenantId, id: CandidateId): Promise<CandidateLife>;
  /** Its verdicts and diagnoses, oldest first. */
  evaluatedRecords(tenant: TenantId, id: CandidateId): Promise<readonly EvaluatedRecord[]>;
  /** What stands behind what the agent did in an episode. */
  why(tenant: TenantId, episode: EpisodeId): Promise<Why>;
}

/** More audit entries than a candidate's life can have. */
const ALL = 10_000;

export function candidateQueries(pool: Pool): CandidateQueries {
  const { auditOf } = auditStore(pool);
  const { candidate: readCandidate } = candidateStore(pool);
  const { gateRecords } = evidenceStore(pool);
  const { relativesOf } = bisectStore(pool);
  const { episode: readEpisode } = episodeStore(pool);
  const { feedbackOf, labelOf } = feedbackStore(pool);
  const strategies = strategyQueries(pool);

  async function pairsOf(tenant: TenantId, id: CandidateId): Promise<readonly EvaluatedPair[]> {
    return withTenant(pool, tenant, async (client) => {
      const { rows } = await client.query<
        PairRecord & { readonly purpose: GateRecord['purpose']; readonly evaluation: number }
      >(
        `select purpose, evaluation, ${PAIR_COLUMNS} from pairs
         where tenant = $1 and candidate = $2 order by evaluation, purpose, number`,
        [tenant, id],
      );
      return rows.map((row) => ({
        ...pairOf(row),
        purpose: row.purpose,
        evaluation: row.evaluation,
      }));
    });
  }

  async function evaluatedRecords(
    tenant: TenantId,
    id: CandidateId,
  ): Promise<readonly EvaluatedRecord[]> {
    const records = await gateRecords(tenant, id);
    const numbers = await withTenant(pool, tenant, async (client) => {
      const { rows } = await client.query<{ readonly evaluation: number }>(
        'select evaluation from gate_records where tenant = $1 and candidate = $2 order by number',
        [tenant, id],
      );
      return rows;
    });
    return records.map((record, index) => ({
      ...record,
      evaluation: numbers[index]?.evaluation ?? 0,
    }));
  }

  async function decided(
    tenant: TenantId,
    id: CandidateId,
  ): Promise<Omit<CandidateLife, 'proposedBy'>> {
    const candidate = await readCandidate(tenant, id);
    if (candidate === null) {
      throw new NotFoundError('candidate', id, 'ask `ratchet candidates` for those there are');
    }
    const pairs = await pairsOf(tenant, id);
    const records = await evaluatedRecords(tenant, id);
    return {
      candidate,
      pairs,
      gateRecords: records.map((record) => ({ ...record, tests: testsBehind(record, pairs) })),
      audit: await auditOf(tenant, { kind: 'candidate', id }, ALL),
      ...(await relativesOf(tenant, id)),
    };
  }

  async function originOf(scope: Scope, ref: LessonRef): Promise<LessonOrigin | undefined> {
    const lesson = (await strategies.revisions(scope, ref.lesson)).find(
      ({ revision }) => revision === ref.revision,
    );
    if (lesson === undefined) return undefined;
    const holding = await withTenant(pool, scope.tenant, async (client) => {
      const { rows } = await client.query<{ readonly candidate: CandidateId }>(
        `select c.candidate from candidate_lessons l join candidates c using (tenant, candidate)
         where l.tenant = $1 and l.agent = $2 and l.lesson = $3 and l.revision = $4
         order by c.number`,
        [scope.tenant, scope.agent, ref.lesson, ref.revision],
      );
      return rows;
    });
    const candidates = [];
    for (const { candidate } of holding) {
      const { pairs: _pairs, ...known } = await decided(scope.tenant, candidate);
      candidates.push(known);
    }
    return { lesson, candidates };
  }

  return {
    scopeOfCandidate: (tenant, id) =>
      withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<{ readonly agent: AgentId }>(
          'select agent from candidates where tenant = $1 and candidate = $2',
          [tenant, id],
        );
        const [row] = rows;
        if (row !== undefined) return { tenant, agent: row.agent };
        throw new NotFoundError('candidate', id, 'ask `ratchet candidates` for those there are');
      }),

    candidateLife: async (tenant, id) => {
      const proposedBy = await withTenant(pool, tenant, async (client) => {
        const { rows } = await client.query<{ readonly episode: EpisodeId }>(
          `select distinct p.episode, p.task_number from lineage g
           join proposals p on p.tenant = g.tenant and p.id = g.to_id
           where g.tenant = $1 and g.from_kind = 'candidate' and g.from_id = $2
             and g.to_kind = 'proposal'
           order by p.task_number, p.episode`,
          [tenant, id],
        );
        return rows.map((row) => row.episode);
      });
      return { ...(await decided(tenant, id)), proposedBy };
    },

    evaluatedRecords,

    why: async (tenant, id) => {
      const episode = await readEpisode(tenant, id);
      if (episode === null) {
        throw new NotFoundError('episode', id, 'ask `ratchet episodes` for those there are');
      }
      const lessons: LessonOrigin[] = [];
      for (const used of episode.recalled) {
        const origin = await originOf(episode.scope, used);
        if (origin !== undefined) lessons.push(origin);
      }
      return {
        episode: id,
        version: episode.version,
        versionAudit: await broughtIn(pool, episode.scope, episode.version),
        lessons,
        feedback: await feedbackOf(tenant, id),
        label: await labelOf(tenant, id),
      };
    },
  };
}

/** What the tests of a verdict came to, from the pairs of its evaluation. */
function testsBehind(
  record: EvaluatedRecord,
  pairs: readonly EvaluatedPair[],
): readonly TestReading[] {
  const basis = gateBasis(record.summary);
  if (basis === null) return [];
  const own = pairs.filter(
    ({ purpose, evaluation }) => purpose === record.purpose && evaluation === record.evaluation,
  );
  return record.purpose === 'gate' ? readGate(basis, own) : readDiagnosis(own);
}

/** The audit entries of the changes that made a version the active one. */
async function broughtIn(
  pool: Pool,
  scope: Scope,
  version: VersionId,
): Promise<readonly AuditEntry[]> {
  return withTenant(pool, scope.tenant, async (client) => {
    const { rows } = await client.query<{ readonly audit_sequence: number }>(
      `select c.audit_sequence from pointer_changes c
       left join pointer_changes before on before.tenant = c.tenant and before.agent = c.agent
         and before.number = c.number - 1
       where c.tenant = $1 and c.agent = $2 and c.active = $3
         and before.active is distinct from c.active`,
      [scope.tenant, scope.agent, version],
    );
    const sequences = rows.map((row) => row.audit_sequence);
    return auditAt(client, scope.tenant, sequences);
  });
}
