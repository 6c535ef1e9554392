import { UnavailableError } from '../domain/errors.js';

/** Where models are, as the environment says. */
export interface Endpoint {
  readonly apiKey: string | null;
  readonly baseUrl: string | null;
}

/** What a model endpoint said when it was asked for its list of models. */
export interface EndpointAnswer {
  readonly url: string;
  /** HTTP status; null where nothing answered. */
  readonly status: number | null;
  /** In words: the status, or why there is none. */
  readonly found: string;
  readonly fix: string;
}

const ANSWER_MS = 5000;

/** Asks the endpoint of the environment for its models; null where it names none. */
export async function askEndpoint(
  { apiKey, baseUrl }: Endpoint,
  signal: AbortSignal,
): Promise<EndpointAnswer | null> {
  if (apiKey === null && baseUrl === null) return null;
  const url = `${(baseUrl ?? 'https://api.openai.com/v1').replace(/\/$/, '')}/models`;
  try {
    const response = await fetch(url, {
      headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    await response.body?.cancel();
    const { status } = response;
    const fix = isRefusal(status) ? 'correct OPENAI_API_KEY' : 'correct OPENAI_BASE_URL';
    return { url, status, found: `HTTP ${String(status)}`, fix };
  } catch (error) {
    signal.throwIfAborted();
    return {
      url,
      status: null,
      found: `no answer (${reasonOf(error)})`,
      fix: 'start it, or correct OPENAI_BASE_URL',
    };
  }
}

/**
 * Refuses an endpoint that does not answer, fails, or does not take the key. One that merely has no list
 * of models may well complete chats.
 */
export async function assertReachable(model: Endpoint, signal: AbortSignal): Promise<void> {
  const answer = await askEndpoint(model, signal);
  if (answer === null) return;
  const { url, status, found, fix } = answer;
  if (status !== null && status < 500 && !isRefusal(status)) return;
  throw new UnavailableError(
    'the model',
    `found ${found} at ${url}, expected an OpenAI-compatible endpoint`,
    `${fix}, or unset it for the built-in simulated model`,
  );
}

function isRefusal(status: number): boolean {
  return status === 401 || status === 403;
}

/** The innermost reason: `fetch failed` alone helps nobody. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
