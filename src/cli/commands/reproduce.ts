import type { StoredEpisode } from '../../activities/store.js';
import { StrategyCache } from '../../activities/strategy-cache.js';
import { InvalidInputError, NotFoundError } from '../../domain/errors.js';
import type { CandidateId, Scope } from '../../domain/ids.js';
import { workflowBundleOf } from '../../worker.js';
import { launchLog, type CommandContext } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { findCandidate, findEpisode } from '../finding.js';
import { openHouse, type House } from '../house.js';
import { oneScope, viewOf, type Look } from '../looking.js';
import { candidateAgain, type Derived } from '../reproduce/candidate-again.js';
import { episodeAgain } from '../reproduce/episode-again.js';
import { historiesOf, replay, runsStartedFor, type FoundHistory } from '../reproduce/histories.js';
import { workflowsOfCandidate, workflowsOfEpisode } from '../reproduce/workflow-ids.js';
import { endTemporal, quietTemporal } from '../temporal-logs.js';

export interface ReproduceOptions {
  readonly agent?: string;
  /** Every candidate and live episode of the agent. */
  readonly all?: boolean;
}

/** What is to be reproduced: where its histories are, and how its decisions are derived again. */
interface Subject {
  readonly id: string;
  readonly scope: Scope;
  readonly workflowIds: readonly string[];
  readonly derive: () => Promise<Derived>;
}

interface Reproduction {
  readonly id: string;
  readonly result: 'identical' | 'different';
  readonly difference: string | null;
  readonly histories: number;
  readonly decisions: number;
}

/** Replays histories on this code, derives every decision again, and compares with what is stored. */
export async function reproduce(
  text: string | undefined,
  options: ReproduceOptions,
  context: CommandContext,
): Promise<number> {
  const { config, io, signal } = context;
  if (text === undefined && options.all !== true) {
    throw new InvalidInputError('reproduce', 'no id', 'an episode, a candidate, or --all');
  }
  quietTemporal(config);
  const house = await openHouse({ config, log: launchLog(context, true), signal });
  try {
    const look = await viewOf(house, context);
    const found = await subjects(house, look, text, options);
    const results = await reproduceAll(house, found, context);
    const [only] = results;
    if (text !== undefined && only !== undefined) io.result(only, textOf(only));
    else io.result({ results, ...counted(results) }, summaryOf(results));
    return results.every(({ result }) => result === 'identical') ? EXIT.ok : EXIT.conflict;
  } finally {
    await house.close();
    await endTemporal();
  }
}

async function subjects(
  house: House,
  look: Look,
  text: string | undefined,
  options: ReproduceOptions,
): Promise<readonly Subject[]> {
  const strategies = new StrategyCache(house.store);
  if (text !== undefined) return [await subjectNamed(house, look, strategies, text, options)];
  const scope = await oneScope(look, options.agent);
  const candidates = await look.store.candidates(scope);
  const episodes = await look.queries.episodes(scope.tenant, {
    agent: scope.agent,
    mode: 'live',
    limit: 100_000,
  });
  const found = await Promise.all(candidates.map(({ id }) => candidateSubject(look, scope, id)));
  for (const { id } of episodes) {
    const episode = await look.store.episode(scope.tenant, id);
    if (episode?.end != null) found.push(await episodeSubject(house, look, strategies, episode));
  }
  return found;
}

