import type { Store, StoredEpisode } from '../../activities/store.js';
import type { EpisodeId, TenantId } from '../../domain/ids.js';
import { NotFoundError } from '../../domain/errors.js';
import { lessonText, type LessonRevision } from '../../domain/lesson.js';
import type { RecordedRun } from '../../model/recorded/dataset.js';
import { parseCallId } from '../../model/recorded/playback.js';
import { playedRun } from './recorded-agent.js';
import type { EvidenceRow, LessonReportRow } from './report.js';

/** `lesson@revision`: the id a text has in a report. */
export function reportIdOf(lesson: string, revision: number): string {
  return `${lesson}@${String(revision)}`;
}

/** An episode that has ended, and the recorded run it played. */
export async function playedEpisode(
  store: Pick<Store, 'episode'>,
  tenant: TenantId,
  id: EpisodeId,
  runs: ReadonlyMap<string, RecordedRun>,
): Promise<{ readonly episode: StoredEpisode; readonly run: RecordedRun }> {
  const episode = await store.episode(tenant, id);
  const played = episode === null ? undefined : playedRun(episode.steps, runs);
  if (episode === null || played?.isWhole !== true) {
    throw new NotFoundError('recorded run of episode', id, 'it was not played to its end');
  }
  return { episode, run: played.run };
}

/** Lessons as a report shows them: with the recorded steps that they were made from. */
export async function lessonRows(
  store: Pick<Store, 'episode'>,
  tenant: TenantId,
  lessons: Iterable<LessonRevision>,
  runs: ReadonlyMap<string, RecordedRun>,
): Promise<LessonReportRow[]> {
  const stepsOf = new Map<string, StoredEpisode['steps']>();
  const rows: LessonReportRow[] = [];
  for (const lesson of lessons) {
    const evidence: EvidenceRow[] = [];
    for (const { episode: id, task, steps } of lesson.evidence) {
      const known = stepsOf.get(id) ?? (await store.episode(tenant, id))?.steps ?? [];
      stepsOf.set(id, known);
      for (const index of steps) {
        const step = known.find((each) => each.index === index);
        const recorded = step?.kind === 'tool' ? parseCallId(step.callId) : undefined;
        const config = runs.get(recorded?.runId ?? '')?.config;
        if (recorded === undefined || config === undefined) continue;
        evidence.push({ task, config, step: recorded.step });
      }
    }
    const id = reportIdOf(lesson.id, lesson.revision);
    rows.push({ id, text: lessonText(lesson.body), evidence });
  }
  return rows;
}
