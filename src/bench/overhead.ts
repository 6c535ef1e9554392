import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';

import { unlessInterrupted } from '../cli/command.js';
import { openHouse, startHouseWorkers, type House } from '../cli/house.js';
import type { Io } from '../cli/io.js';
import type { Config } from '../config.js';
import { agentId, taskId, tenantId } from '../contracts/ids.js';
import { createModelClient } from '../model/openai-client.js';
import { median, percentile, rounded } from './durations.js';
import {
  countingAgent,
  createBareActivities,
  MODEL_CALLS,
  modelNamed,
  startCountingModel,
  TOOL_CALLS,
} from './overhead-arms.js';
import type { BareLoopInput } from './workflows/bare-loop.js';

export interface OverheadOptions {
  /** Runs of each arm, warm-up apart. */
  readonly n: number;
}

export interface ArmReport {
  /** From the client's start to the result in its hands. */
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Events of a run's history. */
  readonly events: number;
}

/** A client has its result when the episode is recorded; the workflow closes once the reflection has started. */
export interface TaskReport extends ArmReport {
  readonly closed: { readonly medianMs: number; readonly ratio: number };
}

export interface OverheadReport {
  readonly n: number;
  /** Of medians: agentTask by bare loop, the model answering after `modelLatencyMs`. */
  readonly ratio: number;
  readonly ratioWithoutModelLatency: number;
  readonly task: TaskReport;
  readonly bare: ArmReport;
  readonly withoutModelLatency: { readonly task: TaskReport; readonly bare: ArmReport };
  readonly modelLatencyMs: number;
  readonly modelCalls: number;
  readonly toolCalls: number;
  /** Runs of each arm before the first that counts. */
  readonly warmUp: number;
}

const MODEL_LATENCY_MS = 20;
const WARM_UP = 10;
/** Between runs, so that what one leaves behind is not charged to the next. */
const PAUSE_MS = 40;

/**
 * What Ratchet adds to a task: `agentTask` with everything on against a loop of the same calls that
 * keeps nothing, in turn, on one server and one worker.
 */
export async function runOverhead(
  { n }: OverheadOptions,
  config: Config,
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  const report = await measureOverhead(n, config, io, signal);
  io.result(report, textOf(report));
  return 0;
}

async function measureOverhead(
  n: number,
  config: Config,
  io: Io,
  signal: AbortSignal,
): Promise<OverheadReport> {
  const model = await startCountingModel([MODEL_LATENCY_MS, 0]);
  try {
    const run = new Date().toISOString().replace(/\D/g, '').slice(0, 17);
    const taskQueue = `ratchet-bench-${run}`;
    const house = await openHouse({ config, log: io.note, signal, taskQueue });
    try {
      const models = createModelClient({ baseUrl: model.url, apiKey: 'none' });
      await startHouseWorkers(house, {
        agents: [countingAgent(MODEL_LATENCY_MS), countingAgent(0)],
        models,
        hasLocalModel: true,
        workflowBundle: await benchBundle(),
        moreActivities: { ...createBareActivities(models) },
      });
      const bench = { house, run, n, io, signal };
      const measure = (latencyMs: number) =>
        unlessInterrupted(measureArms(bench, latencyMs), signal);
      const { task, bare } = await measure(MODEL_LATENCY_MS);
      const withoutModelLatency = await measure(0);
      return {
        n,
        ratio: ratioOf(task, bare),
        ratioWithoutModelLatency: ratioOf(withoutModelLatency.task, withoutModelLatency.bare),
        task,
        bare,
        withoutModelLatency,
        modelLatencyMs: MODEL_LATENCY_MS,
        modelCalls: MODEL_CALLS,
        toolCalls: TOOL_CALLS,
        warmUp: WARM_UP,
      };
    } finally {
      await house.close();
    }
  } finally {
    await model.close();
  }
}

interface Bench {
  readonly house: House;
  readonly run: string;
  readonly n: number;
  readonly io: Io;
  readonly signal: AbortSignal;
}

interface Run {
  readonly elapsedMs: number;
  readonly events: number;
}

interface TaskRun extends Run {
  readonly closedMs: number;
}

