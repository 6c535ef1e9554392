import { setTimeout as sleep } from 'node:timers/promises';
import { mulberry32, seedOf } from '../domain/random.js';
import type { ServerResponse } from 'node:http';

/** How often a stand-in model server fails, each a share of the requests in [0, 1]. */
export interface FaultPlan {
  readonly seed: number;
  readonly rateLimit?: number;
  readonly serverError?: number;
  readonly timeout?: number;
  readonly halfBody?: number;
  readonly duplicate?: number;
  /** What a 429 asks the client to wait. */
  readonly retryAfterSeconds?: number;
  /** How long a timeout holds the connection before it is cut. */
  readonly timeoutMs?: number;
}

export type Fault =
  | { readonly kind: 'rate-limit'; readonly retryAfterSeconds: number }
  | { readonly kind: 'server-error' }
  | { readonly kind: 'timeout'; readonly holdMs: number }
  | { readonly kind: 'half-body' }
  | { readonly kind: 'duplicate' };

/** What befalls the nth request, counted from 1; `undefined` for an undisturbed reply. Pure. */
export function decideFault(plan: FaultPlan, request: number): Fault | undefined {
  const faults: readonly (readonly [share: number | undefined, fault: Fault])[] = [
    [plan.rateLimit, { kind: 'rate-limit', retryAfterSeconds: plan.retryAfterSeconds ?? 1 }],
    [plan.serverError, { kind: 'server-error' }],
    [plan.timeout, { kind: 'timeout', holdMs: plan.timeoutMs ?? 5000 }],
    [plan.halfBody, { kind: 'half-body' }],
    [plan.duplicate, { kind: 'duplicate' }],
  ];
  const draw = mulberry32(seedOf('fault', String(plan.seed), String(request)))();
  let upTo = 0;
  for (const [share = 0, fault] of faults) {
    upTo += share;
    if (draw < upTo) return fault;
  }
  return undefined;
}

/**
 * Spoils one reply over HTTP. `body` is what an undisturbed server would have sent with status 200. A
 * duplicate reply repeats each tool call, or the text, within one message.
 */
export async function applyFault(
  fault: Fault,
  response: ServerResponse,
  body: string,
): Promise<void> {
  const send = (status: number, text: string, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(text);
  };
  switch (fault.kind) {
    case 'rate-limit': {
      const retryAfter = String(fault.retryAfterSeconds);
      send(429, errorText(`Rate limit reached; try again in ${retryAfter} s`, 'rate_limit_error'), {
        'retry-after': retryAfter,
      });
      return;
    }
    case 'server-error':
      send(500, errorText('The server had an error', 'server_error'));
      return;
    case 'timeout':
      await sleep(fault.holdMs);
      response.destroy();
      return;
    case 'half-body':
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
      response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy());
      return;
    case 'duplicate':
      send(200, duplicated(body));
  }
}

function errorText(message: string, type: string): string {
  return JSON.stringify({ error: { message, type, param: null, code: null } });
}

/** The reply with the calls or the text of its message said twice, ids and all. */
function duplicated(body: string): string {
  const calls = /"tool_calls":\[(.*?)\](?=\})/s.exec(body)?.[1];
  if (calls !== undefined && calls !== '') {
    return body.replace(`"tool_calls":[${calls}]`, () => `"tool_calls":[${calls},${calls}]`);
  }
  return body;
}
