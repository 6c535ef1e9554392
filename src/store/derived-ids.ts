import { digestOf, sha256 } from '../contracts/digest.js';
import { episodeId, versionId } from '../contracts/ids.js';
import type { AgentId, EpisodeId, TaskId, TenantId, VersionId } from '../domain/ids.js';
import type { StrategyContent } from '../domain/strategy.js';

/** Lessons may come in any order. */
export function versionIdOf(content: StrategyContent): VersionId {
  const lessons = content.lessons
    .map(({ lesson, revision }) => ({ lesson, revision }))
    .sort((a, b) => (a.lesson < b.lesson ? -1 : Number(a.lesson > b.lesson)));
  return versionId(`v-${digestOf({ ...content, lessons }).slice(0, 16)}`);
}

/** The episode of a live task; the same task is the same episode, however often it is accepted. */
export function episodeIdOf(tenant: TenantId, agent: AgentId, task: TaskId): EpisodeId {
  return episodeId(`e-${sha256(`${tenant}/${agent}/${task}`).slice(0, 20)}`);
}
