import { createAgentRegistry } from '../../activities/agent-registry.js';
import type { CandidateRow } from '../../activities/store.js';
import { runFrozen } from '../../cli/frozen-arm.js';
import { unlessInterrupted } from '../../cli/command.js';
import { openHouse, startHouseWorkers, type House } from '../../cli/house.js';
import { openModel, type ChosenModel } from '../../cli/model-choice.js';
import { Rounds } from '../../cli/rounds.js';
import type { Config } from '../../config.js';
import { RolloutSettings, type Agent } from '../../contracts/agent.js';
import { agentId, taskId, tenantId } from '../../contracts/ids.js';
import { SUCCESS_THRESHOLD } from '../../domain/episode.js';
import { NotFoundError } from '../../domain/errors.js';
import type { EpisodeId, Scope, VersionId } from '../../domain/ids.js';
import { lessonText } from '../../domain/lesson.js';
import { SCRATCHPAD_TOOL } from '../../domain/own-tools.js';
import type { AgentTaskResult } from '../../workflows/agent-task.js';
import { loadNovelApi, type NovelApiExample, type RunningDepot } from './example.js';
import {
  examplesOf,
  stagesOf,
  withinOneTask,
  type ArmRun,
  type NovelApiReport,
  type PlayedRequest,
  type PromotedNotes,
  type Stage,
} from './report.js';

export interface NovelApiOptions {
  readonly seed: number;
  readonly tasks: number;
  readonly config: Config;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
  readonly rollout?: RolloutSettings;
  /** Requests of a round, which run side by side. */
  readonly round?: number;
}

/** Short, as that of the demonstration, and said in the report. */
const ROLLOUT: RolloutSettings = {
  stages: [
    { share: 0.25, minOutcomes: 10, minDurationMs: 0 },
    { share: 0.5, minOutcomes: 20, minDurationMs: 0 },
  ],
  probation: { outcomes: 60, minOutcomes: 30, durationMs: 7 * 86_400_000 },
};
const ROUND = 20;

/**
 * `ratchet bench novel-api`: an agent meets an API it has never seen. A frozen one does the same requests
 * beside it, so that what a task finds out for itself and what it is told by notes are told apart.
 */
export async function benchNovelApi(options: NovelApiOptions): Promise<NovelApiReport> {
  const startedMs = Date.now();
  const run = new Date(startedMs).toISOString().replace(/\D/g, '').slice(0, 17);
  const { config, progress, signal, rollout = ROLLOUT } = options;
  const taskQueue = `${config.taskQueue}-novel-${run}`;
  const house = await openHouse({ config, log: progress, signal, taskQueue });
  try {
    const model = await openModel(house.config);
    house.onClose(() => model.close());
    progress(model.said);
    const example = await loadNovelApi();
    // Counted time: what is refused as too fast must not depend on how fast this machine is.
    const depot = await example.startDepot({ clock: 'counted' });
    house.onClose(() => depot.close());
    const agent = example.depotAgent({
      model: { name: model.name },
      resources: () => Promise.resolve({ depot }),
      learning: { rollout, holdOut: { share: 0 } },
    });
    const scope = { tenant: tenantId(`novel-${run}`), agent: agentId(agent.id) };
    await startHouseWorkers(house, {
      agents: [agent],
      models: model.client,
      hasLocalModel: model.kind === 'simulated',
    });
    const root = await deployed(house, scope, agent);
    const bench = { house, scope, agent, root, example, depot, model, rollout };
    return await unlessInterrupted(play(bench, options, startedMs), signal);
  } finally {
    await house.close();
  }
}

interface Bench {
  readonly house: House;
  readonly scope: Scope;
  readonly agent: Agent;
  /** The version without lessons. */
  readonly root: VersionId;
  readonly example: NovelApiExample;
  readonly depot: RunningDepot;
  readonly model: ChosenModel;
  readonly rollout: RolloutSettings;
}

async function deployed(house: House, scope: Scope, agent: Agent): Promise<VersionId> {
  const { active } = await house.store.deploy(
    scope,
    {
      ...createAgentRegistry([agent]).digests(agent.id),
      parameters: {
        model: agent.model.name,
        temperature: agent.model.temperature,
        maxModelCalls: agent.limits.modelCalls,
        recallLimit: agent.recallLimit,
      },
      instructions: agent.instructions,
    },
    { id: 'bench', role: 'owner' },
  );
  return active;
}

