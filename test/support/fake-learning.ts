import type { DrawAnswer, DrawnTask, DrawRequest } from '../../src/activities/draws.js';
import type { AttributionAnswer } from '../../src/activities/episode-attribution.js';
import type {
  CanaryAnswer,
  EvaluationPlan,
  LearningActivities,
  MergeAnswer,
  OfCandidate,
  OfEpisode,
  OutcomeRead,
  ProposeAnswer,
  ReadRequest,
  ReferenceAnswer,
  RollbackRequest,
  RolloutRequest,
  TransitionRequest,
  ValidationAnswer,
  VerdictRecord,
} from '../../src/activities/learning-activities.js';
import { assertActive } from '../../src/activities/candidate-reading.js';
import type { Messenger } from '../../src/activities/messenger.js';
import type {
  LiveOutcome,
  PairRow,
  ServedCount,
  StratumCount,
} from '../../src/activities/store.js';
import { candidateId, episodeId, taskId, versionId } from '../../src/contracts/ids.js';
import { unknownBlame } from '../../src/domain/attribution/blame.js';
import { blameOf } from '../../src/domain/attribution/ladder.js';
import { isEnd, mayFollow, type CandidateState } from '../../src/domain/candidate.js';
import { ConflictError } from '../../src/domain/errors.js';
import type { Actor } from '../../src/domain/feedback.js';
import { stratumOf } from '../../src/domain/gate/live-outcome.js';
import { defaultRolloutPolicy } from '../../src/domain/gate/rollout.js';
import type { CandidateId, EpisodeId, Scope, VersionId } from '../../src/domain/ids.js';
import type { Json, JsonObject } from '../../src/domain/json.js';
import { booksOf, type JournalEntry } from '../../src/domain/learner-journal.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import { permutation } from '../../src/domain/random.js';
import {
  asksForDiagnosis,
  planRetreat,
  type StandingPromotion,
} from '../../src/domain/rollback.js';
import { aDraft } from './store-builders.js';

export interface FakeCandidate {
  readonly id: CandidateId;
  readonly workflowId: string;
  readonly keys: Set<string>;
  state: CandidateState;
  isClosed: boolean;
  baseline: VersionId;
  version: VersionId;
  attempt: number;
}

export interface AuditLine {
  readonly candidate: CandidateId | null;
  readonly to: string;
  readonly actor: Actor;
  readonly reason: string;
  readonly detail: JsonObject;
}

interface Proposal {
  readonly episode: EpisodeId;
  readonly key: string;
  fate: { readonly carrier: string | null; readonly candidate: CandidateId | null } | null;
}

export const BASELINE = versionId('v0');

/** A pool of tasks, numbered from `from`. */
export function aPool(
  size: number,
  from = 1,
  slices: (index: number) => Readonly<Record<string, string>> = () => ({}),
): readonly Omit<DrawnTask, 'episodes'>[] {
  return Array.from({ length: size }, (_none, index) => ({
    task: taskId(`p${String(from + index)}`),
    number: from + index,
    slices: slices(index),
  }));
}

/**
 * The learning of one agent in memory, with the promises of the real activities: proposals merged by
 * key, transitions that must follow one another, one pointer, outcomes read by cursor and woken once.
 */
export class FakeLearning implements LearningActivities {
  readonly audit: AuditLine[] = [];
  readonly candidates = new Map<CandidateId, FakeCandidate>();
  readonly pairs: PairRow[] = [];
  readonly commits: (readonly number[])[] = [];
  readonly verdicts: VerdictRecord[] = [];
  readonly reflected = new Map<string, string>();
  readonly categoryShifts: Parameters<LearningActivities['noteCategoryShift']>[0][] = [];
  readonly diagnoses: { readonly conclusion: string; readonly detail: JsonObject }[] = [];
  /** What was found after rollbacks in probation. */
  readonly explained: Parameters<LearningActivities['concludeRollback']>[0][] = [];
  readonly reservations = new Map<CandidateId, number>();
  readonly canaryShares: number[] = [];
  readonly scoped: string[] = [];
  /** Failed episodes of each drift. */
  readonly drifts: (readonly EpisodeId[])[] = [];
  readonly notes: AuditLine[] = [];
  readonly aaChecks: Parameters<LearningActivities['noteAaCheck']>[0][] = [];
  readonly disarmed: string[] = [];
  readonly draws: DrawRequest[] = [];
  readonly journal: JournalEntry[] = [];
  /** What the next looks at proposals fail with. */
  readonly mergeFailures: Error[] = [];
  mergesBegun = 0;
  /** What the next merge waits for. */
  mergesAfter: () => Promise<unknown> = () => Promise.resolve();
  writesBegun = 0;
  /** What the next write to the journal waits for. */
  writesAfter: () => Promise<unknown> = () => Promise.resolve();
  readonly reads: ReadRequest[] = [];
  readonly judgedReplays: AttributionAnswer['replay'][] = [];
  active: VersionId = BASELINE;
  canary: CandidateId | null = null;
  frozen = false;
  pinned: string | null = null;

