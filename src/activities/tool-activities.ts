import { ApplicationFailure } from '@temporalio/activity';

import type { Agent } from '../contracts/agent.js';
import { SCRATCHPAD } from '../contracts/built-in-tools.js';
import { digestOf } from '../contracts/digest.js';
import { cutText, plainText } from '../contracts/plain-text.js';
import { ARGUMENTS_CODES, parseToolArguments } from '../contracts/tool-arguments.js';
import { UnknownEffectError } from '../contracts/tool-errors.js';
import type { AnyTool, ToolContext } from '../contracts/tool.js';
import type { ToolResult } from '../domain/episode.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import type { AgentRegistry } from './agent-registry.js';
import { attempting, type Attempt } from './attempt.js';
import { applyOnce } from './effect-ledger.js';
import type { Store } from './store.js';
import type { CallAnswer, TaskActivities, ToolAnswer, ToolRequest } from './task-activities.js';

/** One run of one implementation of a tool. */
export interface ToolRun {
  readonly implementation: (signal: AbortSignal) => Promise<unknown>;
  readonly timeoutSeconds: number;
  /** Aborted when the task is cancelled; its reason is thrown then. */
  readonly cancellation: AbortSignal;
  readonly maxCharacters: number;
  /** On the last attempt a RetryableToolError is answered like any other. */
  readonly isLastAttempt: boolean;
}

/**
 * Runs tools. What a tool throws is its answer, and `TOOL_TIMEOUT` is that of one out of time; but for
 * a RetryableToolError or an UnknownEffectError, which are thrown on for the next attempt.
 */
export interface ToolRuntime {
  run(run: ToolRun): Promise<ToolResult>;
}

export interface ToolDependencies {
  readonly store: Pick<Store, 'step' | 'putStep' | 'beginEffect' | 'finishEffect' | 'taskInput'>;
  readonly agents: Pick<AgentRegistry, 'agent' | 'agents' | 'resources'>;
  readonly runtime: ToolRuntime;
}

export type ToolActivity = (request: ToolRequest) => Promise<ToolAnswer>;

/** One activity a tool name, over all agents, and `scratchpad`. Each answers a stored step at once. */
export function createToolActivities(
  dependencies: ToolDependencies,
): Readonly<Record<string, ToolActivity>> {
  const names = new Set(
    dependencies.agents.agents().flatMap(({ tools }) => tools.map(({ name }) => name)),
  );
  const byName = [...names].map((name): [string, ToolActivity] => [
    name,
    (request) => attempting((attempt) => callTool(dependencies, name, request, attempt)),
  ]);
  return {
    ...Object.fromEntries(byName),
    [SCRATCHPAD.name]: (request) => takeNote(dependencies.store, request),
  };
}

const ANSWER_CHARACTERS = 20_000;

/** Stores the answer to a call that no tool ran for: a refusal, or a person's word. */
export function createCallAnswers(
  store: Pick<Store, 'putStep'>,
): Pick<TaskActivities, 'answerCall'> {
  return {
    answerCall: async (answer) => {
      const content = cutText(plainText(answer.result.content), ANSWER_CHARACTERS);
      await putResult(store, answer, { ...answer.result, content });
    },
  };
}

async function callTool(
  dependencies: ToolDependencies,
  name: string,
  request: ToolRequest,
  attempt: Attempt,
): Promise<ToolAnswer> {
  const { store, agents } = dependencies;
  const stored = await storedAnswer(store, request);
  if (stored !== undefined) return stored;

  const agent = agents.agent(request.agent);
  const tool = agent.tools.find((each) => each.name === name);
  if (tool === undefined)
    throw new NotFoundError('tool', name, `agent ${agent.id} has no such tool`);
  const parsed = await parseToolArguments(tool.input, request.call.arguments);
  if (!parsed.ok) {
    const { code, message } = parsed;
    return putResult(store, request, { ok: false, code, content: message });
  }
  const result = await runOnce(dependencies, { agent, tool, args: parsed.value, request, attempt });
  return result === undefined
    ? { kind: 'unknown-effect', code: null, characters: 0 }
    : putResult(store, request, result);
}

/** Of a tool that names none. */
const TIMEOUT_SECONDS = 60;

interface Call {
  readonly agent: Agent;
  readonly tool: AnyTool;
  readonly args: unknown;
  readonly request: ToolRequest;
  readonly attempt: Attempt;
}

