import type { StoredEpisode } from '../../activities/store.js';
import { StrategyCache } from '../../activities/strategy-cache.js';
import { aaCandidateOf } from '../../contracts/digest.js';
import { InvalidInputError, NotFoundError } from '../../domain/errors.js';
import type { Mode } from '../../domain/episode.js';
import type { CandidateId, Scope, TenantId } from '../../domain/ids.js';
import type { CandidateLife } from '../../store/candidate-queries.js';
import { findCandidate, findEpisode } from '../finding.js';
import type { House } from '../house.js';
import { oneScope, type Look } from '../looking.js';
import { candidateAgain, type Derived } from './candidate-again.js';
import { episodeAgain } from './episode-again.js';
import { startedRuns, type StartedRun } from './histories.js';
import { workflowsOfCandidate, workflowsOfEpisode } from './workflow-ids.js';

/** What is to be reproduced: where its histories are, and how its decisions are derived again. */
export interface Subject {
  readonly id: string;
  readonly scope: Scope;
  readonly workflowIds: readonly string[];
  readonly derive: () => Promise<Derived>;
}

/** Everything that ran here; an imported episode ran elsewhere. */
const RAN_HERE: readonly Mode[] = ['live', 'shadow', 'explore'];

/** Finds what to reproduce. What a candidate has in common with its runs is read once. */
export class Subjects {
  readonly #house: House;
  readonly #look: Look;
  readonly #strategies: StrategyCache;
  readonly #lives = new Map<CandidateId, Promise<CandidateLife>>();
  readonly #started = new Map<CandidateId, Promise<readonly StartedRun[]>>();

  constructor(house: House, look: Look) {
    this.#house = house;
    this.#look = look;
    this.#strategies = new StrategyCache(house.store);
  }

  /** Every candidate of the agent, and every episode of it that ended. */
  async all(agent: string | undefined): Promise<readonly Subject[]> {
    const { store, queries } = this.#look;
    const scope = await oneScope(this.#look, agent);
    const found: Subject[] = [];
    for (const { id } of await store.candidates(scope))
      found.push(await this.#candidate(scope, id));
    for (const mode of RAN_HERE) {
      const filter = { agent: scope.agent, mode, limit: 100_000 };
      for (const { id } of await queries.episodes(scope.tenant, filter)) {
        const episode = await store.episode(scope.tenant, id);
        if (episode?.end != null) found.push(await this.#episode(episode));
      }
    }
    return found;
  }

  /** The candidate or the episode of this id. */
  async named(text: string, agent: string | undefined): Promise<Subject> {
    try {
      const { scope, id } = await findCandidate(this.#look, text, agent);
      return await this.#candidate(scope, id);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
    try {
      const { episode } = await findEpisode(this.#look, text);
      return await this.#episode(episode);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      const advice = 'list them with `ratchet episodes` and `ratchet candidates`';
      throw new NotFoundError('episode or candidate', text, advice);
    }
  }

  async #candidate(scope: Scope, id: CandidateId): Promise<Subject> {
    const life = await this.#lifeOf(scope.tenant, id);
    const { queries } = this.#look;
    return {
      id,
      scope,
      workflowIds: workflowsOfCandidate(life.candidate),
      derive: async () =>
        candidateAgain(scope, life, await queries.evaluatedRecords(scope.tenant, id)),
    };
  }

  async #episode(episode: StoredEpisode): Promise<Subject> {
    const { id, scope, candidate, mode } = episode;
    if (mode === 'imported') {
      throw new InvalidInputError(`episode ${id}`, 'an imported one', 'one that ran here');
    }
    const { store, queries } = this.#look;
    const accepted = await store.taskInput(scope, episode.task);
    const isPair = mode === 'shadow' && candidate !== null;
    const pairs = isPair ? (await this.#lifeOf(scope.tenant, candidate)).pairs : [];
    const known = workflowsOfEpisode(episode, accepted?.episode ?? id, pairs);
    const isCheck = mode === 'shadow' && candidate === null;
    const unnamed = isCheck ? aaCandidateOf(scope) : known.length === 0 ? candidate : null;
    const run = unnamed === null ? [] : await this.#runOf(unnamed, episode);
    return {
      id,
      scope,
      workflowIds: run.length > 0 ? run : known,
      derive: () => episodeAgain(store, queries, this.#strategies, episode),
    };
  }

  #lifeOf(tenant: TenantId, candidate: CandidateId): Promise<CandidateLife> {
    const known = this.#lives.get(candidate) ?? this.#look.queries.candidateLife(tenant, candidate);
    this.#lives.set(candidate, known);
    return known;
  }

  /** A run that no gate took in, of a diagnosis or of an A/A check: found by what it was started with. */
  async #runOf(candidate: CandidateId, { id }: StoredEpisode): Promise<readonly string[]> {
    const known = this.#started.get(candidate) ?? startedRuns(this.#house.temporal, candidate);
    this.#started.set(candidate, known);
    const run = (await known).find(({ given }) => given.includes(JSON.stringify(id)));
    return run === undefined ? [] : [run.workflowId];
  }
}
