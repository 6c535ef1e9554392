import type { Depot } from '../../../examples/novel-api/depot/server.js';
import { depotAgent } from '../../../examples/novel-api/agent.js';
import { gradeAnswer, type Grade } from '../../../examples/novel-api/right-answer.js';
import type { DepotRequest } from '../../../examples/novel-api/requests.js';
import { conversationOf, type ChatMessage } from '../../../src/activities/conversation.js';
import type { ModelClient } from '../../../src/activities/model-activities.js';
import { systemMessage } from '../../../src/activities/task-lifecycle.js';
import { SCRATCHPAD } from '../../../src/contracts/built-in-tools.js';
import { lessonId } from '../../../src/contracts/ids.js';
import { toolSchema } from '../../../src/contracts/tool.js';
import type { ModelStep, Step, ToolCall, ToolResult } from '../../../src/domain/episode.js';
import { createToolRuntime } from '../../../src/tools/tool-runtime.js';

/** What one play of a request came to. */
export interface Played {
  readonly request: DepotRequest;
  readonly grade: Grade;
  readonly answer: string;
  readonly steps: readonly Step[];
  readonly modelCalls: number;
  /** Calls of the API that were refused. */
  readonly refused: number;
}

export type PlayMode = 'live' | 'shadow';

const agent = depotAgent();
const runtime = createToolRuntime();
const offered = [...agent.tools, SCRATCHPAD].map((tool) => ({
  name: tool.name,
  description: tool.description,
  parameters: toolSchema(tool),
}));

/** The prompt of a run in the middle of it, as the product words it. */
export function promptOf(
  request: Pick<DepotRequest, 'text' | 'area'>,
  lessons: readonly string[],
  steps: readonly Step[],
): readonly ChatMessage[] {
  const recalled = lessons.map((text, at) => {
    return { lesson: lessonId(`lesson-${String(at)}`), revision: 1, text, score: 1 };
  });
  const head = {
    system: systemMessage(agent.instructions, recalled),
    user: agent.prompt({ request: request.text, area: request.area }),
  };
  return conversationOf(head, steps);
}

/** What the model does next with a prompt. */
export function replyTo(
  models: ModelClient,
  messages: readonly ChatMessage[],
  isLast = false,
): ReturnType<ModelClient['complete']> {
  return models.complete({
    model: 'any',
    messages,
    functions: isLast ? [] : offered,
    temperature: 0,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
  });
}

/** The agent loop without Temporal: prompts, model and tools as the product has them, then the checker. */
export async function play(
  { depot, models }: { readonly depot: Depot; readonly models: ModelClient },
  request: DepotRequest,
  lessons: readonly string[] = [],
  { episode = request.text, mode = 'live' }: { episode?: string; mode?: PlayMode } = {},
): Promise<Played> {
  const steps: Step[] = [];
  let modelCalls = 0;
  let answer = '';
  while (modelCalls < agent.limits.modelCalls) {
    modelCalls += 1;
    const isLast = modelCalls === agent.limits.modelCalls;
    const reply = await replyTo(models, promptOf(request, lessons, steps), isLast);
    const index = steps.length;
    const { toolCalls } = reply;
    const turn: ModelStep = { ...reply, index, kind: 'model' };
    steps.push(turn);
    if (toolCalls.length === 0) {
      answer = reply.text;
      break;
    }
    const results = await Promise.all(
      toolCalls.map((call) => resultOf(depot, request, call, { episode, mode })),
    );
    for (const [at, { id: callId, tool, arguments: given }] of toolCalls.entries()) {
      const result = results[at];
      if (result === undefined) throw new Error('A call has no result');
      steps.push({ index: index + 1 + at, kind: 'tool', callId, tool, arguments: given, result });
    }
  }
  const refused = steps.filter(
    (step) => step.kind === 'tool' && !step.result.ok && step.tool !== SCRATCHPAD.name,
  ).length;
  const grade = gradeAnswer(request.text, answer);
  return { request, grade, answer, steps, modelCalls, refused };
}

async function resultOf(
  depot: Depot,
  request: DepotRequest,
  call: ToolCall,
  { episode, mode }: { readonly episode: string; readonly mode: PlayMode },
): Promise<ToolResult> {
  if (call.tool === SCRATCHPAD.name) {
    SCRATCHPAD.input.parse(JSON.parse(call.arguments));
    return { ok: true, content: 'Noted.' };
  }
  const tool = agent.tools.find(({ name }) => name === call.tool);
  if (tool === undefined) throw new Error(`There is no tool ${call.tool}`);
  const sandbox = tool.sandbox === 'same' ? tool.run : tool.sandbox;
  const implementation = mode === 'live' ? tool.run : sandbox;
  if (implementation === undefined) throw new Error(`${call.tool} has no sandbox`);
  const args: unknown = tool.input.parse(JSON.parse(call.arguments));
  const signal = new AbortController().signal;
  return runtime.run({
    name: tool.name,
    implementation: (given) =>
      implementation(args, {
        signal: given,
        effectKey: `${episode}:${call.id}`,
        callId: call.id,
        episode,
        task: { id: request.text, input: {} },
        resources: { depot },
      }),
    timeoutSeconds: 10,
    cancellation: signal,
    maxCharacters: agent.limits.resultCharacters,
    isLastAttempt: true,
  });
}
