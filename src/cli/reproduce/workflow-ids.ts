import type { CandidateRow, StoredEpisode } from '../../activities/store.js';
import { taskWorkflowId } from '../../client/task-workflow.js';
import { runEpisodeIdOf } from '../../contracts/digest.js';
import type { EpisodeId } from '../../domain/ids.js';
import type { EvaluatedPair } from '../../store/candidate-queries.js';

/** The workflow that carried a candidate, and its evaluations. */
export function workflowsOfCandidate({ id, workflowId }: CandidateRow): readonly string[] {
  return [workflowId, `shadow/${id}`];
}

/**
 * The workflows that an episode may have run in, and the reflection on it; `live` is its task's own
 * episode. None where it belongs to a pair of a diagnosis, or to one that was not committed: nothing stored
 * says which.
 */
export function workflowsOfEpisode(
  episode: StoredEpisode,
  live: EpisodeId,
  pairs: readonly EvaluatedPair[],
): readonly string[] {
  const { id, scope, task, mode } = episode;
  if (mode === 'live') return [taskWorkflowId({ ...scope, task }), `reflect/${id}`];
  if (mode === 'explore') return [`explore/${live}`];
  const [pair] = pairs.filter(
    ({ baseline, candidate }) => isRunOf(id, baseline.episode) || isRunOf(id, candidate.episode),
  );
  if (episode.candidate === null) return [`shadow/frozen/${scope.tenant}/${task}`];
  // Pairs of a diagnosis are numbered by how far their learner had read, which no pair keeps.
  if (pair?.purpose !== 'gate') return [];
  const arm = isRunOf(id, pair.baseline.episode) ? 'baseline' : 'candidate';
  const place = `shadow/${episode.candidate}/${String(pair.evaluation)}.${String(pair.index)}/${arm}`;
  return REPLICATES.map((replicate) => `${place}/${String(replicate)}`);
}

/** A pair that the infrastructure cost is run again, up to three times. */
const REPLICATES = [1, 2, 3];

function isRunOf(id: string, committed: string): boolean {
  return REPLICATES.some((replicate) => {
    const run = replicate === 1 ? committed : runEpisodeIdOf(committed, String(replicate));
    return run === id;
  });
}