/** `undefined` where nobody can tell whether the effect happened. */
async function runOnce(
  { store, agents, runtime }: ToolDependencies,
  { agent, tool, args, request, attempt }: Call,
): Promise<ToolResult | undefined> {
  const { tenant, call } = request;
  const effectKey = effectKeyOf(tool, request);
  const implementation = request.mode === 'live' ? tool.run : sandboxOf(tool);
  const accepted = await store.taskInput({ tenant, agent: request.agent }, request.task);
  if (accepted === null) {
    throw new NotFoundError('task', request.task, 'tools run for tasks that were accepted');
  }
  const resources = await agents.resources(agent.id);
  const run = (work: (context: ToolContext) => Promise<unknown>): Promise<ToolResult> =>
    runtime.run({
      implementation: (signal) =>
        work({
          signal,
          effectKey,
          callId: call.id,
          task: { id: request.task, input: accepted.input },
          resources,
        }),
      timeoutSeconds: tool.timeoutSeconds ?? TIMEOUT_SECONDS,
      cancellation: attempt.signal,
      maxCharacters: agent.limits.resultCharacters,
      isLastAttempt: attempt.isLast,
    });

  if (request.mode !== 'live' || tool.effect === 'read') {
    return run((context) => implementation(args, context));
  }
  const effect = {
    tenant,
    key: effectKey,
    requestDigest: digestOf({ tool: tool.name, arguments: call.arguments }),
    effectClass: tool.effect,
    isLastAttempt: attempt.isLast,
  };
  return applyOnce(store, effect, (mayHaveHappened) =>
    run(async (context) => {
      const asked = mayHaveHappened ? await askWhetherItHappened(tool, context) : undefined;
      return asked?.happened === true
        ? (asked.result ?? 'This call took effect in an earlier attempt.')
        : implementation(args, context);
    }),
  );
}

/**
 * What a person said did not happen is made again: under a key of its own where the earlier attempt would
 * stand in its way, and under the same one where the receiver tells the two apart by it.
 */
function effectKeyOf(tool: AnyTool, { effectKey, again }: ToolRequest): string {
  if (again === undefined || tool.effect === 'keyed') return effectKey;
  return `${effectKey}:again-${String(again)}`;
}

/** No shadow run touches anything real: a tool without a sandbox ends it. */
function sandboxOf(tool: AnyTool): AnyTool['run'] {
  if (tool.sandbox === 'same') return tool.run;
  if (tool.sandbox !== undefined) return tool.sandbox;
  throw ApplicationFailure.nonRetryable(
    `tool ${tool.name}: found no sandbox, expected one outside of live tasks; give it one`,
    'SHADOW_UNMOCKED',
  );
}

/** Only `queryable` tools can be asked; a question without an answer leaves it open. */
async function askWhetherItHappened(
  tool: AnyTool,
  context: ToolContext,
): Promise<{ readonly happened: boolean; readonly result?: unknown } | undefined> {
  if (tool.effect !== 'queryable') return undefined;
  try {
    return await tool.query?.(context);
  } catch (error) {
    throw new UnknownEffectError(context.effectKey, 'no answer to whether it happened', {
      cause: error,
    });
  }
}

/** A note of the agent to itself: the conversation shows it from the next model call on. */
async function takeNote(
  store: Pick<Store, 'step' | 'putStep'>,
  request: ToolRequest,
): Promise<ToolAnswer> {
  const stored = await storedAnswer(store, request);
  if (stored !== undefined) return stored;
  const parsed = await parseToolArguments(SCRATCHPAD.input, request.call.arguments);
  return putResult(
    store,
    request,
    parsed.ok
      ? { ok: true, content: 'Noted.' }
      : { ok: false, code: parsed.code, content: parsed.message },
  );
}

async function storedAnswer(
  store: Pick<Store, 'step'>,
  { tenant, episode, step: index }: ToolRequest,
): Promise<ToolAnswer | undefined> {
  const step = await store.step(tenant, episode, index);
  if (step === null) return undefined;
  if (step.kind === 'tool') return answerOf(step.result);
  throw new ConflictError(
    `step ${String(index)}: found a model's reply, expected a tool's answer; ` +
      'a step keeps its place in the trajectory',
  );
}

async function putResult(
  store: Pick<Store, 'putStep'>,
  { tenant, episode, step: index, call }: Pick<CallAnswer, 'tenant' | 'episode' | 'step' | 'call'>,
  result: ToolResult,
): Promise<ToolAnswer> {
  const stored = await store.putStep(tenant, episode, {
    index,
    kind: 'tool',
    callId: call.id,
    tool: call.tool,
    arguments: call.arguments,
    result,
  });
  return answerOf(stored.kind === 'tool' ? stored.result : result);
}

const REFUSALS: ReadonlySet<string> = new Set(ARGUMENTS_CODES);

function answerOf(result: ToolResult): ToolAnswer {
  const characters = result.content.length;
  if (result.ok) return { kind: 'done', code: null, characters };
  const kind = REFUSALS.has(result.code) ? 'refused' : 'failed';
  return { kind, code: result.code, characters };
}
