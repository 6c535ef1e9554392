import { z } from 'zod';

import { ROLES, type Role } from '../domain/feedback.js';
import { InvalidInputError } from '../domain/errors.js';
import { AgentShape, type Agent } from './agent.js';
import { settingsOf } from './object-of.js';
import { parseOr } from './parse.js';

/** What `ratchet.config.ts` exports by default. */
export interface RatchetConfig {
  readonly agents: readonly Agent[];
  /** What people are to the agents; whoever is not named is a user. */
  readonly people?: Readonly<Record<string, Role>>;
}

const Shape = settingsOf({
  agents: z.array(AgentShape).min(1),
  people: z.record(z.string(), z.enum(ROLES)).optional(),
});

/** Checks a configuration where it is written; every fault is named with its field. */
export function defineConfig(config: RatchetConfig): RatchetConfig {
  return parseConfig(config, 'ratchet.config');
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
