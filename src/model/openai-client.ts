import OpenAI, { APIError } from 'openai';

import type { ChatMessage } from '../activities/conversation.js';
import type {
  CompletedReply,
  CompletionInput,
  ModelClient,
} from '../activities/model-activities.js';
import { ModelProtocolError, ModelUnavailableError } from '../contracts/model-errors.js';
import { argumentsText, isRefusal, ModelReply, textOfReply } from '../contracts/model-reply.js';
import { cutText, singleLine } from '../contracts/plain-text.js';
import { modelFailureOf } from './model-failure.js';

export interface ModelClientOptions {
  /** Ends in `/v1` as a rule; OpenAI's own unless told. */
  readonly baseUrl?: string;
  readonly apiKey: string;
  /** Milliseconds since 1970, for `Retry-After` dates; the system's clock unless told. */
  readonly now?: () => number;
}

const OPENAI_URL = 'https://api.openai.com/v1';
/** The package's own timer ends with the headers; ours ends with the last byte and comes first. */
const TIMER_MARGIN_MS = 1_000;
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Of text and calls; a payload of Temporal's may have two million. */
const MAX_REPLY_BYTES = 1024 * 1024;
const CHARACTERS_PER_TOKEN = 4;

/**
 * Calls an OpenAI-compatible endpoint without retries: a workflow does those. Everything the environment
 * could change in the package is given, so that the configuration alone decides.
 */
export function createModelClient({
  baseUrl = OPENAI_URL,
  apiKey,
  now = Date.now,
}: ModelClientOptions): ModelClient {
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    logLevel: 'off',
  });
  /**
   * Parameters that a model answered 400 to, by its name: some reasoning models know only their own
   * temperature, and many endpoints no schema of a reply.
   */
  const refused = new Map<string, ReadonlySet<OptionalParameter>>();

  const send = async (
    input: CompletionInput,
    signal: AbortSignal,
    without: ReadonlySet<OptionalParameter>,
  ): Promise<string> => {
    const response = await client.chat.completions
      .create(bodyOf(input, without), {
        signal,
        timeout: input.timeoutMs + TIMER_MARGIN_MS,
      })
      .asResponse();
    return readText(response);
  };

  return {
    complete: async (input) => {
      const deadline = AbortSignal.timeout(input.timeoutMs);
      const signal = AbortSignal.any([deadline, input.signal]);
      try {
        let text: string | undefined;
        while (text === undefined) {
          const without = refused.get(input.model) ?? NOTHING;
          text = await send(input, signal, without).catch((error: unknown) => {
            const parameter = refusedBy(error, input);
            if (parameter === undefined || without.has(parameter)) throw error;
            refused.set(input.model, new Set([...without, parameter]));
            return undefined;
          });
        }
        return replyOf(text, input);
      } catch (error) {
        if (input.signal.aborted) throw input.signal.reason;
        if (deadline.aborted) {
          const waited = `no complete reply within ${String(input.timeoutMs)} ms`;
          throw new ModelUnavailableError(waited, { cause: error });
        }
        throw modelFailureOf(error, now());
      }
    },
  };
}

/** What a call can do without. */
type OptionalParameter = 'temperature' | 'response_format';
const NOTHING: ReadonlySet<OptionalParameter> = new Set();

/** The parameter that an endpoint refuses; those that know no schema name it in words at most. */
function refusedBy(error: unknown, input: CompletionInput): OptionalParameter | undefined {
  if (!(error instanceof APIError) || error.status !== 400) return undefined;
  if (error.param === 'temperature') return 'temperature';
  const isOfSchema =
    error.param?.startsWith('response_format') === true ||
    /response_format|json_schema|structured output/i.test(error.message);
  return input.replySchema !== undefined && isOfSchema ? 'response_format' : undefined;
}

function bodyOf(
  { model, messages, functions, temperature, replySchema }: CompletionInput,
  without: ReadonlySet<OptionalParameter>,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  return {
    model,
    messages: messages.map(messageOf),
    ...(functions.length > 0 && {
      tools: functions.map((offered) => ({ type: 'function' as const, function: { ...offered } })),
    }),
    ...(!without.has('temperature') && { temperature }),
    ...(replySchema !== undefined &&
      !without.has('response_format') && {
        response_format: {
          type: 'json_schema' as const,
          json_schema: { name: replySchema.name, strict: true, schema: { ...replySchema.schema } },
        },
      }),
  };
}

function messageOf(message: ChatMessage): OpenAI.ChatCompletionMessageParam {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: message.content };
    case 'tool':
      return { role: 'tool', tool_call_id: message.callId, content: message.content };
    case 'assistant':
      return {
        role: 'assistant',
        content: message.content === '' ? null : message.content,
        ...(message.toolCalls.length > 0 && {
          tool_calls: message.toolCalls.map((call) => ({
            id: call.id,
            type: 'function' as const,
            function: { name: call.tool, arguments: call.arguments },
          })),
        }),
      };
  }
}

/** The package would take any JSON for a completion, and an error page for its text. */
function replyOf(text: string, input: CompletionInput): CompletedReply {
  const shown = singleLine(cutText(text, 80));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ModelProtocolError(`HTTP 200 with no JSON (${shown})`, { cause: error });
  }
  const parsed = ModelReply.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
    throw new ModelProtocolError(`HTTP 200 with other JSON (${singleLine(where)})`);
  }
  const reply = parsed.data;
  const said = textOfReply(reply);
  const calls = reply.choices[0]?.message.tool_calls ?? [];
  const toolCalls = calls.map((call) => ({
    id: call.id ?? '',
    tool: call.function?.name ?? '',
    arguments: argumentsText(call.function?.arguments),
  }));
  const bytes = Buffer.byteLength(said) + Buffer.byteLength(JSON.stringify(toolCalls));
  if (bytes > MAX_REPLY_BYTES) {
    const found = `a reply of ${String(bytes)} bytes, at most ${String(MAX_REPLY_BYTES)}`;
    throw new ModelProtocolError(found, { retryable: false });
  }
  return {
    model: reply.model ?? input.model,
    text: said,
    toolCalls,
    ...(isRefusal(reply) && { isRefusal: true }),
    usage:
      reply.usage === null || reply.usage === undefined
        ? {
            inputTokens: roughTokens(JSON.stringify([input.messages, input.functions])),
            outputTokens: roughTokens(said + JSON.stringify(toolCalls)),
          }
        : {
            inputTokens: reply.usage.prompt_tokens,
            outputTokens: reply.usage.completion_tokens,
          },
  };
}

/** For endpoints that count nothing. */
function roughTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      const found = `a reply of more than ${String(MAX_BODY_BYTES)} bytes, at most ${String(MAX_REPLY_BYTES)}`;
      throw new ModelProtocolError(found, { retryable: false });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
