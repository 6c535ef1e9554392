import type { ServerResponse } from 'node:http';
import { uniformOf } from '../domain/random.js';

export const FAULT_KINDS = [
  'rate-limit',
  'server-error',
  'timeout',
  'half-body',
  'duplicate-reply',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** How often a stand-in model fails, and how. */
export interface FaultPlan {
  readonly seed: number;
  /** Share of the requests, 0 … 1; the shares add up to 1 at most. */
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>;
  /** What a 429 asks the client to wait; 1 unless told. */
  readonly retryAfterSeconds?: number;
}

/**
 * What befalls a request; `undefined` for an undisturbed reply. Pure, and drawn anew for each attempt of
 * the same request, so that a retry can succeed.
 */
export function drawFault(
  plan: FaultPlan,
  requestKey: string,
  attempt: number,
): FaultKind | undefined {
  const draw = uniformOf('fault', String(plan.seed), requestKey, String(attempt));
  let upTo = 0;
  for (const kind of FAULT_KINDS) {
    upTo += plan.rates[kind] ?? 0;
    if (draw < upTo) return kind;
  }
  return undefined;
}

/**
 * Answers with a fault in place of `body`, which an undisturbed server would have sent. A timeout leaves
 * the request without an answer until one side closes the connection.
 */
export function answerWithFault(
  response: ServerResponse,
  fault: Exclude<FaultKind, 'duplicate-reply'>,
  plan: FaultPlan,
  body: string,
): void {
  switch (fault) {
    case 'rate-limit': {
      const seconds = String(plan.retryAfterSeconds ?? 1);
      const message = `Rate limit reached; come back in ${seconds} s`;
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': seconds });
      response.end(errorBody(message, 'rate_limit_error', 'rate_limit_exceeded'));
      return;
    }
    case 'server-error':
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(errorBody('The server had an error', 'server_error', 'server_error'));
      return;
    case 'timeout':
      return;
    case 'half-body':
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
      response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy());
  }
}

/** The calls of a reply said twice, ids and all. */
export function withDuplicateCalls<Call>(calls: readonly Call[]): readonly Call[] {
  return [...calls, ...calls];
}

/** An error in the form the OpenAI API gives errors. */
export function errorBody(message: string, type: string, code: string): string {
  return JSON.stringify({ error: { message, type, param: null, code } });
}
