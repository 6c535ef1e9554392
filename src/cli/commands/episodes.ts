import type { StoredEpisode } from '../../activities/store.js';
import { agentId } from '../../contracts/ids.js';
import { recordedAction } from '../../contracts/import/intercode.js';
import { succeeded, type Mode, type Step } from '../../domain/episode.js';
import { USER_TURN, type RecordedFacts } from '../../domain/imported-run.js';
import type { EpisodeLabel } from '../../domain/label.js';
import type { CommandContext } from '../command.js';
import { findEpisode } from '../finding.js';
import { looking, type Look } from '../looking.js';
import { countOf, instant, scoreText } from '../numbers.js';
import { textTable } from '../text-table.js';
import { labelLines } from './feedback.js';

export interface EpisodesOptions {
  readonly agent?: string;
  readonly mode?: Mode;
  readonly limit: number;
  readonly groupBy?: 'slice';
}

export function listEpisodes(options: EpisodesOptions, context: CommandContext): Promise<number> {
  const { io } = context;
  const agent = options.agent === undefined ? undefined : agentId(options.agent);
  return looking(context, async ({ queries, tenant }) => {
    const { mode, limit } = options;
    const chosen = {
      ...(agent === undefined ? {} : { agent }),
      ...(mode === undefined ? {} : { mode }),
    };
    if (options.groupBy === 'slice') {
      const groups = await queries.sliceCounts(tenant, chosen);
      const rows = groups.map((group) => [
        group.agent,
        group.key === null ? 'all' : `${group.key}=${group.value ?? ''}`,
        group.successes,
        group.n,
      ]);
      io.result({ groups }, textTable(['agent', 'slice', 'successes', 'episodes'], rows));
      return 0;
    }
    const episodes = await queries.episodes(tenant, { ...chosen, limit });
    const rows = episodes.map((episode) => [
      episode.id,
      episode.task,
      episode.agent,
      episode.end ?? 'running',
      scoreText(episode.score),
      episode.category ?? '',
      episode.lessons,
      episode.mode === 'imported' ? episode.mode : episode.arm,
      instant(episode.startedAt),
    ]);
    const heads = ['episode', 'task', 'agent', 'end', 'score', 'category', 'lessons', 'arm', 'UTC'];
    const text =
      rows.length === 0
        ? 'No episode yet. Next: ratchet run --agent A --input JSON'
        : textTable(heads, rows);
    io.result({ tenant, episodes }, text);
    return 0;
  });
}

export function showEpisode(text: string, context: CommandContext): Promise<number> {
  return looking(context, async (look) => {
    const { tenant, episode } = await findEpisode(look, text);
    const imported = await look.queries.recordedFacts(tenant, episode.id);
    const steps =
      imported === null ? episode.steps : recordedSteps(episode.steps, imported.recorded);
    const label = await look.store.labelOf(tenant, episode.id);
    const document = {
      ...episodeDocument(episode, imported),
      label,
      steps: steps.map(stepDocument),
    };
    context.io.result({ tenant, ...document }, episodeText(episode, label));
    return 0;
  });
}

type Imported = Awaited<ReturnType<Look['queries']['recordedFacts']>>;

function episodeDocument(episode: StoredEpisode, imported: Imported) {
  const { id, scope, task, outcome, ...rest } = episode;
  const success = outcome === null ? null : succeeded(outcome);
  const facts = imported?.recorded;
  return {
    id,
    runId: imported?.runId ?? null,
    agent: scope.agent,
    taskId: facts?.taskId ?? task,
    success: facts === undefined ? success : facts.success,
    reward: facts === undefined ? (outcome?.score ?? null) : facts.reward,
    turns: facts?.turns ?? episode.steps.filter(({ kind }) => kind === 'model').length,
    ...(facts === undefined ? {} : { recorded: facts }),
    number: rest.number,
    mode: rest.mode,
    version: rest.version,
    arm: rest.arm,
    model: rest.model,
    candidate: rest.candidate,
    slices: rest.slices,
    subject: rest.subject,
    input: rest.input,
    end: rest.end,
    output: rest.output,
    outcome,
    recalled: rest.recalled,
    system: rest.system,
    user: rest.user,
  };
}

/**
 * The steps as the source counts them: InterCode knows what was written to the database, tau-bench the
 * messages of tools, everything else what was stored.
 */
function recordedSteps(steps: readonly Step[], { format }: RecordedFacts): readonly Step[] {
  if (format === 'intercode') {
    return steps.map((step) =>
      step.kind === 'tool' ? { ...step, arguments: recordedAction(step.arguments) } : step,
    );
  }
  if (format !== 'tau-bench') return steps;
  return steps
    .filter((step) => step.kind === 'tool' && step.tool !== USER_TURN)
    .map((step, index) => ({ ...step, index }));
}

/** A tool call is what was done and what came back; a model's turn has neither tool nor observation. */
function stepDocument(step: Step) {
  if (step.kind === 'model') {
    const { index: i, text, toolCalls, usage } = step;
    return { i, tool: null, action: text, observation: null, toolCalls, usage };
  }
  const { index: i, tool, arguments: action, result } = step;
  return { i, tool, action, observation: result.content, error: result.ok ? null : result.code };
}

function episodeText(episode: StoredEpisode, label: EpisodeLabel | null): string {
  const { outcome, steps, recalled } = episode;
  const judged =
    outcome === null
      ? 'no outcome yet'
      : `score ${scoreText(outcome.score)} (${outcome.category}) by ${outcome.evaluator}${outcome.detail === '' ? '' : `: ${outcome.detail}`}`;
  return [
    `episode ${episode.id}: task ${episode.task} of ${episode.scope.agent}, ${episode.mode}`,
    `${episode.end ?? 'running'}, ${judged}`,
    ...labelLines(label),
    `version ${episode.version} (${episode.arm}), ${countOf(recalled.length, 'lesson')}: ratchet why ${episode.id}`,
    '',
    episode.user,
    '',
    ...steps.map(stepText),
    ...(episode.output === null ? [] : ['', episode.output]),
  ].join('\n');
}

function stepText(step: Step): string {
  const at = String(step.index).padStart(3);
  if (step.kind === 'model') {
    const calls = step.toolCalls.map(({ tool }) => tool).join(', ');
    return `${at} model: ${[step.text, calls === '' ? '' : `calls ${calls}`].filter(Boolean).join(' ')}`;
  }
  const result = step.result.ok
    ? step.result.content
    : `Error ${step.result.code}: ${step.result.content}`;
  return `${at} ${step.tool} ${step.arguments}\n${indented(result)}`;
}

const OBSERVATION = 600;

function indented(text: string): string {
  const cut = text.length > OBSERVATION ? `${text.slice(0, OBSERVATION)}…` : text;
  return cut.replace(/^/gm, '      ');
}