  // What a test scripts.
  draftsOf: (episode: EpisodeId) => readonly LessonDraft[] = () => [aDraft('customers')];
  explorationOf: (episode: EpisodeId) => ProposeAnswer['exploration'] = () => null;
  refusal: { readonly code: string; readonly message: string } | null = null;
  blame: AttributionAnswer = { ...blameOf([unknownBlame('nothing stands out')], []), replay: null };
  pool: readonly Omit<DrawnTask, 'episodes'>[] = aPool(60);
  /** Whether a bundle of weight waits for the evaluation to make way. */
  yields = false;
  /** The pinned regression set. */
  pinnedCases: readonly Omit<DrawnTask, 'episodes'>[] = [];
  plan: Partial<EvaluationPlan> = {};
  policy: Partial<DrawAnswer['policy']> = {};
  touches = false;
  /** Whether what was promoted can be narrowed to leave a slice out. */
  isScopable = true;
  hasAaCheck = false;
  /** Whether a rollback in probation is looked into, by pairs that take their time. */
  looksIntoRollbacks = false;
  maxPairs = 400;
  /** Merged proposals of which nobody is told, as after a crash between the two. */
  isMute = false;
  strata: readonly StratumCount[] = [{ slices: {}, n: 300, failures: 30 }];
  ownStrata: readonly StratumCount[] = [{ slices: {}, n: 300, failures: 6 }];

  /** Tasks of the version before whose outcome is not decided when a reference is taken. */
  pending: readonly number[] = [];
  criticalCategories: readonly string[] = [];
  deployment: NonNullable<MergeAnswer['deployment']> | null = null;

  readonly #proposals: Proposal[] = [];
  readonly #outcomes: LiveOutcome[] = [];
  readonly #late: LiveOutcome[] = [];
  readonly #watching = new Set<string>();
  #unknown = 0;
  #unknownBy: Partial<ServedCount> = {};
  readonly #scope: Scope;
  readonly #messenger: Messenger;

  constructor(scope: Scope, messenger: Messenger) {
    this.#scope = scope;
    this.#messenger = messenger;
  }

  /** The only candidate there is. */
  get candidate(): FakeCandidate {
    const [only] = this.candidates.values();
    if (only === undefined) throw new Error('No candidate was opened');
    return only;
  }

  states(candidate = this.candidate.id): readonly string[] {
    return this.audit.filter((line) => line.candidate === candidate).map(({ to }) => to);
  }

  last(to: string): AuditLine | undefined {
    return this.audit.findLast((line) => line.to === to);
  }

