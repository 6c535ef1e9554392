import { ApplicationFailure } from '@temporalio/activity';

import type { Agent } from '../contracts/agent.js';
import { SCRATCHPAD } from '../contracts/built-in-tools.js';
import { digestOf } from '../contracts/digest.js';
import { cutText, plainText } from '../contracts/plain-text.js';
import { ARGUMENTS_CODES, parseToolArguments } from '../contracts/tool-arguments.js';
import { UnknownEffectError } from '../contracts/tool-errors.js';
import type { AnyTool, ToolContext } from '../contracts/tool.js';
import type { Step, ToolResult, ToolStep } from '../domain/episode.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import type { AgentRegistry } from './agent-registry.js';
import { attempting, type Attempt } from './attempt.js';
import { applyOnce } from './effect-ledger.js';
import type { KnownConversations } from './known-conversations.js';
import type { EffectRow, Store } from './store.js';
import type { CallAnswer, TaskActivities, ToolAnswer, ToolRequest } from './task-activities.js';
import { wholeCall } from './travelling-reply.js';

/** One run of one implementation of a tool. */
export interface ToolRun {
  /** Of the tool. */
  readonly name: string;
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
  readonly store: Pick<Store, 'beginCall' | 'conversation' | 'finishCall' | 'putStep'>;
  readonly agents: Pick<AgentRegistry, 'agent' | 'agents' | 'resources'>;
  readonly runtime: ToolRuntime;
  readonly conversations?: Pick<KnownConversations, 'stored'>;
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
  store: Pick<Store, 'conversation' | 'putStep'>,
): Pick<TaskActivities, 'answerCall'> {
  return {
    answerCall: async (answer) => {
      const content = cutText(plainText(answer.result.content), ANSWER_CHARACTERS);
      const call = await wholeCall(store, answer);
      await putResult(store, { ...answer, call }, { ...answer.result, content });
    },
  };
}

async function callTool(
  dependencies: ToolDependencies,
  name: string,
  travelled: ToolRequest,
  attempt: Attempt,
): Promise<ToolAnswer> {
  const { store, agents, conversations } = dependencies;
  const call = await wholeCall(store, travelled);
  const request = { ...travelled, call };
  const { tenant, agent: agentId, task, episode, step } = request;
  const agent = agents.agent(agentId);
  const tool = agent.tools.find((each) => each.name === name);
  if (tool === undefined)
    throw new NotFoundError('tool', name, `agent ${agent.id} has no such tool`);
  const parsed = await parseToolArguments(tool.input, call.arguments);
  if (!parsed.ok) {
    const { code, message } = parsed;
    return putResult(store, request, { ok: false, code, content: message });
  }
  const implementation = request.mode === 'live' ? tool.run : sandboxOf(tool);
  const key = effectKeyOf(tool, request);
  const isEffect = request.mode === 'live' && tool.effect !== 'read';
  const requestDigest = digestOf({ tool: tool.name, arguments: call.arguments });
  const start = await store.beginCall({
    tenant,
    agent: agentId,
    task,
    episode,
    step,
    effect: isEffect ? { key, requestDigest } : null,
  });
  if (start.stored !== null) return answerOf(start.stored);

  const made = {
    agent,
    tool,
    implementation,
    args: parsed.value,
    input: start.input,
    key,
    request,
  };
  const result = await runOnce(dependencies, made, start.effect, attempt);
  if (result === undefined) return { kind: 'unknown-effect', code: null, characters: 0 };
  const own = stepOf(request, result);
  const kept =
    start.effect === null
      ? await store.putStep(tenant, episode, own)
      : await store.finishCall(tenant, episode, own, key);
  conversations?.stored(tenant, episode, kept);
  return answerOf(kept);
}

/** Of a tool that names none. */
const TIMEOUT_SECONDS = 60;

interface Call {
  readonly agent: Agent;
  readonly tool: AnyTool;
  readonly implementation: AnyTool['run'];
  readonly args: unknown;
  /** Of the task. */
  readonly input: JsonObject;
  readonly key: string;
  readonly request: ToolRequest;
}

/** `undefined` where nobody can tell whether the effect happened. */
async function runOnce(
  { agents, runtime }: ToolDependencies,
  { agent, tool, implementation, args, input, key, request }: Call,
  begun: EffectRow | null,
  attempt: Attempt,
): Promise<ToolResult | undefined> {
  const resources = await agents.resources(agent.id);
  const run = (work: (context: ToolContext) => Promise<unknown>): Promise<ToolResult> =>
    runtime.run({
      name: tool.name,
      implementation: (signal) =>
        work({
          signal,
          effectKey: key,
          callId: request.call.id,
          episode: request.episode,
          task: { id: request.task, input },
          resources,
        }),
      timeoutSeconds: tool.timeoutSeconds ?? TIMEOUT_SECONDS,
      cancellation: attempt.signal,
      maxCharacters: agent.limits.resultCharacters,
      isLastAttempt: attempt.isLast,
    });

  if (begun === null || tool.effect === 'read') {
    return run((context) => implementation(args, context));
  }
  const effect = { key, effectClass: tool.effect, isLastAttempt: attempt.isLast };
  return applyOnce(begun, effect, (mayHaveHappened) =>
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
  store: Pick<Store, 'conversation' | 'putStep'>,
  travelled: ToolRequest,
): Promise<ToolAnswer> {
  const request = { ...travelled, call: await wholeCall(store, travelled) };
  const parsed = await parseToolArguments(SCRATCHPAD.input, request.call.arguments);
  return putResult(
    store,
    request,
    parsed.ok
      ? { ok: true, content: 'Noted.' }
      : { ok: false, code: parsed.code, content: parsed.message },
  );
}

type AnsweredCall = Pick<CallAnswer, 'tenant' | 'episode' | 'step' | 'call'>;

async function putResult(
  store: Pick<Store, 'putStep'>,
  answered: AnsweredCall,
  result: ToolResult,
): Promise<ToolAnswer> {
  const { tenant, episode } = answered;
  return answerOf(await store.putStep(tenant, episode, stepOf(answered, result)));
}

function stepOf({ step: index, call }: AnsweredCall, result: ToolResult): ToolStep {
  const { id: callId, tool } = call;
  return { index, kind: 'tool', callId, tool, arguments: call.arguments, result };
}

const REFUSALS: ReadonlySet<string> = new Set(ARGUMENTS_CODES);

function answerOf(step: Step): ToolAnswer {
  if (step.kind !== 'tool') {
    throw new ConflictError(
      `step ${String(step.index)}: found a model's reply, expected a tool's answer; ` +
        'a step keeps its place in the trajectory',
    );
  }
  const { result } = step;
  const characters = result.content.length;
  if (result.ok) return { kind: 'done', code: null, characters };
  const kind = REFUSALS.has(result.code) ? 'refused' : 'failed';
  return { kind, code: result.code, characters };
}
