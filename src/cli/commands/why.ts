import { LAYER_OF_KIND, lessonText, type LessonKind } from '../../domain/lesson.js';
import type { NoVectors, VectorSearch } from '../../domain/retrieval/recall-record.js';
import { isStanding } from '../../domain/retrieval/standing.js';
import type { LessonOrigin, Why } from '../../store/candidate-queries.js';
import type { DisputedLesson, StoredEpisode } from '../../activities/store.js';
import type { CommandContext } from '../command.js';
import { findEpisode } from '../finding.js';
import { looking } from '../looking.js';
import { countOf, scoreText } from '../numbers.js';
import { auditLines, kinshipLines, recordLines } from './candidates.js';
import { labelLines } from './feedback.js';

/** The version, lessons, evidence, verdicts and people behind what the agent did in an episode. */
export function whyEpisode(text: string, context: CommandContext): Promise<number> {
  return looking(context, async (look) => {
    const { tenant, episode } = await findEpisode(look, text);
    const why = await look.queries.why(tenant, episode.id);
    const used = why.lessons.map(({ lesson }) => lesson.id);
    const all = await look.store.disputes(episode.scope);
    const disputes = all.filter(({ dispute }) =>
      all.some((one) => one.dispute === dispute && used.includes(one.lesson)),
    );
    const document = {
      tenant,
      agent: episode.scope.agent,
      episode: episode.id,
      task: episode.task,
      mode: episode.mode,
      version: episode.version,
      arm: episode.arm,
      outcome: episode.outcome,
      versionAudit: why.versionAudit,
      lessons: why.lessons.map((origin) => ({
        ...recalledAs(episode, origin),
        layer: LAYER_OF_KIND[origin.lesson.kind],
        lesson: origin.lesson,
        candidates: origin.candidates,
      })),
      recall: episode.recall ?? null,
      feedback: why.feedback,
      label: why.label,
      disputes,
    };
    context.io.result(document, [whyText(episode, why), ...disputeLines(disputes)].join('\n'));
    return 0;
  });
}

/** What became of the lessons it was told since: who says otherwise, and what a person decided. */
function disputeLines(disputes: readonly DisputedLesson[]): string[] {
  if (disputes.length === 0) return [];
  const fate = ({ kept }: DisputedLesson): string => {
    if (kept === null) return 'waits for a person';
    return kept ? 'stands by the word of a person' : 'was given up by the word of a person';
  };
  return [
    '',
    'disputed since:',
    ...disputes.map(
      (one) =>
        `  ${one.dispute}: ${one.lesson}@${String(one.revision)} (${one.side}), ${one.reason}; it ${fate(one)}`,
    ),
  ];
}

function recalledAs(
  { recalled }: StoredEpisode,
  { lesson }: LessonOrigin,
): { readonly score: number | null; readonly text: string } {
  const used = recalled.find((each) => each.lesson === lesson.id);
  return { score: used?.score ?? null, text: used?.text ?? lessonText(lesson.body) };
}

function whyText(episode: StoredEpisode, why: Why): string {
  const lines = [
    `episode ${episode.id}: task ${episode.task} of ${episode.scope.agent}, ${episode.mode}`,
    `outcome ${scoreText(episode.outcome?.score ?? null)} (${episode.outcome?.category ?? 'none yet'})`,
    ...labelLines(why.label),
    `version ${episode.version}, which served it as ${episode.arm}`,
    ...auditLines(why.versionAudit).map((line) => `  ${line}`),
    why.lessons.length === 0
      ? 'No lesson was recalled: what the agent did, it did by its instructions and its model.'
      : `${countOf(why.lessons.length, 'lesson')} recalled:`,
    ...why.lessons.flatMap((origin) => ['', ...originLines(episode, origin)]),
    ...recallLines(episode),
    ...why.feedback.flatMap(({ actor, role, score, correction, comment }) => [
      '',
      `feedback of ${actor} (${role}): ${[score === null ? '' : `score ${String(score)}`, correction ?? '', comment ?? ''].filter((part) => part !== '').join('; ')}`,
    ]),
  ];
  return lines.join('\n');
}

/** What each score was made of, and what a draw kept out of the prompt. */
function recallLines({ recall }: StoredEpisode): string[] {
  if (recall === undefined || recall.found.length === 0) return [];
  const heldOut = new Map(recall.draws.map((draw) => [draw.lesson, draw]));
  return [
    '',
    recall.cachedFrom === null
      ? `found by ${waysOf(recall.vectors)}, uplift, specificity and recency:`
      : `found as for ${recall.cachedFrom}, since tasks of this kind all succeeded:`,
    ...recall.found.map(({ lesson, revision, score, lexical, uplift, similarity }) => {
      const draw = heldOut.get(lesson);
      const drawn =
        draw === undefined
          ? ''
          : `, ${draw.heldOut ? 'held out of this task' : 'in the prompt'} (hold-out share ${String(draw.propensity)})`;
      return `  [${lesson}@${String(revision)}] score ${score.toFixed(3)}: BM25 ${lexical.toFixed(2)}, ${similarity === undefined ? '' : `cosine ${similarity.toFixed(3)}, `}lower bound of uplift ${uplift.toFixed(3)}${drawn}`;
    }),
  ];
}

function waysOf(vectors: VectorSearch | undefined): string {
  if (vectors === undefined) return 'words';
  if (vectors.used) return `words and meaning (${vectors.model}, reciprocal ranks)`;
  const why: Readonly<Record<NoVectors, string>> = {
    'no-extension': 'the database has no pgvector',
    'no-query-vector': 'the embeddings endpoint failed or was too slow',
    paused: 'the embeddings endpoint had just failed',
    'search-failed': 'the database did not answer the search by vector',
  };
  return `words alone (${why[vectors.why]})`;
}

/** A lesson that stands is not searched for: a score of nothing would read like a poor one. */
export function howRecalled(kind: LessonKind, text: string, score: number | null): string {
  return isStanding(kind, text)
    ? 'which stands wherever its trigger holds'
    : `recalled with score ${scoreText(score)}`;
}

function originLines(episode: StoredEpisode, origin: LessonOrigin): string[] {
  const { lesson, candidates } = origin;
  const { score, text } = recalledAs(episode, origin);
  return [
    `[${lesson.id}@${String(lesson.revision)}] ${lesson.kind}, ${howRecalled(lesson.kind, text, score)}`,
    text.replace(/^/gm, '    '),
    ...lesson.evidence.map(
      ({ episode: seen, task, steps, role }) =>
        `  seen in ${seen} (task ${task}), steps ${steps.join(', ')}, as ${role}`,
    ),
    ...lesson.sources.map(({ channel, principal }) => `  from ${channel} of ${principal}`),
    ...candidates.flatMap(({ candidate, gateRecords, audit, ...kin }) => [
      `  brought by c${String(candidate.number)} ${candidate.id} (${candidate.state}): ${candidate.title}`,
      ...kinshipLines(kin).map((line) => `    ${line}`),
      ...gateRecords.flatMap(recordLines).map((line) => `    ${line}`),
      ...auditLines(audit).map((line) => `    ${line}`),
    ]),
  ];
}
