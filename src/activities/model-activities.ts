import { z } from 'zod';

import type { Agent } from '../contracts/agent.js';
import { ASK_PERSON, SCRATCHPAD } from '../contracts/built-in-tools.js';
import { ModelEmptyError } from '../contracts/model-errors.js';
import { toolSchema } from '../contracts/tool.js';
import type { Mode, ModelStep, Step, TokenUsage, ToolCall } from '../domain/episode.js';
import { ConflictError } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import { callCost } from '../domain/learning-budget.js';
import type { AgentRegistry } from './agent-registry.js';
import { attempting } from './attempt.js';
import { conversationOf, type ChatMessage } from './conversation.js';
import { payingClient, type PurseStore } from './learning-purse.js';
import { KnownConversations } from './known-conversations.js';
import type { Store } from './store.js';
import type { ModelAnswer, TaskActivities } from './task-activities.js';
import { summarized } from './tool-summary.js';
import { travelling } from './travelling-reply.js';

/** A function as a model is told of it. */
export interface OfferedFunction {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly parameters: JsonObject;
}

export interface CompletionInput {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** None: the model has to answer in words. */
  readonly functions: readonly OfferedFunction[];
  readonly temperature: number;
  /** What the reply must be; an endpoint that knows no such thing is asked without it. */
  readonly replySchema?: { readonly name: string; readonly schema: JsonObject };
  /** For the whole call, to the last byte of the reply. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface CompletedReply {
  /** Who answered, as the endpoint names it. */
  readonly model: string;
  readonly text: string;
  /** Ids may be missing (empty) or double: models write them. */
  readonly toolCalls: readonly ToolCall[];
  readonly usage: TokenUsage;
  /** It declined to answer; the text says why. */
  readonly isRefusal?: true;
}

/** A model behind an endpoint. Makes one attempt; what fails is one of `contracts/model-errors.ts`. */
export interface ModelClient {
  complete(input: CompletionInput): Promise<CompletedReply>;
}

export interface ModelDependencies {
  readonly store: Pick<Store, 'conversation' | 'putStep'> & PurseStore;
  readonly agents: Pick<AgentRegistry, 'agent'>;
  readonly models: ModelClient;
  /** Shared with the tools of a process; without them each call reads its conversation. */
  readonly conversations?: KnownConversations;
}

/** `callModel` pays once for a step: where it is stored, an attempt answers from it. */
export function createModelActivities({
  store,
  agents,
  models,
  conversations = new KnownConversations(),
}: ModelDependencies): Pick<TaskActivities, 'callModel'> {
  return {
    callModel: (request) =>
      attempting(async ({ number, run, isFirst, signal }) => {
        const { tenant, episode, step: index } = request;
        const agent = agents.agent(request.agent);
        const known = isFirst ? conversations.ofLength(tenant, episode, index, run) : undefined;
        const { head, steps } = known ?? (await store.conversation(tenant, episode));
        if (known === undefined) conversations.read(tenant, episode, run, { head, steps });
        const stored = steps.find((step) => step.index === index);
        if (stored !== undefined) return travelling(await answerOf(stored, agent));

        // Nobody is served by a shadow run or an exploration: it is paid from the learning budget.
        const paying =
          head.mode === 'live' ? models : payingClient(models, store, agent, head.scope);
        const reply = await paying.complete({
          model: head.model,
          messages: conversationOf(
            head,
            steps.filter((step) => step.index < index),
          ),
          functions: request.tools === 'offered' ? offeredFunctions(agent, head.mode) : [],
          temperature: request.temperature,
          timeoutMs: agent.model.timeoutSeconds * 1000,
          signal,
        });
        if (number === 1 && isEmpty(reply)) throw new ModelEmptyError(reply.model);
        const step: ModelStep = {
          ...reply,
          index,
          kind: 'model',
          toolCalls: withIds(reply, index),
        };
        const kept = await store.putStep(tenant, episode, step);
        conversations.stored(tenant, episode, kept);
        return travelling(await answerOf(kept, agent));
      }),
  };
}

function isEmpty({ text, toolCalls }: CompletedReply): boolean {
  return toolCalls.length === 0 && text.trim() === '';
}

/** More than any agent allows in one turn, so that all of them are refused; none beyond is kept. */
const MOST_CALLS = 128;

function withIds({ toolCalls }: CompletedReply, step: number): readonly ToolCall[] {
  return toolCalls
    .slice(0, MOST_CALLS)
    .map((call, index) =>
      call.id === '' ? { ...call, id: `call-${String(step)}-${String(index)}` } : call,
    );
}

async function answerOf(step: Step, agent: Agent): Promise<ModelAnswer> {
  if (step.kind !== 'model') {
    throw new ConflictError(
      `step ${String(step.index)}: found a call of ${step.tool}, expected a model's reply; ` +
        'a step keeps its place in the trajectory',
    );
  }
  const { model, text, toolCalls, usage } = step;
  return {
    model,
    text,
    toolCalls: await Promise.all(toolCalls.map((call) => summarized(call, agent))),
    tokens: usage.inputTokens + usage.outputTokens,
    costMicroUsd: callCost(usage, agent.model).microUsd,
  };
}

/** The agent's tools and those of Ratchet's own that its settings allow; nobody answers a shadow run. */
function offeredFunctions(agent: Agent, mode: Mode): readonly OfferedFunction[] {
  const tools: readonly { name: string; description: string; input: z.ZodType }[] = [
    ...agent.tools,
    ...(agent.mayAsk && mode === 'live' ? [ASK_PERSON] : []),
    ...(agent.scratchpad ? [SCRATCHPAD] : []),
  ];
  return tools.map((tool) => {
    const { $schema: _dialect, ...parameters } = toolSchema(tool);
    return { name: tool.name, description: tool.description, parameters };
  });
}
