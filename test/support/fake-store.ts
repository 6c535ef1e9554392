import type {
  CallStart,
  Conversation,
  EffectRow,
  OpenEpisode,
  Store,
} from '../../src/activities/store.js';
import { agentId, episodeId, taskId, tenantId, versionId } from '../../src/contracts/ids.js';
import type { Step, ToolStep } from '../../src/domain/episode.js';
import { ConflictError, NotFoundError } from '../../src/domain/errors.js';
import type { EpisodeId, Scope, TaskId, TenantId } from '../../src/domain/ids.js';
import type { AcceptedTask } from '../../src/domain/task.js';

export const TENANT = tenantId('acme');
export const AGENT = agentId('clerk');
export const TASK = taskId('t-1');
export const EPISODE = episodeId('e-1');

/** An episode's head, of which a test says what matters to it. */
export function anEpisodeHead(more: Partial<OpenEpisode> = {}): OpenEpisode {
  return {
    id: EPISODE,
    scope: { tenant: TENANT, agent: AGENT },
    task: TASK,
    mode: 'live',
    version: versionId('v-1'),
    arm: 'active',
    input: { question: 'how many?' },
    slices: {},
    subject: null,
    model: 'gpt-test',
    recalled: [],
    system: 'Answer.',
    user: 'question: how many?',
    candidate: null,
    ...more,
  };
}

type Served = Pick<
  Store,
  'openEpisode' | 'conversation' | 'putStep' | 'taskInput' | 'beginCall' | 'finishCall'
>;

/** Episodes, steps and effects in memory, with the promises of the real store: written once, by key. */
export class FakeStore implements Served {
  readonly effects = new Map<string, EffectRow & { readonly digest: string }>();
  readonly #heads = new Map<string, OpenEpisode>();
  readonly #steps = new Map<string, Map<number, Step>>();

  /** Whether today's learning has room for another call. */
  hasRoom = true;
  /** Of the learning's calls, in order. */
  readonly spent: { readonly tokens: number; readonly microUsd: number }[] = [];

  constructor(heads: readonly OpenEpisode[] = [anEpisodeHead()]) {
    for (const head of heads) this.#heads.set(head.id, head);
  }

  async beginLearningCall(): Promise<string | null> {
    return this.hasRoom ? '2026-01-01' : null;
  }

  async endLearningCall(
    _scope: Scope,
    _day: string,
    spent: { readonly tokens: number; readonly microUsd: number },
  ): Promise<void> {
    this.spent.push(spent);
  }

  async openEpisode(episode: OpenEpisode): Promise<Conversation> {
    if (!this.#heads.has(episode.id)) this.#heads.set(episode.id, episode);
    return this.conversation(episode.scope.tenant, episode.id);
  }

  async conversation(
    tenant: TenantId,
    id: EpisodeId,
  ): Promise<{ readonly head: OpenEpisode; readonly steps: readonly Step[] }> {
    const head = this.#heads.get(id);
    if (head?.scope.tenant !== tenant) throw new NotFoundError('episode', id, 'open it first');
    return { head, steps: this.stepsOf(id) };
  }

  async putStep(_tenant: TenantId, id: EpisodeId, step: Step): Promise<Step> {
    const steps = this.#steps.get(id) ?? new Map<number, Step>();
    this.#steps.set(id, steps);
    const stored = steps.get(step.index) ?? step;
    steps.set(step.index, stored);
    return stored;
  }

  async taskInput({ tenant, agent }: Scope, task: TaskId): Promise<AcceptedTask | null> {
    const head = [...this.#heads.values()].find((each) => each.task === task);
    if (head?.scope.tenant !== tenant || head.scope.agent !== agent) return null;
    const { id: episode, input, slices, subject } = head;
    return { tenant, agent, id: task, input, subject, number: 1, episode, slices };
  }

  async beginCall({
    tenant,
    agent,
    task,
    episode,
    step,
    effect,
  }: Parameters<Store['beginCall']>[0]): Promise<CallStart> {
    const stored = this.#steps.get(episode)?.get(step);
    if (stored !== undefined) return { stored };
    const accepted = await this.taskInput({ tenant, agent }, task);
    if (accepted === null) throw new NotFoundError('task', task, 'accept it first');
    const { input } = accepted;
    if (effect === null) return { stored: null, input, effect };
    return { stored: null, input, effect: this.#begin(`${tenant}/${effect.key}`, effect) };
  }

  #begin(key: string, { requestDigest }: { readonly requestDigest: string }): EffectRow {
    const row = this.effects.get(key);
    if (row === undefined) {
      this.effects.set(key, { state: 'started', result: null, digest: requestDigest });
      return { state: 'new', result: null };
    }
    if (row.digest !== requestDigest) throw new ConflictError(`effect ${key}: another request`);
    return row;
  }

  async finishCall(
    tenant: TenantId,
    id: EpisodeId,
    step: ToolStep,
    effectKey: string,
  ): Promise<Step> {
    const key = `${tenant}/${effectKey}`;
    const row = this.effects.get(key);
    if (row === undefined) throw new NotFoundError('effect', key, 'begin it first');
    const result = row.result ?? JSON.stringify(step.result);
    this.effects.set(key, { ...row, state: 'done', result });
    return this.putStep(tenant, id, step);
  }

  /** What a test looks at: the trajectory in order. */
  stepsOf(id: EpisodeId): readonly Step[] {
    const steps = [...(this.#steps.get(id)?.values() ?? [])];
    return steps.sort((a, b) => a.index - b.index);
  }
}
