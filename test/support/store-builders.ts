import type { OpenEpisode, Pointer, Store } from '../../src/activities/store.js';
import { agentId, candidateId, lessonId, taskId, tenantId } from '../../src/contracts/ids.js';
import type { Outcome } from '../../src/domain/episode.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type {
  CandidateId,
  EpisodeId,
  LessonId,
  Scope,
  TaskId,
  VersionId,
} from '../../src/domain/ids.js';
import type { JsonObject } from '../../src/domain/json.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import type { RecallRecord } from '../../src/domain/retrieval/recall-record.js';
import type { Parameters as StrategyParameters } from '../../src/domain/strategy.js';

export const PARAMETERS: StrategyParameters = {
  model: 'stand-in',
  temperature: 0,
  maxModelCalls: 20,
  recallLimit: 3,
};

export function aScope(tenant = 'acme', agent = 'sql-analyst'): Scope {
  return { tenant: tenantId(tenant), agent: agentId(agent) };
}

export function aRoot(changes: Partial<Parameters<Store['deploy']>[1]> = {}) {
  return {
    policyDigest: 'policy-1',
    toolDigests: { execute_sql: 'tool-1' },
    parameters: PARAMETERS,
    instructions: 'Answer the question with one SQL statement.',
    ...changes,
  };
}

export function deploy(store: Store, scope: Scope, changes = {}): Promise<Pointer> {
  return store.deploy(scope, aRoot(changes), SYSTEM);
}

export const PASSED: Outcome = {
  score: 1,
  evaluator: 'same-rows',
  source: 'checker',
  category: 'ok',
  detail: '',
};
export const FAILED: Outcome = { ...PASSED, score: 0, category: 'wrong-rows' };
export const UNKNOWN: Outcome = { ...PASSED, score: null, source: 'none', category: 'unknown' };

export interface TaskOptions {
  readonly input?: JsonObject;
  readonly slices?: Readonly<Record<string, string>>;
  readonly subject?: string | null;
}

export async function acceptTask(
  store: Store,
  scope: Scope,
  id: string,
  { input = { question: id }, slices = { database: 'shop' }, subject = null }: TaskOptions = {},
) {
  return store.acceptTask({ ...scope, id: taskId(id), input, slices, subject });
}

/** Accepts a task and opens its live episode, on the active version unless told. */
export async function startTask(
  store: Store,
  scope: Scope,
  id: string,
  options: TaskOptions & Partial<Pick<OpenEpisode, 'version' | 'arm' | 'recalled' | 'recall'>> = {},
): Promise<{ readonly task: TaskId; readonly number: number; readonly episode: EpisodeId }> {
  const accepted = await acceptTask(store, scope, id, options);
  const version = options.version ?? (await activeVersion(store, scope));
  await store.openEpisode({
    id: accepted.episode,
    scope,
    task: accepted.id,
    mode: 'live',
    version,
    arm: options.arm ?? 'active',
    input: accepted.input,
    slices: accepted.slices,
    subject: accepted.subject,
    model: 'stand-in',
    recalled: options.recalled ?? [],
    system: 'You answer questions.',
    user: `question: ${id}`,
    candidate: null,
    ...(options.recall !== undefined && { recall: options.recall }),
  });
  return { task: accepted.id, number: accepted.number, episode: accepted.episode };
}

export async function activeVersion(store: Store, scope: Scope): Promise<VersionId> {
  const pointer = await store.pointer(scope);
  if (pointer === null) throw new Error('deploy the agent first');
  return pointer.active;
}

export function endEpisode(store: Store, scope: Scope, id: EpisodeId, outcome = PASSED) {
  return store.recordEpisode({
    tenant: scope.tenant,
    id,
    end: 'done',
    output: 'select 1',
    outcome,
    informative: { value: outcome.score !== 1, reason: 'test' },
    unreflected: null,
    tokens: 10,
    costMicroUsd: 5,
  });
}

/** A task from acceptance to its outcome. */
export async function playTask(
  store: Store,
  scope: Scope,
  id: string,
  { outcome = PASSED, ...options }: Parameters<typeof startTask>[3] & { outcome?: Outcome } = {},
) {
  const started = await startTask(store, scope, id, options);
  const { wake } = await endEpisode(store, scope, started.episode, outcome);
  return { ...started, wake };
}

export function aDraft(key: string, changes: Partial<LessonDraft> = {}): LessonDraft {
  return {
    key,
    kind: 'tool-note',
    title: `About ${key}`,
    trigger: { predicates: [], when: 'a question about it', notWhen: '' },
    body: { form: 'text', text: `${key}(id, name)` },
    rationale: 'it was observed',
    evidence: [],
    sources: [{ channel: 'tool_output', principal: 'execute_sql', authority: 0.9 }],
    trust: 'medium',
    toolVersions: { execute_sql: 'tool-1' },
    ...changes,
  };
}

/** What a recall of some lessons drew. */
export function aRecall(draws: RecallRecord['draws']): RecallRecord {
  const at = '2026-01-01T00:00:00.000Z';
  return { at, minTrust: 'low', cachedFrom: null, bounds: {}, found: [], draws };
}

export function lessonNamed(key: string): LessonId {
  return lessonId(`l-${key}`);
}

/** Opens a candidate that holds one lesson a key. */
export async function openCandidate(
  store: Store,
  scope: Scope,
  name: string,
  drafts: readonly LessonDraft[],
): Promise<CandidateId> {
  const id = candidateId(name);
  await store.applyMerge(scope, {
    results: [],
    revisions: drafts.map((draft) => ({
      lesson: lessonNamed(draft.key),
      draft,
      candidate: id,
    })),
    support: [],
    opened: { id, title: name, opener: null, workflowId: `reflect/${name}` },
  });
  return id;
}

/** Derives the candidate's version from the active one and closes its bundle against it. */
export async function closeOnActive(
  store: Store,
  scope: Scope,
  id: CandidateId,
): Promise<VersionId> {
  const baseline = await activeVersion(store, scope);
  const found = await store.candidate(scope.tenant, id);
  if (found === null) throw new Error(`no candidate ${id}`);
  const version = await store.deriveVersion(scope, baseline, found.bundle);
  await store.closeBundle(scope, id, { baseline, version, permission: 'auto', title: found.title });
  return version;
}

/** Takes a closed candidate to `passed`, with the gate record that allows it to serve. */
export async function passGate(store: Store, scope: Scope, id: CandidateId): Promise<void> {
  const found = await store.candidate(scope.tenant, id);
  if (found === null || found.baseline === null || found.version === null)
    throw new Error(`${id} is not closed`);
  const by = { candidate: id, actor: SYSTEM, detail: {} };
  await store.transition(scope, { ...by, from: ['open'], to: 'evaluating', reason: 'slot' });
  await store.putGateRecord(scope, {
    candidate: id,
    purpose: 'gate',
    baseline: found.baseline,
    version: found.version,
    verdict: 'pass',
    reason: 'superior',
    alpha: 0.005,
    seed: 7,
    summary: { n: 40 },
  });
  await store.transition(scope, { ...by, from: ['evaluating'], to: 'passed', reason: 'pass' });
}
