import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { agentId, taskId, tenantId } from '../../contracts/ids.js';
import { parseOr } from '../../contracts/parse.js';
import { slicesOf } from '../../contracts/task-slices.js';
import { InvalidInputError } from '../../domain/errors.js';
import type { JsonObject } from '../../domain/json.js';
import { assertReachable } from '../../model/endpoint.js';
import { launchLog, unlessInterrupted, type CommandContext } from '../command.js';
import { agentNamed, requireConfiguration } from '../configuration.js';
import { EXIT, isUnavailability } from '../exit-codes.js';
import { openHouse, startHouseWorkers, type House } from '../house.js';
import { openModel } from '../model-choice.js';
import { withQuietTemporal } from '../temporal-logs.js';
import type { Agent } from '../../contracts/agent.js';
import type { TaskRequest } from '../../client/ratchet-client.js';

export interface RunOptions {
  readonly agent: string;
  readonly input: string;
  readonly task?: string;
  readonly subject?: string;
  readonly wait?: boolean;
}

const Input = z.record(z.string(), z.json());

/** Starts one task; with `wait` until it ended, with workers of its own where there are none. */
export function runTask(options: RunOptions, context: CommandContext): Promise<number> {
  return withQuietTemporal(context.config, () => run(options, context));
}

async function run(options: RunOptions, context: CommandContext): Promise<number> {
  const { config, io, signal, shared } = context;
  const input = taskInput(options.input);
  const request = {
    tenant: tenantId(shared.tenant ?? config.tenant),
    agent: agentId(options.agent),
    task: taskId(options.task ?? `t-${randomUUID().slice(0, 8)}`),
    input,
    subject: options.subject ?? null,
  };
  const configuration = await requireConfiguration(config, context.directory);
  const agent = agentNamed(configuration, options.agent);
  // Told before anything is started.
  slicesOf(agent, input);
  const house = await openHouse({ config, log: launchLog(context, true), signal });
  try {
    let isAlone = false;
    if (!(await hasWorker(house))) {
      if (options.wait === true) {
        isAlone = true;
        io.note('no worker polls the queue; this process works until the task has ended');
        // Nothing is accepted that could not be done.
        await assertReachable(config.model, signal);
        await startOwnWorkers(house, configuration.agents, io.note);
      } else {
        io.note('no worker polls the queue; the task waits for `ratchet up` or `ratchet worker`');
      }
    }
    const started = await house.client.startTask(agent, request);
    if (options.wait !== true) {
      const document = { task: request.task, ...started };
      io.result(document, `started ${request.task}, episode ${started.episode}`);
      return 0;
    }
    const code = await waitForEnd(house, request, started, context);
    // Nobody else would close it.
    if (isAlone) await unlessInterrupted(house.client.closed(request), signal);
    return code;
  } finally {
    await house.close();
  }
}

async function waitForEnd(
  house: House,
  request: TaskRequest,
  started: { readonly episode: string; readonly workflowId: string },
  { io, signal }: CommandContext,
): Promise<number> {
  const result = await unlessInterrupted(house.client.result(request), signal);
  const stored = await house.store.episode(request.tenant, result.episode);
  const lines = [
    stored?.output ?? '',
    `${result.end}, score ${String(result.score ?? 'unknown')}, episode ${result.episode}`,
  ];
  const document = { task: request.task, ...started, ...result, output: stored?.output ?? null };
  io.result(document, lines.filter((line) => line !== '').join('\n'));
  if (result.end !== 'failed' || !isUnavailability(result.category)) return EXIT.ok;
  io.note(
    `error: the task failed of ${result.category}: expected a server that serves; see \`ratchet doctor\`, then run it under another id`,
  );
  return EXIT.unavailable;
}

async function startOwnWorkers(
  house: House,
  agents: readonly Agent[],
  note: (line: string) => void,
): Promise<void> {
  const model = await openModel(house.config);
  house.onClose(() => model.close());
  note(model.said);
  const hasLocalModel = model.kind === 'simulated';
  await startHouseWorkers(house, { agents, models: model.client, hasLocalModel });
}

/** Whether somebody polled the live queue within the last minute or so, as Temporal remembers it. */
async function hasWorker({ temporal, taskQueue, config }: House): Promise<boolean> {
  const { pollers } = await temporal.workflowService.describeTaskQueue({
    namespace: config.temporal.namespace,
    taskQueue: { name: taskQueue },
  });
  const recent = Date.now() / 1000 - 70;
  return pollers.some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) > recent);
}

/** A JSON object; anything else is named. */
export function taskInput(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidInputError('--input', `text that is not JSON (${why})`, 'a JSON object', {
      cause: error,
    });
  }
  return parseOr(Input, value, '--input');
}