async function subjectNamed(
  house: House,
  look: Look,
  strategies: StrategyCache,
  text: string,
  options: ReproduceOptions,
): Promise<Subject> {
  try {
    const { scope, id } = await findCandidate(look, text, options.agent);
    return await candidateSubject(look, scope, id);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
  try {
    const { episode } = await findEpisode(look, text);
    return await episodeSubject(house, look, strategies, episode);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    const advice = 'list them with `ratchet episodes` and `ratchet candidates`';
    throw new NotFoundError('episode or candidate', text, advice);
  }
}

async function candidateSubject(look: Look, scope: Scope, id: CandidateId): Promise<Subject> {
  const life = await look.queries.candidateLife(scope.tenant, id);
  return {
    id,
    scope,
    workflowIds: workflowsOfCandidate(life.candidate),
    derive: async () =>
      candidateAgain(scope, life, await look.queries.evaluatedRecords(scope.tenant, id)),
  };
}

async function episodeSubject(
  { temporal }: House,
  { store, queries }: Look,
  strategies: StrategyCache,
  episode: StoredEpisode,
): Promise<Subject> {
  const { id, scope, candidate, mode } = episode;
  if (mode === 'imported') {
    throw new InvalidInputError(`episode ${id}`, 'an imported one', 'one that ran here');
  }
  const accepted = await store.taskInput(scope, episode.task);
  const isPair = mode === 'shadow' && candidate !== null;
  const pairs = isPair ? (await queries.candidateLife(scope.tenant, candidate)).pairs : [];
  const known = workflowsOfEpisode(episode, accepted?.episode ?? id, pairs);
  const isUncommitted = known.length === 0 && candidate !== null;
  return {
    id,
    scope,
    workflowIds: isUncommitted ? await runsStartedFor(temporal, candidate, id) : known,
    derive: () => episodeAgain(store, queries, strategies, episode),
  };
}

/** Histories are replayed in one go: the workflows are loaded once. */
async function reproduceAll(
  house: House,
  found: readonly Subject[],
  { io, signal }: CommandContext,
): Promise<readonly Reproduction[]> {
  const histories = new Map<string, readonly FoundHistory[]>();
  const progress = io.progress(found.length);
  for (const [index, { scope, workflowIds }] of found.entries()) {
    signal.throwIfAborted();
    progress.update(index, 'reading histories');
    for (const id of workflowIds) {
      if (histories.has(id)) continue;
      histories.set(id, await historiesOf(house.temporal, house.store, scope.tenant, id));
    }
  }
  progress.update(found.length, 'replaying');
  const parted = await replay(await workflowBundleOf(), [...histories.values()].flat());
  const results: Reproduction[] = [];
  for (const [index, subject] of found.entries()) {
    signal.throwIfAborted();
    progress.update(index, 'deriving decisions');
    results.push(await compared(subject, histories, parted));
  }
  progress.end();
  return results;
}

async function compared(
  { id, workflowIds, derive }: Subject,
  histories: ReadonlyMap<string, readonly FoundHistory[]>,
  parted: ReadonlyMap<string, string>,
): Promise<Reproduction> {
  const count = workflowIds.reduce((sum, each) => sum + (histories.get(each)?.length ?? 0), 0);
  const { decisions, difference } = await derive();
  const nothing =
    count === 0
      ? `history: found none${workflowIds.length === 0 ? '' : ` of ${workflowIds.join(', ')}`}, expected one`
      : undefined;
  const replayed = workflowIds.map((each) => parted.get(each)).find((each) => each !== undefined);
  const first = nothing ?? replayed ?? difference;
  const result = first === null ? 'identical' : 'different';
  return { id, result, difference: first, histories: count, decisions };
}

function textOf({ id, result, difference, histories, decisions }: Reproduction): string {
  const what = `${String(histories)} histories, ${String(decisions)} decisions`;
  return difference === null ? `${result}: ${id}, ${what}` : `${result}: ${id}\n  ${difference}`;
}

function counted(results: readonly Reproduction[]) {
  const identical = results.filter(({ result }) => result === 'identical').length;
  return { identical, different: results.length - identical };
}

function summaryOf(results: readonly Reproduction[]): string {
  const { identical, different } = counted(results);
  const parted = results.filter(({ result }) => result === 'different');
  return [
    ...parted.map(textOf),
    `${different === 0 ? 'identical' : 'different'}: ${String(identical)} of ${String(results.length)} alike`,
  ].join('\n');
}
