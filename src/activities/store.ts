import type { AuditStore } from './audit-store.js';
import type { CandidateStore } from './candidate-store.js';
import type { ClusterStore } from './cluster-store.js';
import type { EpisodeStore } from './episode-store.js';
import type { EvidenceStore } from './evidence-store.js';
import type { JudgementStore } from './judgement-store.js';
import type { MaintenanceStore } from './maintenance-store.js';
import type { OutcomeStore } from './outcome-store.js';
import type { StrategyStore } from './strategy-store.js';
import type { UtilityStore } from './utility-store.js';
import type { VectorStore } from './vector-store.js';

export type { AuditEntry } from './audit-store.js';
export type {
  CandidateRow,
  DisputeDraft,
  DisputedLesson,
  Half,
  ProposalRow,
  Proposed,
  Transition,
} from './candidate-store.js';
export type {
  CallStart,
  Conversation,
  EffectRow,
  OpenEpisode,
  StoredEpisode,
} from './episode-store.js';
export type { GateRecord, PairRow, PoolTask } from './evidence-store.js';
export type { JudgeCall, JudgedPair } from './judgement-store.js';
export type { LiveOutcome, OutcomePage, ServedCount } from './outcome-store.js';
export type { OutcomeReference, Pointer, PointerChange, StratumCount } from './strategy-store.js';

/**
 * What the activities need of a database; one door to its parts. Every call is one transaction, bound to
 * one tenant, and safe to repeat: a key decides, or a compare-and-set. The Postgres store is the
 * implementation.
 */
export interface Store
  extends
    EpisodeStore,
    ClusterStore,
    JudgementStore,
    StrategyStore,
    CandidateStore,
    EvidenceStore,
    OutcomeStore,
    UtilityStore,
    VectorStore,
    MaintenanceStore,
    AuditStore {}