  /** Live outcomes, in assignment order; whoever watches is woken once. */
  async live(
    outcomes: readonly {
      readonly success: number | null;
      readonly version?: VersionId;
      readonly arm?: LiveOutcome['arm'];
      readonly slices?: Readonly<Record<string, string>>;
      readonly category?: string;
      readonly isVoid?: boolean;
    }[],
  ): Promise<void> {
    for (const {
      success,
      version = this.active,
      arm = 'active',
      slices = {},
      ...more
    } of outcomes) {
      const number = this.#newest() + 1;
      const episode = episodeId(`live-${String(number)}`);
      const { category = success === 1 ? 'ok' : 'failed' } = more;
      const outcome = { number, episode, version, arm, slices, success, category };
      this.#outcomes.push(more.isVoid === true ? { ...outcome, isVoid: true } : outcome);
    }
    const woken = [...this.#watching];
    this.#watching.clear();
    await Promise.all(woken.map((workflowId) => this.#messenger.wake(workflowId)));
  }

  /** Outcomes of the version before that are decided from here on. */
  async late(outcomes: readonly { readonly number: number; readonly success: number | null }[]) {
    this.#late.push(
      ...outcomes.map(({ number, success }) => ({
        number,
        episode: episodeId(`late-${String(number)}`),
        version: BASELINE,
        arm: 'active' as const,
        slices: {},
        success,
        category: success === 1 ? 'ok' : 'failed',
      })),
    );
    await this.unknown(0);
  }

  /** Whether this workflow has read all there is, and waits for its wake. */
  isWaiting(workflowId: string): boolean {
    return this.#watching.has(workflowId);
  }

  /** Tasks that were served and of whose outcome nothing is known. */
  async unknown(count: number, by: Partial<ServedCount> = {}): Promise<void> {
    this.#unknown += count;
    this.#unknownBy = by;
    const woken = [...this.#watching];
    this.#watching.clear();
    await Promise.all(woken.map((workflowId) => this.#messenger.wake(workflowId)));
  }

  /** New tasks for whoever waits for mirrored ones. */
  async mirror(tasks: readonly Omit<DrawnTask, 'episodes'>[]): Promise<void> {
    this.pool = [...this.pool, ...tasks];
    const woken = [...this.#watching];
    this.#watching.clear();
    await Promise.all(woken.map((workflowId) => this.#messenger.wake(workflowId)));
  }

  attribute(): ReturnType<LearningActivities['attribute']> {
    return Promise.resolve(this.blame);
  }

  judgeReplay({
    blame,
  }: Parameters<LearningActivities['judgeReplay']>[0]): ReturnType<
    LearningActivities['judgeReplay']
  > {
    this.judgedReplays.push(blame.replay);
    return Promise.resolve({ ...blame, reason: 'the runs have said so' });
  }

  async propose({
    episode,
    exploration,
  }: OfEpisode & { readonly exploration: EpisodeId | null }): Promise<ProposeAnswer> {
    const drafts = this.draftsOf(exploration ?? episode);
    const plan = exploration === null && drafts.length === 0 ? this.explorationOf(episode) : null;
    return { drafts, exploration: plan };
  }

  async validate({
    episode,
    drafts,
  }: OfEpisode & { readonly drafts: readonly LessonDraft[] }): Promise<ValidationAnswer> {
    const { refusal } = this;
    if (refusal === null) {
      for (const { key } of drafts) {
        const isKnown = this.#proposals.some(
          (other) => other.episode === episode && other.key === key,
        );
        if (!isKnown) this.#proposals.push({ episode, key, fate: null });
      }
    }
    return {
      answers: drafts.map(({ key, title }) => ({
        key,
        title,
        code: refusal?.code ?? null,
        message: refusal?.message ?? '',
      })),
    };
  }

  async wakeLearner(): Promise<void> {
    await this.#messenger.wakeLearner(this.#scope);
  }

  async markReflected({ episode, result }: OfEpisode & { readonly result: string }): Promise<void> {
    this.reflected.set(episode, result);
  }

  async fateOf({
    episode,
    workflowId,
  }: OfEpisode & { readonly workflowId: string }): ReturnType<LearningActivities['fateOf']> {
    const own = this.#proposals.filter((proposal) => proposal.episode === episode);
    if (own.some(({ fate }) => fate === null)) return { kind: 'waiting', candidate: null };
    const fate = own[0]?.fate ?? null;
    const carries = fate?.carrier === workflowId;
    return {
      kind: carries ? 'carries' : 'merged',
      candidate: fate?.candidate ?? candidateId('known'),
    };
  }

  async openJournal({
    nowMs,
  }: Parameters<LearningActivities['openJournal']>[0]): ReturnType<
    LearningActivities['openJournal']
  > {
    if (this.journal.length === 0) this.journal.push({ kind: 'opened', atMs: nowMs });
    const { journal, frozen } = this;
    return { books: booksOf(journal), number: journal.length, frozen };
  }

  async writeJournal({
    after,
    entries,
  }: Parameters<LearningActivities['writeJournal']>[0]): Promise<void> {
    this.writesBegun += 1;
    await this.writesAfter();
    entries.forEach((entry, index) => {
      const known = this.journal[after + index];
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(entry)) {
        throw new ConflictError(`entry ${String(after + index + 1)}: found another`);
      }
      this.journal[after + index] = entry;
    });
  }

  async mergeProposals(): Promise<MergeAnswer> {
    this.mergesBegun += 1;
    await this.mergesAfter();
    const failure = this.mergeFailures.shift();
    if (failure !== undefined) throw failure;
    const waiting = this.#proposals.filter(({ fate }) => fate === null).slice(0, 50);
    const told = new Set<string>();
    for (const proposal of waiting) {
      const known = [...this.candidates.values()].find(({ keys }) => keys.has(proposal.key));
      const open = [...this.candidates.values()].find(({ isClosed }) => !isClosed);
      const into = known ?? open ?? this.#open(proposal);
      into.keys.add(proposal.key);
      proposal.fate = { carrier: into.workflowId, candidate: into.id };
      const workflowId = `reflect/${proposal.episode}`;
      if (!this.isMute && workflowId !== into.workflowId && !told.has(workflowId)) {
        told.add(workflowId);
        await this.#messenger.grant(workflowId, { kind: 'merged', into: into.id });
      }
    }
    const open = [...this.candidates.values()].find(({ isClosed }) => !isClosed);
    const answer = { read: waiting.length, openCandidate: open?.id ?? null };
    return waiting.length === 0 ? { ...answer, deployment: this.deployment } : answer;
  }

  async closeBundle(): ReturnType<LearningActivities['closeBundle']> {
    const open = [...this.candidates.values()].find(({ isClosed }) => !isClosed);
    if (open === undefined) return null;
    open.isClosed = true;
    open.baseline = this.active;
    open.attempt = 1;
    this.#write(open, 'evaluating', { id: 'ratchet', role: 'system' }, 'a slot is free', {});
    await this.#messenger.grant(open.workflowId, { kind: 'evaluation', candidate: open.id });
    return { candidate: open.id, workflowId: open.workflowId };
  }

  async grantCanary({
    candidate,
    workflowId,
  }: OfCandidate & { readonly workflowId: string }): Promise<void> {
    await this.#messenger.grant(workflowId, { kind: 'canary', candidate });
  }

  async override(
    given: Parameters<LearningActivities['override']>[0],
  ): ReturnType<LearningActivities['override']> {
    const { action, actor, reason, version, expectedVersion, lesson } = given;
    assertActive({ active: this.active }, expectedVersion ?? undefined, action);
    if (action === 'keep') {
      const detail = { lesson: lesson ?? null };
      this.audit.push({ candidate: null, to: action, actor, reason, detail });
      return;
    }
    if (action === 'freeze' || action === 'unfreeze') this.frozen = action === 'freeze';
    else this.pinned = action === 'pin' ? version : null;
    this.audit.push({ candidate: null, to: action, actor, reason, detail: {} });
    const rollouts = [...this.candidates.values()].filter(
      ({ state }) => state === 'passed' || state === 'canary',
    );
    if (action === 'pin' && this.canary !== null) {
      const open = this.#candidate(this.canary);
      this.canary = null;
      this.#write(open, 'aborted', actor, `pinned: ${reason}`, {});
    }
    await Promise.all(rollouts.map(({ workflowId }) => this.#messenger.wake(workflowId)));
  }

  async planEvaluation({ candidate }: OfCandidate): Promise<EvaluationPlan> {
    const row = this.#candidate(candidate);
    if (row.baseline !== this.active) {
      row.baseline = this.active;
      row.attempt += 1;
    }
    return {
      attempt: row.attempt,
      seed: 7,
      baseline: row.baseline,
      version: row.version,
      permission: 'auto',
      title: `About ${[...row.keys].join(', ')}`,
      approvalTimeoutMs: 3 * 86_400_000,
      rollout: defaultRolloutPolicy,
      isOutOfBudget: false,
      review: null,
      ...this.plan,
    };
  }

  async reserveAlpha({
    candidate,
    attempt,
  }: OfCandidate & { readonly attempt: number }): ReturnType<LearningActivities['reserveAlpha']> {
    const reserved = await this.#messenger.reserve(this.#scope, candidate, attempt, this.maxPairs);
    this.reservations.set(candidate, reserved.alpha);
    return reserved;
  }

  async settleWithLearner({
    tenant: _tenant,
    agent: _agent,
    ...settlement
  }: Parameters<LearningActivities['settleWithLearner']>[0]): ReturnType<
    LearningActivities['settleWithLearner']
  > {
    return this.#messenger.settle(this.#scope, settlement);
  }

  async scopeOut({
    slices,
    reason,
    detail,
  }: Parameters<LearningActivities['scopeOut']>[0]): ReturnType<LearningActivities['scopeOut']> {
    if (!this.isScopable) return { candidate: null };
    const actor = { id: 'ratchet', role: 'system' } as const;
    const slice = stratumOf(slices);
    this.scoped.push(slice);
    this.audit.push({ candidate: null, to: `scoped ${slice}`, actor, reason, detail });
    return { candidate: candidateId(`${this.#scope.tenant}.narrow`) };
  }

  async noteDrift({
    candidate,
    episodes,
    reason,
    detail,
  }: Parameters<LearningActivities['noteDrift']>[0]): Promise<void> {
    const actor = { id: 'ratchet', role: 'system' } as const;
    this.drifts.push(episodes);
    this.notes.push({ candidate, to: 'drift', actor, reason, detail });
  }

  async planAaCheck(): ReturnType<LearningActivities['planAaCheck']> {
    if (!this.hasAaCheck) return null;
    const candidate = candidateId(`${this.#scope.tenant}.aa`);
    return { candidate, baseline: this.active, attempt: this.aaChecks.length + 1 };
  }

  async noteAaCheck(found: Parameters<LearningActivities['noteAaCheck']>[0]): Promise<void> {
    this.aaChecks.push(found);
  }

  async noteDisarmed({ reason }: Scope & { readonly reason: string }): Promise<void> {
    this.disarmed.push(reason);
  }

  async noteCategoryShift(
    found: Parameters<LearningActivities['noteCategoryShift']>[0],
  ): Promise<void> {
    this.categoryShifts.push(found);
  }

  async drawTasks(request: DrawRequest): Promise<DrawAnswer> {
    this.draws.push(request);
    this.#watching.add(request.workflowId);
    const later = this.pool.filter(({ number }) => number > request.afterNumber);
    const order =
      request.afterNumber === 0
        ? permutation(later.length, request.seed).flatMap((index) => later[index] ?? [])
        : later;
    const { candidate, purpose, attempt } = request;
    const drawn = (task: Omit<DrawnTask, 'episodes'>): DrawnTask => ({
      ...task,
      episodes: {
        baseline: episodeId(`${candidate}.${purpose}${String(attempt)}.${task.task}.baseline`),
        candidate: episodeId(`${candidate}.${purpose}${String(attempt)}.${task.task}.candidate`),
      },
    });
    return {
      tasks: order.map(drawn),
      pinned: request.afterNumber === 0 && purpose === 'gate' ? this.pinnedCases.map(drawn) : [],
      upTo: Math.max(request.afterNumber, ...later.map(({ number }) => number)),
      yields: request.mayYield && this.yields,
      policy: {
        maxPairs: 400,
        sliceKeys: null,
        criticalSlices: [],
        criticalCategories: [],
        concurrency: 8,
        ...this.policy,
      },
    };
  }

  async commitPairs({ pairs }: Parameters<LearningActivities['commitPairs']>[0]): Promise<void> {
    this.pairs.push(...pairs);
    this.commits.push(pairs.map(({ index }) => index));
  }

  async recordVerdict(record: VerdictRecord): Promise<void> {
    this.verdicts.push(record);
  }

  async transition(request: TransitionRequest): Promise<void> {
    const { candidate, from, to, actor, reason, detail } = request;
    const row = this.#candidate(candidate);
    if (row.state === to) return;
    if (!from.includes(row.state)) {
      throw new ConflictError(
        `candidate ${candidate}: found ${row.state}, expected one of ${from.join(', ')}`,
      );
    }
    this.#write(row, to, actor, reason, detail);
  }

  async expectActive({
    word,
    expected,
  }: Parameters<LearningActivities['expectActive']>[0]): Promise<void> {
    assertActive({ active: this.active }, expected, word);
  }

  async rebase({
    candidate,
  }: OfCandidate): Promise<{ readonly changed: boolean; readonly touches: boolean }> {
    const changed = this.#candidate(candidate).baseline !== this.active;
    return { changed, touches: changed && this.touches };
  }

  async startCanary(
    request: RolloutRequest & { readonly share: number; readonly seed: number },
  ): Promise<CanaryAnswer> {
    const why = this.#obstacle(request.candidate);
    if (why !== null) return { started: false, why, cursor: 0 };
    this.canary = request.candidate;
    this.canaryShares.push(request.share);
    const row = this.#candidate(request.candidate);
    const { actor, reason, detail } = request;
    if (row.state !== 'canary') this.#write(row, 'canary', actor, reason, detail);
    return { started: true, why: '', cursor: this.#newest() };
  }

  async widenCanary(request: RolloutRequest & { readonly share: number }): Promise<CanaryAnswer> {
    const why = this.#obstacle(request.candidate);
    if (why !== null) return { started: false, why, cursor: 0 };
    this.canaryShares.push(request.share);
    return { started: true, why: '', cursor: this.#newest() };
  }

  async promote(
    request: RolloutRequest,
  ): Promise<{ readonly cursor: number; readonly state: CandidateState }> {
    const row = this.#candidate(request.candidate);
    const cursor = this.#newest();
    if (row.state !== 'canary' || this.frozen || this.pinned !== null) {
      return { cursor, state: row.state };
    }
    const { actor, reason, detail } = request;
    this.active = row.version;
    this.canary = null;
    this.#write(row, 'probation', actor, reason, detail);
    return { cursor, state: row.state };
  }

  async rollBack(
    request: RollbackRequest,
  ): Promise<{ readonly to: VersionId; readonly state: CandidateState }> {
    const row = this.#candidate(request.candidate);
    const { actor, reason, detail } = request;
    const write = (moved: FakeCandidate, to: CandidateState): Promise<boolean> => {
      this.#write(moved, to, actor, reason, detail);
      if (to === 'evaluating') moved.attempt += 1;
      return this.#messenger.wake(moved.workflowId);
    };
    if (row.state === 'canary') {
      this.canary = null;
      await write(row, request.to ?? 'rolled-back');
    }
    const retreat = planRetreat(this.#standing(), request.candidate);
    const oldest = retreat?.undone.at(-1);
    if (retreat !== undefined && oldest !== undefined) {
      const stood = this.canary;
      this.canary = null;
      this.active = this.#candidate(oldest.id).baseline;
      await write(this.#candidate(retreat.quarantined.id), 'rolled-back');
      for (const { id } of retreat.again) await write(this.#candidate(id), 'evaluating');
      if (stood !== null) await write(this.#candidate(stood), 'evaluating');
    }
    return { to: this.active, state: row.state };
  }

  /** The promotions that the active version is made of, newest first. */
  #standing(): readonly StandingPromotion[] {
    const chain: StandingPromotion[] = [];
    let served: VersionId | undefined = this.active;
    while (served !== undefined) {
      const version: VersionId = served;
      const next = [...this.candidates.values()].find((row) => row.version === version);
      served = next?.baseline;
      if (next?.state === 'probation' || next?.state === 'promoted') {
        chain.push({ id: next.id, state: next.state });
      }
    }
    return chain;
  }

  async readOutcomes(request: ReadRequest): Promise<OutcomeRead> {
    this.reads.push(request);
    this.#watching.add(request.workflowId);
    const late = this.#late.filter(({ number }) => request.passedOver.includes(number));
    const outcomes = [...late, ...this.#outcomes.filter(({ number }) => number > request.cursor)];
    const unseen = this.pending.filter((number) => request.passedOver.includes(number));
    const passedOver = unseen.filter((number) => !late.some((told) => told.number === number));
    const state = request.candidate === null ? null : this.#candidate(request.candidate).state;
    return {
      outcomes,
      cursor: Math.max(request.cursor, ...outcomes.map(({ number }) => number)),
      passedOver: [
        ...passedOver,
        ...Array.from({ length: this.#unknown }, (_none, index) => 10_000 + index),
      ],
      isFrozen: this.frozen,
      state,
    };
  }

  async servedBy({
    numbers,
  }: Parameters<LearningActivities['servedBy']>[0]): ReturnType<LearningActivities['servedBy']> {
    const by = { version: this.active, arm: 'active' as const, slices: {}, ...this.#unknownBy };
    return [{ ...by, n: numbers.length }];
  }

  async stopWatching({ workflowId }: Scope & { readonly workflowId: string }): Promise<void> {
    this.#watching.delete(workflowId);
  }

  async abandon({
    candidate,
    reason,
  }: Parameters<LearningActivities['abandon']>[0]): ReturnType<LearningActivities['abandon']> {
    const row = this.#candidate(candidate);
    const said = { actor: { id: 'ratchet', role: 'system' } as const, reason, detail: {} };
    if (row.state === 'canary' || row.state === 'probation') {
      await this.rollBack({ ...this.#scope, candidate, ...said });
    }
    if (!isEnd(row.state)) this.#write(row, 'aborted', said.actor, reason, {});
    this.#watching.delete(row.workflowId);
    this.#watching.delete(`shadow/${candidate}`);
    const { workflowId, state: end } = row;
    const settled = { candidate, workflowId, step: 'ended', promoted: false, end } as const;
    await this.#messenger.settle(this.#scope, settled);
  }

  async reference({ candidate }: OfCandidate): Promise<ReferenceAnswer> {
    const { version, baseline } = this.#candidate(candidate);
    const { strata, pending, ownStrata: own, criticalCategories } = this;
    return { cursor: this.#newest(), strata, pending, own, version, baseline, criticalCategories };
  }

  async deploymentReference(): ReturnType<LearningActivities['deploymentReference']> {
    const { strata, criticalCategories } = this;
    return { strata, criticalCategories, cursor: 0, outcomes: 40 };
  }

  async noteDeployment({
    version,
    conclusion,
    episodes,
    reason,
    detail,
  }: Parameters<LearningActivities['noteDeployment']>[0]): Promise<void> {
    const actor = { id: 'ratchet', role: 'system' } as const;
    this.drifts.push(episodes);
    this.notes.push({ candidate: null, to: `${conclusion} of ${version}`, actor, reason, detail });
  }

  async concludeDiagnosis({
    candidate,
    conclusion,
    detail,
  }: Parameters<LearningActivities['concludeDiagnosis']>[0]): Promise<void> {
    this.diagnoses.push({ conclusion, detail });
    if (conclusion !== 'regression') return;
    const actor = { id: 'ratchet', role: 'system' } as const;
    await this.rollBack({ ...this.#scope, candidate, actor, reason: 'a regression', detail });
  }

  async planDiagnosis({ candidate }: OfCandidate): ReturnType<LearningActivities['planDiagnosis']> {
    const rollback = this.audit.findLast(
      (line) => line.candidate === candidate && line.to === 'rolled-back',
    );
    const isTold = this.explained.some((told) => told.candidate === candidate);
    if (!this.looksIntoRollbacks || isTold) return null;
    if (rollback === undefined || !asksForDiagnosis(rollback)) return null;
    const { reason, detail } = rollback;
    const { version } = this.#candidate(candidate);
    const versions = { version, baseline: this.active };
    const slice = typeof detail['slice'] === 'string' ? detail['slice'] : null;
    return { ...versions, cursor: this.#newest(), slice, rollback: { reason, detail } };
  }

  async concludeRollback(
    told: Parameters<LearningActivities['concludeRollback']>[0],
  ): Promise<void> {
    this.explained.push(told);
  }

  #open({ episode, key }: Proposal): FakeCandidate {
    const number = String(this.candidates.size + 1);
    const id = candidateId(`${this.#scope.tenant}.c${number}`);
    const opened: FakeCandidate = {
      id,
      workflowId: `reflect/${episode}`,
      keys: new Set([key]),
      state: 'open',
      isClosed: false,
      baseline: this.active,
      version: versionId(`v${number}`),
      attempt: 0,
    };
    this.candidates.set(id, opened);
    return opened;
  }

  #write(
    row: FakeCandidate,
    to: CandidateState,
    actor: Actor,
    reason: string,
    detail: Readonly<Record<string, Json>>,
  ): void {
    if (!mayFollow(row.state, to)) {
      throw new ConflictError(`candidate ${row.id}: ${to} may not follow ${row.state}`);
    }
    row.state = to;
    this.audit.push({ candidate: row.id, to, actor, reason, detail });
  }

  #obstacle(candidate: CandidateId): string | null {
    if (this.frozen) return 'the agent is frozen';
    if (this.pinned !== null) return `version ${this.pinned} is pinned`;
    if (this.canary !== null && this.canary !== candidate) return 'another has the canary';
    return null;
  }

  #newest(): number {
    return this.#outcomes.length;
  }

  #candidate(id: CandidateId): FakeCandidate {
    const row = this.candidates.get(id);
    if (row === undefined) throw new Error(`No candidate ${id}`);
    return row;
  }
}
