import { homedir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { RatchetError } from './domain/errors.js';

/** Everything wrong with the environment at once, before any connection is opened. */
export class ConfigError extends RatchetError {
  override readonly name = 'ConfigError';
  override readonly retryable = false;

  constructor(problems: readonly string[]) {
    super(`The environment cannot be used:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  }
}

const Port = z.coerce.number({ error: 'expected a port from 0 to 65535' }).int().min(0).max(65_535);
const Text = z.string().min(1);
const HttpUrl = z.url({ protocol: /^https?$/ });

const Environment = z.object({
  RATCHET_HOME: Text.default(join(homedir(), '.ratchet')),
  /** Where a tenant's name is not given. */
  RATCHET_TENANT: Text.optional(),
  RATCHET_TASK_QUEUE: Text.default('ratchet'),
  RATCHET_CONFIG: Text.optional(),
  RATCHET_ACTOR: Text.optional(),
  RATCHET_PORT: Port.default(7400),
  RATCHET_DASHBOARD_URL: HttpUrl.optional(),
  /** Programs that show it may speak for people who are more than users. */
  RATCHET_API_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,256}$/, 'expected 16 to 256 visible ASCII characters')
    .optional(),
  /** Makes the pseudonyms of `import --redact personal`; the same key wherever the same people come from. */
  RATCHET_REDACTION_KEY: z.string().min(16, 'expected at least 16 characters').optional(),
  RATCHET_LOG: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected a URL that begins with postgres://')
    .optional(),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s:/]+:\d+$/, 'expected host:port')
    .optional(),
  TEMPORAL_NAMESPACE: Text.default('default'),
  TEMPORAL_UI_URL: HttpUrl.optional(),
  TEMPORAL_CLI_PATH: Text.optional(),
  TEMPORAL_TEST_SERVER_PATH: Text.optional(),
  OPENAI_API_KEY: Text.optional(),
  OPENAI_BASE_URL: HttpUrl.optional(),
  OPENAI_MODEL: Text.optional(),
  /** Lessons are found by meaning too where it is set, and the database has pgvector. */
  OPENAI_EMBEDDINGS_MODEL: Text.optional(),
  OPENAI_EMBEDDINGS_BASE_URL: HttpUrl.optional(),
  OPENAI_EMBEDDINGS_TIMEOUT_MS: z.coerce
    .number({ error: 'expected milliseconds from 10 to 10000' })
    .int()
    .min(10)
    .max(10_000)
    .default(400),
  OPENAI_EMBEDDINGS_MIN_SIMILARITY: z.coerce
    .number({ error: 'expected a cosine from -1 to 1' })
    .min(-1)
    .max(1)
    .default(0.3),
});

/** What our processes read of the environment. */
export const CONFIG_VARIABLES: readonly string[] = Object.keys(Environment.shape);

export interface Config {
  readonly home: string;
  readonly tenant: string;
  /** Whether somebody named it: what looks at all tenants then looks at this one. */
  readonly isTenantNamed: boolean;
  readonly taskQueue: string;
  readonly configFile: string | null;
  readonly actor: string | null;
  readonly port: number;
  /** Where people reach the dashboard, for links to it from the Temporal UI; without a slash at the end. */
  readonly dashboard: string | null;
  readonly apiToken: string | null;
  /** Null where the one of RATCHET_HOME serves. */
  readonly redactionKey: string | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly databaseUrl: string | null;
  readonly temporal: {
    readonly address: string | null;
    readonly namespace: string;
    readonly uiUrl: string | null;
    readonly cliPath: string | null;
    readonly testServerPath: string | null;
  };
  readonly model: {
    readonly apiKey: string | null;
    readonly baseUrl: string | null;
    readonly name: string | null;
  };
  /** Null where lessons are found by their words alone. */
  readonly embeddings: {
    readonly model: string;
    readonly apiKey: string | null;
    readonly baseUrl: string | null;
    /** Longest a task waits for the vector of its question. */
    readonly queryMs: number;
    readonly minSimilarity: number;
  } | null;
}

/** Parses the environment; an empty variable counts as one that is not set. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => CONFIG_VARIABLES.includes(name) && value !== '',
    ),
  );
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => {
        const name = String(issue.path[0] ?? 'environment');
        const isSecret = SECRETS.includes(name);
        const found = isSecret ? 'a value that is not shown' : JSON.stringify(given[name]);
        return `${name}: found ${found}; ${issue.message}`;
      }),
    );
  }
  const env = parsed.data;
  const hasEndpoint = [
    env.OPENAI_API_KEY,
    env.OPENAI_BASE_URL,
    env.OPENAI_EMBEDDINGS_BASE_URL,
  ].some((value) => value !== undefined);
  if (env.OPENAI_EMBEDDINGS_MODEL !== undefined && !hasEndpoint) {
    throw new ConfigError([
      'OPENAI_EMBEDDINGS_MODEL: found without an endpoint; expected OPENAI_API_KEY, OPENAI_BASE_URL ' +
        'or OPENAI_EMBEDDINGS_BASE_URL beside it',
    ]);
  }
  return {
    home: env.RATCHET_HOME,
    tenant: env.RATCHET_TENANT ?? 'default',
    isTenantNamed: env.RATCHET_TENANT !== undefined,
    taskQueue: env.RATCHET_TASK_QUEUE,
    configFile: env.RATCHET_CONFIG ?? null,
    actor: env.RATCHET_ACTOR ?? null,
    port: env.RATCHET_PORT,
    dashboard: env.RATCHET_DASHBOARD_URL?.replace(/\/+$/, '') ?? null,
    apiToken: env.RATCHET_API_TOKEN ?? null,
    redactionKey: env.RATCHET_REDACTION_KEY ?? null,
    logLevel: env.RATCHET_LOG,
    databaseUrl: env.DATABASE_URL ?? null,
    temporal: {
      address: env.TEMPORAL_ADDRESS ?? null,
      namespace: env.TEMPORAL_NAMESPACE,
      uiUrl: env.TEMPORAL_UI_URL ?? null,
      cliPath: env.TEMPORAL_CLI_PATH ?? null,
      testServerPath: env.TEMPORAL_TEST_SERVER_PATH ?? null,
    },
    model: {
      apiKey: env.OPENAI_API_KEY ?? null,
      baseUrl: env.OPENAI_BASE_URL ?? null,
      name: env.OPENAI_MODEL ?? null,
    },
    embeddings:
      env.OPENAI_EMBEDDINGS_MODEL === undefined
        ? null
        : {
            model: env.OPENAI_EMBEDDINGS_MODEL,
            apiKey: env.OPENAI_API_KEY ?? null,
            baseUrl: env.OPENAI_EMBEDDINGS_BASE_URL ?? env.OPENAI_BASE_URL ?? null,
            queryMs: env.OPENAI_EMBEDDINGS_TIMEOUT_MS,
            minSimilarity: env.OPENAI_EMBEDDINGS_MIN_SIMILARITY,
          },
  };
}

/** Variables that the programs we start have no use for. */
export const SECRETS: readonly string[] = [
  'OPENAI_API_KEY',
  'DATABASE_URL',
  'RATCHET_API_TOKEN',
  'RATCHET_REDACTION_KEY',
];

/** The environment that children of ours get: whole, but for secrets they have no use for. */
export function childEnvironment(without: readonly string[] = []): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !without.includes(name)),
  );
}
