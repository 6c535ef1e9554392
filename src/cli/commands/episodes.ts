import type { StoredEpisode } from '../../activities/store.js';
import { agentId } from '../../contracts/ids.js';
import { succeeded, type Mode, type Step } from '../../domain/episode.js';
import type { CommandContext } from '../command.js';
import { findEpisode } from '../finding.js';
import { looking } from '../looking.js';
import { instant, scoreText } from '../numbers.js';
import { textTable } from '../text-table.js';

export interface EpisodesOptions {
  readonly agent?: string;
  readonly mode: Mode;
  readonly limit: number;
  readonly groupBy?: 'slice';
}

export function listEpisodes(options: EpisodesOptions, context: CommandContext): Promise<number> {
  const { io } = context;
  const agent = options.agent === undefined ? undefined : agentId(options.agent);
  return looking(context, async ({ queries, tenant }) => {
    if (options.groupBy === 'slice') {
      const groups = await queries.sliceCounts(tenant, agent);
      const rows = groups.map((group) => [
        group.agent,
        group.key === null ? 'all' : `${group.key}=${group.value ?? ''}`,
        group.successes,
        group.n,
      ]);
      io.result({ groups }, textTable(['agent', 'slice', 'successes', 'episodes'], rows));
      return 0;
    }
    const { mode, limit } = options;
    const filter = { mode, limit, ...(agent === undefined ? {} : { agent }) };
    const episodes = await queries.episodes(tenant, filter);
    const rows = episodes.map((episode) => [
      episode.id,
      episode.task,
      episode.agent,
      episode.end ?? 'running',
      scoreText(episode.score),
      episode.category ?? '',
      episode.lessons,
      episode.arm,
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
    context.io.result({ tenant, ...episodeDocument(episode) }, episodeText(episode));
    return 0;
  });
}

function episodeDocument(episode: StoredEpisode) {
  const { id, scope, task, outcome, steps, ...rest } = episode;
  return {
    id,
    runId: null,
    agent: scope.agent,
    taskId: task,
    success: outcome === null ? null : succeeded(outcome),
    reward: outcome?.score ?? null,
    steps: steps.map(stepDocument),
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

/** A tool call is what was done and what came back; a model's turn has neither tool nor observation. */
function stepDocument(step: Step) {
  if (step.kind === 'model') {
    const { index: i, text, toolCalls, usage } = step;
    return { i, tool: null, action: text, observation: null, toolCalls, usage };
  }
  const { index: i, tool, arguments: action, result } = step;
  return { i, tool, action, observation: result.content, error: result.ok ? null : result.code };
}

function episodeText(episode: StoredEpisode): string {
  const { outcome, steps, recalled } = episode;
  const judged =
    outcome === null
      ? 'no outcome yet'
      : `score ${scoreText(outcome.score)} (${outcome.category}) by ${outcome.evaluator}${outcome.detail === '' ? '' : `: ${outcome.detail}`}`;
  return [
    `episode ${episode.id}: task ${episode.task} of ${episode.scope.agent}, ${episode.mode}`,
    `${episode.end ?? 'running'}, ${judged}`,
    `version ${episode.version} (${episode.arm}), ${String(recalled.length)} lessons: ratchet why ${episode.id}`,
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
