import { systemMessage } from '../../activities/task-lifecycle.js';
import type { StoredEpisode, Store } from '../../activities/store.js';
import { StrategyCache } from '../../activities/strategy-cache.js';
import { assign, type Routing } from '../../domain/assignment.js';
import { firstDifference } from '../../domain/first-difference.js';
import type { JsonObject } from '../../domain/json.js';
import { recallLessons } from '../../domain/retrieval/recall.js';
import { drawHoldOuts, type HoldOutDraw } from '../../domain/utility/hold-out.js';
import { versionIdOf } from '../../store/derived-ids.js';
import type { Queries } from '../../store/queries.js';
import type { Derived } from './candidate-again.js';

/** What was decided for a task before its agent began: which version serves it, and which lessons. */
export async function episodeAgain(
  store: Store,
  queries: Queries,
  strategies: StrategyCache,
  episode: StoredEpisode,
): Promise<Derived> {
  const checks = [
    () => versionDifference(store, episode),
    () => recallDifference(store, strategies, episode),
    ...(episode.mode === 'live' ? [() => assignmentDifference(queries, episode)] : []),
    async () => promptDifference(episode),
  ];
  let decisions = 0;
  for (const check of checks) {
    const difference = await check();
    if (difference !== null) return { decisions, difference };
    decisions += 1;
  }
  return { decisions, difference: null };
}

/** The id of a version is the hash of what it holds. */
async function versionDifference(
  store: Store,
  { scope, version }: StoredEpisode,
): Promise<string | null> {
  const row = await store.version(scope, version);
  if (row === null) return `version: stored ${version}, found none of this id`;
  const lessons = await store.lessonsServing(scope, version);
  const { policyDigest, toolDigests, parameters } = row;
  const derived = versionIdOf({
    policyDigest,
    toolDigests,
    parameters,
    lessons: lessons.map(({ id, revision }) => ({ lesson: id, revision })),
  });
  return firstDifference('version', version, derived);
}

/** What was found with what the recall knew then, and what was held out of it. */
async function recallDifference(
  store: Store,
  strategies: StrategyCache,
  episode: StoredEpisode,
): Promise<string | null> {
  const { recall, scope } = episode;
  const { row, index } = await strategies.strategy(scope, episode.version);
  const { bounds = {}, cachedFrom = null, draws = [] } = recall ?? {};
  if (cachedFrom !== null) {
    const earlier = await store.episode(scope.tenant, cachedFrom);
    const difference = firstDifference(
      'recall.found',
      (recall?.found ?? []).map((lesson) => ({ ...lesson })),
      (earlier?.recall?.found ?? []).map((lesson) => ({ ...lesson })),
    );
    if (difference !== null) return difference;
  } else {
    const found = recallLessons(index, {
      task: { slices: episode.slices, input: episode.input },
      limit: row.parameters.recallLimit,
      ...(recall !== undefined && { at: recall.at, minTrust: recall.minTrust }),
      boundOf: ({ id }) => bounds[id],
      ...(recall?.vectors?.used === true && { near: recall.vectors.near }),
    });
    const derived = found.map(({ lesson, score }) => ({ lesson: lesson.id, score }));
    const stored = recall?.found ?? episode.recalled;
    const difference = firstDifference(
      'recall.found',
      stored.map(({ lesson, score }) => ({ lesson, score })),
      derived,
    );
    if (difference !== null) return difference;
  }
  const again = drawHoldOuts(
    episode.task,
    draws.map(({ lesson: id, revision }) => ({ id, revision })),
    (id) => draws.find(({ lesson }) => lesson === id)?.propensity ?? 0,
  );
  const difference = firstDifference('recall.draws', draws.map(plain), again.map(plain));
  if (difference !== null) return difference;
  const heldOut = new Set(again.filter((draw) => draw.heldOut).map(({ lesson }) => lesson));
  const given = (recall?.found ?? episode.recalled)
    .filter(({ lesson }) => !heldOut.has(lesson))
    .map(({ lesson, revision }) => {
      return { lesson, revision, text: index.lessons.get(lesson)?.text ?? null };
    });
  const stored = episode.recalled.map(({ lesson, revision, text }) => ({ lesson, revision, text }));
  return firstDifference('recalled', stored, given);
}

function plain(draw: HoldOutDraw): JsonObject {
  return { ...draw };
}

/** Some state of the pointer must have sent this task where it went. */
async function assignmentDifference(
  queries: Queries,
  { scope, task, subject, slices, version, arm }: StoredEpisode,
): Promise<string | null> {
  const states: readonly Routing[] = await queries.pointerHistory(scope);
  const key = subject ?? task;
  const fits = states.some((state) => {
    const assigned = assign(state, key, slices);
    return assigned.version === version && assigned.arm === arm;
  });
  if (fits) return null;
  return `assignment: stored ${version} as ${arm}, derived another one for every state of the pointer`;
}

/** Whatever the instructions are, the recalled lessons stand behind them word for word. */
function promptDifference({ system, recalled }: StoredEpisode): string | null {
  const lessons = systemMessage('', recalled);
  return firstDifference('system', system.slice(system.length - lessons.length), lessons);
}
