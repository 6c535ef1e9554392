import type { EffectRow, OpenEpisode, Store } from '../../src/activities/store.js';
import { agentId, episodeId, taskId, tenantId, versionId } from '../../src/contracts/ids.js';
import type { Step } from '../../src/domain/episode.js';
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
  'openEpisode' | 'conversation' | 'putStep' | 'step' | 'taskInput' | 'beginEffect' | 'finishEffect'
>;

/** Episodes, steps and effects in memory, with the promises of the real store: written once, by key. */
export class FakeStore implements Served {
  readonly effects = new Map<string, EffectRow & { readonly digest: string }>();
  readonly #heads = new Map<string, OpenEpisode>();
  readonly #steps = new Map<string, Map<number, Step>>();

  constructor(heads: readonly OpenEpisode[] = [anEpisodeHead()]) {
    for (const head of heads) this.#heads.set(head.id, head);
  }

  async openEpisode(episode: OpenEpisode): Promise<void> {
    if (!this.#heads.has(episode.id)) this.#heads.set(episode.id, episode);
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

  async step(_tenant: TenantId, id: EpisodeId, index: number): Promise<Step | null> {
    return this.#steps.get(id)?.get(index) ?? null;
  }

  async taskInput({ tenant, agent }: Scope, task: TaskId): Promise<AcceptedTask | null> {
    const head = [...this.#heads.values()].find((each) => each.task === task);
    if (head?.scope.tenant !== tenant || head.scope.agent !== agent) return null;
    const { id: episode, input, slices, subject } = head;
    return { tenant, agent, id: task, input, subject, number: 1, episode, slices };
  }

  async beginEffect(tenant: TenantId, key: string, requestDigest: string): Promise<EffectRow> {
    const row = this.effects.get(`${tenant}/${key}`);
    if (row === undefined) {
      const begun = { state: 'started', result: null, digest: requestDigest } as const;
      this.effects.set(`${tenant}/${key}`, begun);
      return { state: 'new', result: null };
    }
    if (row.digest !== requestDigest) throw new ConflictError(`effect ${key}: another request`);
    return row;
  }

  async finishEffect(tenant: TenantId, key: string, result: string): Promise<void> {
    const row = this.effects.get(`${tenant}/${key}`);
    if (row === undefined) throw new NotFoundError('effect', key, 'begin it first');
    this.effects.set(`${tenant}/${key}`, { ...row, state: 'done', result: row.result ?? result });
  }

  /** What a test looks at: the trajectory in order. */
  stepsOf(id: EpisodeId): readonly Step[] {
    const steps = [...(this.#steps.get(id)?.values() ?? [])];
    return steps.sort((a, b) => a.index - b.index);
  }
}
