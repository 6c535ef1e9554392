import { defineTool, RetryableToolError } from 'ratchet';
import { z } from 'zod';
import type { ToolContext } from 'ratchet';
import type { Visit } from './depot/visits.js';

/** What the tools need: where the depot is, and how time passes there. */
export const Resources = z.object({
  depot: z.object({
    url: z.url(),
    rest: z.custom<(visit: Visit, milliseconds: number) => Promise<void>>(
      (value) => typeof value === 'function',
    ),
  }),
});

const Path = z
  .string()
  .regex(/^\/[^\s?#]*$/, 'a path of the API such as /lots, without what belongs into query')
  .describe('A path of the API, such as /lots');
const Texts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const Entry = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']),
  path: Path,
  headers: Texts.optional(),
  body: z.record(z.string(), z.json()).optional(),
});
const Read = z.strictObject({ path: Path, query: Texts.optional(), headers: Texts.optional() });
const Wait = z.strictObject({ seconds: z.number().gt(0).max(30) });

/** Live calls visit the depot, those of a shadow run or exploration a sandbox of their own in it. */
type Place = 'depot' | 'sandbox';

const READ_SECONDS = 10;

/** What the depot says no to: the model is shown the status as a code, and what the depot said. */
class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly code: string;

  constructor(status: number, message: string) {
    super(message);
    this.code = `HTTP_${String(status)}`;
  }
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly query?: z.infer<typeof Texts> | undefined;
  readonly headers?: z.infer<typeof Texts> | undefined;
  readonly body?: unknown;
  /** Set by the tool and not by the model. */
  readonly own?: Readonly<Record<string, string>>;
}

const Said = z.object({ error: z.string() });

async function requested(place: Place, request: Request, context: ToolContext): Promise<unknown> {
  const { depot } = Resources.parse(context.resources);
  const url = new URL(request.path, depot.url);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    url.searchParams.set(name, String(value));
  }
  const headers = Object.fromEntries(
    Object.entries(request.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const sandbox = place === 'sandbox' ? { sandbox: context.episode } : {};
  const answer = await answered(
    url,
    {
      method: request.method,
      headers: {
        ...headers,
        ...(request.body !== undefined && { 'content-type': 'application/json' }),
        session: context.episode,
        ...sandbox,
        ...request.own,
      },
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    },
    context.signal,
  );
  const body: unknown = await answer.json();
  if (answer.ok) return body;
  throw new HttpRefusal(
    answer.status,
    Said.safeParse(body).data?.error ?? 'refused without a word',
  );
}

async function answered(url: URL, request: RequestInit, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { ...request, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new RetryableToolError('the depot cannot be reached', { cause: error });
  }
}

const readDocument = defineTool({
  name: 'read_document',
  description: 'The OpenAPI document of the API. It is right as far as it goes, and incomplete.',
  input: z.strictObject({}),
  effect: 'read',
  sandbox: 'same',
  timeoutSeconds: READ_SECONDS,
  run: (_args, context) => requested('depot', { method: 'GET', path: '/openapi.json' }, context),
});

const get =
  (place: Place) =>
  (args: z.infer<typeof Read>, context: ToolContext): Promise<unknown> =>
    requested(place, { ...args, method: 'GET' }, context);

const apiGet = defineTool({
  name: 'api_get',
  description: 'Read from the API.',
  input: Read,
  effect: 'read',
  timeoutSeconds: READ_SECONDS,
  run: get('depot'),
  sandbox: get('sandbox'),
  summarize: ({ path }) => path,
});

const check =
  (place: Place) =>
  (args: z.infer<typeof Entry>, context: ToolContext): Promise<unknown> =>
    requested(place, { ...args, own: { 'dry-run': 'yes' } }, context);

const apiTry = defineTool({
  name: 'api_try',
  description: 'Try an entry: the API checks it as if it were sent, and keeps nothing.',
  input: Entry,
  effect: 'read',
  timeoutSeconds: READ_SECONDS,
  run: check('depot'),
  sandbox: check('sandbox'),
  summarize: ({ method, path }) => `${method} ${path}`,
});

const send =
  (place: Place) =>
  (args: z.infer<typeof Entry>, context: ToolContext): Promise<unknown> =>
    requested(place, { ...args, own: { 'idempotency-key': context.effectKey } }, context);

const apiSend = defineTool({
  name: 'api_send',
  description: 'Send an entry to the API. It is kept: try first what you are not sure of.',
  input: Entry,
  effect: 'keyed',
  timeoutSeconds: READ_SECONDS,
  run: send('depot'),
  sandbox: send('sandbox'),
  summarize: ({ method, path }) => `${method} ${path}`,
});

const rest =
  (place: Place) =>
  async ({ seconds }: z.infer<typeof Wait>, context: ToolContext): Promise<unknown> => {
    const visit = { session: context.episode, isSandbox: place === 'sandbox' };
    await Resources.parse(context.resources).depot.rest(visit, 1000 * seconds);
    return { waited: seconds };
  };

const pause = defineTool({
  name: 'pause',
  description: 'Wait so many seconds.',
  input: Wait,
  effect: 'read',
  timeoutSeconds: 40,
  run: rest('depot'),
  sandbox: rest('sandbox'),
});

export const tools = [readDocument, apiGet, apiTry, apiSend, pause];
