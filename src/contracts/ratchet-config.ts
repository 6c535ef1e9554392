import { z } from 'zod';

import { ROLES, type Role } from '../domain/feedback.js';
import { InvalidInputError } from '../domain/errors.js';
import type { Agent } from './agent.js';
import { parseOr } from './parse.js';

/** What `ratchet.config.ts` exports by default. */
export interface RatchetConfig {
  readonly agents: readonly Agent[];
  /** What people are to the agents; whoever is not named is a user. */
  readonly people?: Readonly<Record<string, Role>>;
}

const Shape = z.strictObject({
  agents: z.array(z.custom<Agent>(isAgent, 'expected what defineAgent returns')).min(1),
  people: z.record(z.string(), z.enum(ROLES)).optional(),
});

/** Types a configuration; `loadConfig` checks it. */
export function defineConfig(config: RatchetConfig): RatchetConfig {
  return config;
}

/** Checks what a configuration file exports. */
export function parseConfig(value: unknown, where: string): RatchetConfig {
  const { agents, people } = parseOr(Shape, value, where);
  const ids = agents.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw new InvalidInputError(`${where}.agents`, `the id ${twice} twice`, 'one agent an id');
  }
  return { agents, ...(people === undefined ? {} : { people }) };
}

function isAgent(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'tools' in value &&
    'learning' in value &&
    'slices' in value &&
    typeof value.slices === 'function'
  );
}
