import { writeFile } from 'node:fs/promises';

import { createAgentRegistry } from '../../activities/agent-registry.js';
import type { Config } from '../../config.js';
import { RolloutSettings } from '../../contracts/agent.js';
import { agentId, tenantId } from '../../contracts/ids.js';
import { UnavailableError } from '../../domain/errors.js';
import { assertReachable } from '../../model/endpoint.js';
import type { DemoState } from '../../server/demo-state.js';
import { openDashboard } from '../../server/dashboard.js';
import { loadExample } from '../demo/example.js';
import { demoReport, phaseOf } from '../demo/report.js';
import { StoryRunner } from '../demo/story-runner.js';
import { demoTable } from '../demo/table.js';
import { openHouse, startHouseWorkers, type House } from '../house.js';
import { unlessInterrupted, untilAborted } from '../command.js';
import type { Io } from '../io.js';
import { openModel } from '../model-choice.js';
import { assertWritableFile } from '../output-file.js';

export interface DemoOptions {
  readonly once: boolean;
  readonly report: string | null;
  readonly seed: number;
}

/** The rollout of the demonstration: short, and said in its report (DESIGN 10). */
export const DEMO_ROLLOUT: RolloutSettings = {
  stages: [
    { share: 0.25, minOutcomes: 10, minDurationMs: 0 },
    { share: 0.5, minOutcomes: 20, minDurationMs: 0 },
  ],
  probation: { outcomes: 60, minOutcomes: 30, durationMs: 7 * 86_400_000 },
};

/** Model calls of a second look at a task that failed and left nothing to mine. */
const EXPLORATION_CALLS = 10;

/** Plays the story of the demonstration; without `once` the house stays open until Ctrl-C. */
export async function runDemo(
  options: DemoOptions,
  config: Config,
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  const startedMs = Date.now();
  if (options.report !== null) await assertWritableFile('--report', options.report);
  await assertReachable(config.model, signal);
  // A queue of its own: workers of `up` in the same home do not know this agent.
  const taskQueue = `${config.taskQueue}-demo`;
  const house = await openHouse({ config, log: io.note, signal, taskQueue });
  try {
    await play(options, house, io, signal, startedMs);
    return 0;
  } finally {
    await house.close();
  }
}

async function play(
  options: DemoOptions,
  house: House,
  io: Io,
  signal: AbortSignal,
  startedMs: number,
): Promise<void> {
  const model = await openModel(house.config);
  house.onClose(() => model.close());
  const example = await loadExample();
  const run = new Date(startedMs).toISOString().replace(/\D/g, '').slice(0, 17);
  const place = { connectionString: house.databaseUrl, namespace: `garden_${run}` };
  await example.createCompany(place);
  const company = example.openCompany(place);
  house.onClose(() => company.end());

  const agent = example.sqlAnalyst({
    model: { name: model.name },
    resources: () => Promise.resolve({ db: company }),
    learning: {
      rollout: DEMO_ROLLOUT,
      explorationModelCalls: EXPLORATION_CALLS,
      // Each task of a phase is compared with the frozen agent's: none goes without a lesson it has.
      holdOut: { share: 0 },
    },
  });
  await startHouseWorkers(house, {
    agents: [agent],
    models: model.client,
    hasLocalModel: model.kind === 'simulated',
    log: io.note,
  });
  const scope = { tenant: tenantId(`demo-${run}`), agent: agentId(agent.id) };
  const registry = createAgentRegistry([agent]);
  const { active: root } = await house.store.deploy(
    scope,
    {
      ...registry.digests(agent.id),
      parameters: {
        model: agent.model.name,
        temperature: agent.model.temperature,
        maxModelCalls: agent.limits.modelCalls,
        recallLimit: agent.recallLimit,
      },
      instructions: agent.instructions,
    },
    { id: 'demo', role: 'owner' },
  );

  let state: DemoState = {
    tenant: scope.tenant,
    agent: agent.id,
    model: model.kind,
    isDone: false,
    log: [],
    phases: example.phases.map(({ name, title }) => ({
      name,
      title,
      frozen: { n: 0, success: 0 },
      learning: { n: 0, success: 0 },
      state: 'waiting',
    })),
  };
  const dashboard = await openDashboard({
    house,
    port: house.config.port,
    agents: [agent.id],
    apiToken: house.config.apiToken,
    demo: () => state,
    log: io.note,
  });
  house.onClose(() => dashboard.close());
  io.note(`dashboard: ${dashboard.url}/demo`);
  io.note(`Temporal UI: ${house.temporalUi ?? 'none found'}`);
  io.note(
    model.kind === 'simulated'
      ? 'model: the built-in simulated one; set OPENAI_API_KEY or OPENAI_BASE_URL for a real one'
      : `model: ${model.name}`,
  );
  if (signal.aborted) throw new UnavailableError('the demonstration', 'interrupted', 'start again');

  const setPhase = (name: string, phase: DemoState['phases'][number]['state']): void => {
    const { frozen, learning } = phaseOf(name, runner.played);
    const phases = state.phases.map((each) =>
      each.name === name ? { ...each, frozen, learning, state: phase } : each,
    );
    state = { ...state, phases };
  };
  const say = (line: string): void => {
    state = { ...state, log: [...state.log, line] };
    io.note(line);
  };
  const progress = io.progress(example.phases.length);
  const runner = new StoryRunner(
    { house, scope, agent, company, example, root, seed: options.seed, signal },
    {
      onPhase: ({ name, title }, index) => {
        for (const done of example.phases.slice(0, index)) setPhase(done.name, 'done');
        setPhase(name, 'running');
        say(`— ${name}: ${title}`);
        progress.update(index, name);
      },
      onRound: ({ name }, played) => {
        setPhase(name, 'running');
        const wins = (arm: 'learning' | 'frozen') =>
          played.filter((task) => task[arm] >= 0.5).length;
        say(
          `  round of ${String(played.length)}: learning ${String(wins('learning'))}, frozen ${String(wins('frozen'))} right`,
        );
      },
      onEvent: (line) => {
        say(`  ${line}`);
      },
    },
  );
  await unlessInterrupted(runner.play(), signal);
  for (const { name } of example.phases) setPhase(name, 'done');
  state = { ...state, isDone: true };
  progress.end();

  const report = await demoReport({
    house,
    scope,
    seed: options.seed,
    model: model.kind,
    rollout: DEMO_ROLLOUT,
    phases: example.phases,
    played: runner.played,
    poisoned: runner.poisoned,
    poisoners: [...new Set(example.poisons.map(({ actor }) => actor))],
    dashboard: dashboard.url,
    startedMs,
  });
  if (options.report !== null) {
    await writeFile(options.report, `${JSON.stringify(report, null, 2)}\n`);
  }
  io.result(report, demoTable(report));
  if (!options.once) {
    io.note(`The house stays open: ${dashboard.url} — Ctrl-C ends it.`);
    await untilAborted(signal);
  }
}