/** Both arms in turn, each going first every other time. */
async function measureArms(
  { house, run, n, io, signal }: Bench,
  latencyMs: number,
): Promise<{ readonly task: TaskReport; readonly bare: ArmReport }> {
  const tasks: TaskRun[] = [];
  const bares: Run[] = [];
  const bar = io.progress(n);
  for (let index = -WARM_UP; index < n; index += 1) {
    const name = `${String(latencyMs)}ms-${String(index + WARM_UP)}`;
    const runTask = async () => runAgentTask(house, run, latencyMs, name, signal);
    const runBare = async () => runBareLoop(house, run, latencyMs, name, signal);
    const isTaskFirst = index % 2 === 0;
    const earlier = isTaskFirst ? undefined : await runBare();
    const task = await runTask();
    const bare = earlier ?? (await runBare());
    bar.update(Math.max(0, index + 1), `model ${String(latencyMs)} ms, ${name}`);
    if (index < 0) continue;
    tasks.push(task);
    bares.push(bare);
  }
  bar.end();
  const bare = armReport(bares);
  const medianMs = rounded(median(tasks.map(({ closedMs }) => closedMs)));
  const closed = { medianMs, ratio: ratioOf({ medianMs }, bare) };
  return { task: { ...armReport(tasks), closed }, bare };
}

async function runAgentTask(
  { client, temporal }: House,
  run: string,
  latencyMs: number,
  name: string,
  signal: AbortSignal,
): Promise<TaskRun> {
  const agent = countingAgent(latencyMs);
  const request = {
    tenant: tenantId(`bench-${run}`),
    agent: agentId(agent.id),
    task: taskId(name),
    input: { aisle: name },
  };
  const startedMs = performance.now();
  const { workflowId } = await client.startTask(agent, request);
  const { end, score, modelCalls, toolCalls, episode } = await client.result(request);
  const elapsedMs = performance.now() - startedMs;
  const isWhole = end === 'done' && modelCalls === MODEL_CALLS && toolCalls === TOOL_CALLS;
  if (!isWhole || score !== 1) {
    const found = JSON.stringify({ end, score, modelCalls, toolCalls });
    throw new Error(`${workflowId}: found ${found}, expected a task that did all its calls`);
  }
  await client.closed(request);
  const closedMs = performance.now() - startedMs;
  // Its reflection goes on after that; the next run must not pay for it.
  await temporal.workflow.getHandle(`reflect/${episode}`).result();
  const { historyLength } = await temporal.workflow.getHandle(workflowId).describe();
  await sleep(PAUSE_MS, undefined, { signal });
  return { elapsedMs, closedMs, events: historyLength };
}

async function runBareLoop(
  { temporal, taskQueue }: House,
  run: string,
  latencyMs: number,
  name: string,
  signal: AbortSignal,
): Promise<Run> {
  const { instructions, prompt } = countingAgent(latencyMs);
  const input: BareLoopInput = {
    model: modelNamed(latencyMs),
    messages: [
      { role: 'system', content: instructions },
      { role: 'user', content: prompt({ aisle: name }) },
    ],
  };
  const workflowId = `bare/${run}/${name}`;
  const startedMs = performance.now();
  const handle = await temporal.workflow.start('bareLoop', {
    workflowId,
    taskQueue,
    args: [input],
  });
  await handle.result();
  const elapsedMs = performance.now() - startedMs;
  const { historyLength } = await handle.describe();
  await sleep(PAUSE_MS, undefined, { signal });
  return { elapsedMs, events: historyLength };
}

function armReport(runs: readonly Run[]): ArmReport {
  const elapsed = runs.map(({ elapsedMs }) => elapsedMs);
  return {
    medianMs: rounded(median(elapsed)),
    p99Ms: rounded(percentile(elapsed, 0.99)),
    events: median(runs.map(({ events }) => events)),
  };
}

type Timed = Pick<ArmReport, 'medianMs'>;

function ratioOf(task: Timed, bare: Timed): number {
  return Math.round((1000 * task.medianMs) / bare.medianMs) / 1000;
}

/** The workflows of Ratchet and the bare loop: bundled from the files beside this one. */
async function benchBundle(): Promise<WorkflowBundleOption> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const workflowsPath = fileURLToPath(new URL(`./workflows/index.${extension}`, import.meta.url));
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
}

function textOf(report: OverheadReport): string {
  const line = (name: string, { medianMs, p99Ms, events }: ArmReport): string =>
    `${name}: median ${String(medianMs)} ms, p99 ${String(p99Ms)} ms, ${String(events)} events`;
  const closed = ({ closed: { medianMs, ratio } }: TaskReport): string =>
    `  agentTask until its workflow closed: median ${String(medianMs)} ms, ratio ${String(ratio)}`;
  const { withoutModelLatency: instant } = report;
  return [
    `${String(report.n)} runs of each, ${String(report.modelCalls)} model and ${String(report.toolCalls)} tool calls a run`,
    `model answers after ${String(report.modelLatencyMs)} ms: ratio ${String(report.ratio)}`,
    line('  agentTask', report.task),
    closed(report.task),
    line('  bare loop', report.bare),
    `model answers at once: ratio ${String(report.ratioWithoutModelLatency)}`,
    line('  agentTask', instant.task),
    closed(instant.task),
    line('  bare loop', instant.bare),
  ].join('\n');
}
