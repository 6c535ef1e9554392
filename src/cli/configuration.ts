import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import type { Config } from '../config.js';
import type { Agent } from '../contracts/agent.js';
import { parseConfig, type RatchetConfig } from '../contracts/ratchet-config.js';
import { InvalidInputError, NotFoundError, RatchetError } from '../domain/errors.js';
import { loadModule } from './load-module.js';

const NAMES = ['ratchet.config.ts', 'ratchet.config.js', 'ratchet.config.mjs'];

/** A command needs agents and found no file that names them. */
export class NoConfigurationError extends RatchetError {
  override readonly name = 'InvalidInputError';
  override readonly retryable = false;

  constructor(directory: string) {
    super(
      `ratchet.config.ts: found none in ${directory}, expected a file that names the agents. Create it:

    import { defineConfig } from 'ratchet';
    import agent from './agent.js';

    export default defineConfig({ agents: [agent] });

where agent.ts exports what defineAgent returns (examples/order-desk shows a whole one); RATCHET_CONFIG names a file elsewhere.`,
    );
  }
}

/** The path of the configuration file; undefined where there is none. */
export function configurationPath(config: Config, directory: string): string | undefined {
  if (config.configFile !== null) {
    const path = resolve(directory, config.configFile);
    if (existsSync(path)) return path;
    throw new InvalidInputError(
      'RATCHET_CONFIG',
      `${config.configFile}, which does not exist`,
      'the path of a configuration file',
    );
  }
  return NAMES.map((name) => join(directory, name)).find((path) => existsSync(path));
}

/** The configuration of the working directory; null where there is none. */
export async function findConfiguration(
  config: Config,
  directory = process.cwd(),
): Promise<RatchetConfig | null> {
  const path = configurationPath(config, directory);
  if (path === undefined) return null;
  let loaded: unknown;
  try {
    loaded = await loadModule<unknown>(path);
  } catch (error) {
    if (error instanceof RatchetError) throw error;
    const found = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const absent = /^Cannot find (?:module|package) '((?:@[\w.-]+\/)?[a-z0-9][\w.-]*)/.exec(
      found,
    )?.[1];
    const expected =
      absent === undefined
        ? 'one that loads'
        : `one that loads; run \`npm install ${absent}\` in ${dirname(path)}`;
    throw new InvalidInputError(path, `a file that fails to load (${found})`, expected, {
      cause: error,
    });
  }
  const exported = defaultOf(loaded);
  if (exported === undefined) {
    throw new InvalidInputError(path, 'no default export', 'export default defineConfig({ … })');
  }
  return parseConfig(exported, path);
}

/** The configuration, or an error that says what to write. */
export async function requireConfiguration(
  config: Config,
  directory = process.cwd(),
): Promise<RatchetConfig> {
  const found = await findConfiguration(config, directory);
  if (found === null) throw new NoConfigurationError(directory);
  return found;
}

export function agentNamed({ agents }: RatchetConfig, id: string): Agent {
  const agent = agents.find((each) => each.id === id);
  if (agent !== undefined) return agent;
  const known = agents.map((each) => each.id).join(', ');
  throw new NotFoundError('agent', id, `the configuration names: ${known}`);
}

function defaultOf(loaded: unknown): unknown {
  if (typeof loaded !== 'object' || loaded === null || !('default' in loaded)) return undefined;
  return loaded.default;
}