async function play(
  bench: Bench,
  { seed, tasks, progress, signal, round = ROUND }: NovelApiOptions,
  startedMs: number,
): Promise<NovelApiReport> {
  const { house, scope, agent, root, example, depot, model, rollout } = bench;
  const rounds = new Rounds(house, scope, agent);
  const deck = example.requestDeck(seed, tasks).map(({ text, area }, at) => ({
    id: taskId(`r-${String(at + 1).padStart(4, '0')}`),
    input: { request: text, area },
    area,
  }));
  const served = new Map<string, { canary: number; all: number | null }>();
  const played: PlayedRequest[] = [];
  const episodes: EpisodeId[] = [];
  await house.store.setBarrier(scope, 0);
  for (let start = 0; start < deck.length; start += round) {
    signal.throwIfAborted();
    const dealt = deck.slice(start, start + round);
    const stage = stageOf([...served.values()]);
    const learning = await rounds.run(dealt);
    const frozen = await runFrozen(
      house,
      scope,
      root,
      dealt.map(({ id }) => id),
    );
    episodes.push(...learning.map(({ episode }) => episode));
    for (const [at, { area }] of dealt.entries()) {
      const [own, beside] = await Promise.all(
        [learning[at], frozen[at]].map((result) => armRunOf(bench, result)),
      );
      if (own === undefined || beside === undefined) continue;
      played.push({ area, stage, learning: own, frozen: beside });
    }
    await rounds.settle(signal);
    const candidates = await house.store.candidates(scope);
    noteServed(served, candidates, played.length);
    progress(roundLine(played.slice(start), candidates, played.length));
  }
  await house.store.setBarrier(scope, null);
  const candidates = await house.store.candidates(scope);
  return {
    model: model.kind,
    seed,
    tasks: played.length,
    rollout,
    stages: stagesOf(played),
    examplesToLearn: examplesOf(played),
    withinOneTask: withinOneTask(played),
    promotions: await promotionsOf(bench, candidates, served),
    verdicts: await verdictsOf(bench, candidates),
    notes: await notesOf(bench, episodes),
    entries: {
      kept: depot.kept().length,
      sentLive: played.reduce((sum, { learning }) => sum + learning.sent, 0),
    },
    wallSeconds: Math.round((Date.now() - startedMs) / 100) / 10,
  };
}

function stageOf(served: readonly { readonly all: number | null }[]): Stage {
  if (served.some(({ all }) => all !== null)) return 'after';
  return served.length > 0 ? 'canary' : 'before';
}

async function armRunOf(
  { house, scope, agent }: Bench,
  result: AgentTaskResult | undefined,
): Promise<ArmRun> {
  const found = result && (await house.store.episode(scope.tenant, result.episode));
  if (result === undefined || found == null) {
    throw new NotFoundError('episode', result?.episode ?? 'none', 'the task has ended before');
  }
  const made = found.steps.flatMap((step) => (step.kind === 'tool' ? [step] : []));
  const calls = made.filter(({ tool }) => tool !== SCRATCHPAD_TOOL);
  const effects = agent.tools.filter(({ effect }) => effect !== 'read').map(({ name }) => name);
  return {
    success: (result.score ?? 0) >= SUCCESS_THRESHOLD,
    modelCalls: result.modelCalls,
    calls: calls.length,
    refused: calls.filter((step) => !step.result.ok).length,
    noted: made.length - calls.length,
    sent: calls.filter(({ tool, result: answer }) => answer.ok && effects.includes(tool)).length,
  };
}

const SERVING: ReadonlySet<CandidateRow['state']> = new Set(['probation', 'promoted']);

function noteServed(
  served: Map<string, { canary: number; all: number | null }>,
  candidates: readonly CandidateRow[],
  done: number,
): void {
  for (const { id, state } of candidates) {
    if (state !== 'canary' && !SERVING.has(state)) continue;
    const before = served.get(id);
    const all = before?.all ?? (SERVING.has(state) ? done : null);
    served.set(id, { canary: before?.canary ?? done, all });
  }
}

function roundLine(
  round: readonly PlayedRequest[],
  candidates: readonly CandidateRow[],
  done: number,
): string {
  const right = (arm: 'learning' | 'frozen'): string =>
    String(round.filter((each) => each[arm].success).length);
  const states = candidates.map(({ number, state }) => `c${String(number)} ${state}`).join(', ');
  return (
    `${String(done)} tasks; of the last ${String(round.length)} learning ${right('learning')}, ` +
    `frozen ${right('frozen')} right; ${states === '' ? 'no candidate' : states}`
  );
}

async function promotionsOf(
  { house, scope }: Bench,
  candidates: readonly CandidateRow[],
  served: ReadonlyMap<string, { readonly canary: number; readonly all: number | null }>,
): Promise<PromotedNotes[]> {
  const rows: PromotedNotes[] = [];
  for (const { id, number, lessons } of candidates) {
    const times = served.get(id);
    if (times === undefined) continue;
    const pairs = await house.store.pairsOf(scope.tenant, id, 'gate');
    rows.push({
      candidate: `c${String(number)}`,
      lessons: lessons.length,
      pairs: pairs.length,
      canaryAfter: times.canary,
      promotedAfter: times.all,
    });
  }
  return rows;
}

async function verdictsOf(
  { house, scope }: Bench,
  candidates: readonly CandidateRow[],
): Promise<Record<string, number>> {
  const verdicts: Record<string, number> = {};
  for (const { id } of candidates) {
    for (const { purpose, verdict } of await house.store.gateRecords(scope.tenant, id)) {
      if (purpose === 'gate') verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    }
  }
  return verdicts;
}

async function notesOf(
  { house, scope }: Bench,
  episodes: readonly EpisodeId[],
): Promise<NovelApiReport['notes']> {
  const { store } = house;
  const pointer = await store.pointer(scope);
  if (pointer === null) return [];
  const shown = new Map<string, number>();
  for (const episode of episodes) {
    const proposals = await store.proposalsOf(scope.tenant, episode);
    for (const key of new Set(proposals.map(({ draft }) => draft.key))) {
      shown.set(key, (shown.get(key) ?? 0) + 1);
    }
  }
  const lessons = await store.lessonsServing(scope, pointer.active);
  return lessons
    .map(({ key, body }) => ({ text: lessonText(body), tasks: shown.get(key) ?? 0 }))
    .sort((left, right) => (left.text < right.text ? -1 : 1));
}
