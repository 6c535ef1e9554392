import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { seedOf } from '../../domain/random.js';
import { answerWithFault, drawFault, errorBody, withDuplicateCalls } from '../fault-injection.js';
import { chatCompletion, ChatRequest, namedCalls } from './chat-protocol.js';
import { jsonIn } from './known-schema.js';
import { readConversation } from './conversation.js';
import { nextCallerMove } from './http/caller.js';
import { isCallerPrompt, readCallerConversation } from './http/caller-conversation.js';
import { nextMove } from './policy.js';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FaultPlan } from '../fault-injection.js';

/** The name under which the simulated model says in every reply that it is one. */
export const SIMULATED_MODEL = 'ratchet-simulated';

export interface SimulatedModelOptions {
  /** A free port where absent or 0. */
  readonly port?: number;
  /** Waited before each reply. */
  readonly latencyMs?: number;
  /** Decides every draw of the model that the prompt does not. */
  readonly seed?: number;
  readonly faults?: FaultPlan;
}

export interface SimulatedModel {
  /** The base URL for an OpenAI client, ending in `/v1`. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Starts the simulated model on the loopback interface. */
export async function startSimulatedModel(
  options: SimulatedModelOptions = {},
): Promise<SimulatedModel> {
  const attempts = new Map<string, number>();
  const server = createServer((request, response) => {
    answer(request, response, options, attempts).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      if (response.headersSent) response.destroy();
      else send(response, 500, errorBody(message, 'server_error', 'stand_in_failed'));
    });
  });
  const port = await listen(server, options.port ?? 0);
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

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('The simulated model has no port'));
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: SimulatedModelOptions,
  attempts: Map<string, number>,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (request.method === 'GET' && pathname === '/v1/models') {
    const model = { id: SIMULATED_MODEL, object: 'model', created: 0, owned_by: 'ratchet' };
    send(response, 200, JSON.stringify({ object: 'list', data: [model] }));
    return;
  }
  if (request.method !== 'POST' || pathname !== '/v1/chat/completions') {
    const message = `found ${request.method ?? ''} ${pathname}, expected POST /v1/chat/completions`;
    send(response, 404, errorBody(message, 'invalid_request_error', 'not_found'));
    return;
  }
  const text = await readBody(request);
  if (text === undefined) {
    const message = `found a body of more than ${String(MAX_BODY_BYTES)} bytes`;
    send(response, 413, errorBody(message, 'invalid_request_error', 'too_large'));
    return;
  }
  const parsed = ChatRequest.safeParse(jsonIn(text));
  if (!parsed.success) {
    const message = z.prettifyError(parsed.error);
    send(response, 400, errorBody(message, 'invalid_request_error', 'bad_request'));
    return;
  }
  await sleep(options.latencyMs ?? 0);
  reply(response, parsed.data, text, options, attempts);
}

function reply(
  response: ServerResponse,
  request: ChatRequest,
  text: string,
  { faults, seed = 0 }: SimulatedModelOptions,
  attempts: Map<string, number>,
): void {
  const move = isCallerPrompt(request)
    ? nextCallerMove(readCallerConversation(request))
    : nextMove(readConversation(request), seed);
  const id = promptId(seed, JSON.stringify([request.messages, request.tools]));
  const attempt = attempts.get(id) ?? 0;
  if (faults !== undefined) attempts.set(id, attempt + 1);
  const fault = faults && drawFault(faults, id, attempt);
  const calls = move.kind === 'call' ? namedCalls(move.calls, id) : [];
  const sent = fault === 'duplicate-reply' ? withDuplicateCalls(calls) : calls;
  const said = move.kind === 'answer' ? move.text : null;
  const body = JSON.stringify(chatCompletion(request, said, sent, id, SIMULATED_MODEL));
  if (faults === undefined || fault === undefined || fault === 'duplicate-reply') {
    send(response, 200, body);
  } else {
    answerWithFault(response, fault, faults, body);
  }
}

function promptId(seed: number, prompt: string): string {
  const part = (salt: string): string =>
    seedOf(salt, String(seed), prompt).toString(16).padStart(8, '0');
  return `sim${part('a')}${part('b')}`;
}

/** The body as text, or `undefined` where it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue;
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-ratchet-model': 'simulated',
  });
  response.end(text);
}
