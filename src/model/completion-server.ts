import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  answerWithFault,
  drawFault,
  errorBody,
  withDuplicateCalls,
  type FaultPlan,
} from './fault-injection.js';

/** The part of a chat-completions request that a stand-in model looks at. */
export const CompletionRequest = z.object({
  model: z.string().min(1),
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
        content: z.string().nullish(),
        tool_call_id: z.string().optional(),
        tool_calls: z
          .array(
            z.object({
              id: z.string(),
              function: z.object({ name: z.string(), arguments: z.string() }),
            }),
          )
          .optional(),
      }),
    )
    .min(1),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).optional(),
  stream: z.literal(false).nullish(),
});
export type CompletionRequest = z.infer<typeof CompletionRequest>;
export type CompletionMessage = CompletionRequest['messages'][number];

/** What a stand-in model answers. `model` says who spoke. */
export type CompletionReply =
  | {
      readonly ok: true;
      readonly model: string;
      readonly text: string | null;
      readonly toolCalls: readonly {
        readonly id: string;
        readonly name: string;
        readonly arguments: string;
      }[];
    }
  | {
      readonly ok: false;
      readonly status: number;
      readonly type: string;
      readonly code: string;
      readonly message: string;
    };

export interface CompletionServerOptions {
  /** A pure function of the request: the conversation is all the state there is. */
  readonly answer: (request: CompletionRequest) => CompletionReply;
  /** Milliseconds waited before the reply to a request; none unless told. */
  readonly latencyMs?: (request: CompletionRequest) => number;
  /** What `GET /v1/models` lists. */
  readonly models: readonly string[];
  /** 0 or absent: a free one. */
  readonly port?: number;
  readonly faults?: FaultPlan;
}

export interface CompletionServer {
  /** The base URL of an OpenAI client, ending in `/v1`. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Serves OpenAI chat completions without streaming on the loopback interface. */
export async function startCompletionServer(
  options: CompletionServerOptions,
): Promise<CompletionServer> {
  const attempts = new Map<string, number>();
  const server = createServer((request, response) => {
    handle(request, response, options, attempts).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      refuse(response, 500, message, 'server_error', 'stand_in_failed');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${String(port)}/v1`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
        server.closeAllConnections();
      }),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  options: CompletionServerOptions,
  attempts: Map<string, number>,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0];
  if (request.method === 'GET' && path === '/v1/models') {
    const data = options.models.map((id) => ({
      id,
      object: 'model',
      created: 0,
      owned_by: 'ratchet',
    }));
    send(response, 200, JSON.stringify({ object: 'list', data }));
    return;
  }
  if (request.method !== 'POST' || path !== '/v1/chat/completions') {
    const message = `found ${request.method ?? ''} ${path ?? ''}, expected POST /v1/chat/completions`;
    refuse(response, 404, message, 'invalid_request_error', 'not_found');
    return;
  }
  const text = await bodyOf(request);
  const parsed = CompletionRequest.safeParse(jsonOf(text));
  if (!parsed.success) {
    refuse(response, 400, z.prettifyError(parsed.error), 'invalid_request_error', 'bad_request');
    return;
  }
  const latencyMs = options.latencyMs?.(parsed.data) ?? 0;
  if (latencyMs > 0) await sleep(latencyMs);
  const fault = nextFault(options.faults, text, attempts);
  const reply = options.answer(parsed.data);
  const body = bodyOfReply(reply, parsed.data, fault === 'duplicate-reply');
  if (fault !== undefined && fault !== 'duplicate-reply' && options.faults !== undefined) {
    answerWithFault(response, fault, options.faults, body);
    return;
  }
  send(response, reply.ok ? 200 : reply.status, body);
}

function nextFault(
  plan: FaultPlan | undefined,
  requestKey: string,
  attempts: Map<string, number>,
): ReturnType<typeof drawFault> {
  if (plan === undefined) return undefined;
  const attempt = attempts.get(requestKey) ?? 0;
  attempts.set(requestKey, attempt + 1);
  return drawFault(plan, requestKey, attempt);
}

function bodyOfReply(
  reply: CompletionReply,
  request: CompletionRequest,
  isDuplicated: boolean,
): string {
  if (!reply.ok) return errorBody(reply.message, reply.type, reply.code);
  const calls = isDuplicated ? withDuplicateCalls(reply.toolCalls) : reply.toolCalls;
  const sent = request.messages.reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
  const said = calls.reduce((sum, call) => sum + call.arguments.length, reply.text?.length ?? 0);
  const usage = { prompt_tokens: Math.ceil(sent / 4), completion_tokens: Math.ceil(said / 4) };
  return JSON.stringify({
    id: 'chatcmpl-loopback',
    object: 'chat.completion',
    created: 0,
    model: reply.model,
    choices: [
      {
        index: 0,
        finish_reason: calls.length > 0 ? 'tool_calls' : 'stop',
        logprobs: null,
        message: {
          role: 'assistant',
          content: reply.text,
          refusal: null,
          ...(calls.length === 0
            ? {}
            : {
                tool_calls: calls.map((call) => ({
                  id: call.id,
                  type: 'function',
                  function: { name: call.name, arguments: call.arguments },
                })),
              }),
        },
      },
    ],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = z.instanceof(Uint8Array).parse(chunk);
    size += bytes.length;
    if (size > MAX_BODY_BYTES)
      throw new Error(`a body of more than ${String(MAX_BODY_BYTES)} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  type: string,
  code: string,
): void {
  send(response, status, errorBody(message, type, code));
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body);
}
