import { userInfo } from 'node:os';

import type { Config } from '../config.js';
import type { RatchetConfig } from '../contracts/ratchet-config.js';
import type { Role } from '../domain/feedback.js';

export interface Person {
  readonly actor: string;
  readonly role: Role;
}

/**
 * Who speaks, and what they are to the agents: as `people` of the configuration says; the user of this
 * machine owns the embedded house; everybody else is a user.
 */
export function personOf(
  given: { readonly actor?: string | undefined },
  config: Pick<Config, 'actor'>,
  people: RatchetConfig['people'],
  isEmbedded: boolean,
): Person {
  const own = userInfo().username;
  const actor = given.actor ?? config.actor ?? own;
  const named = people !== undefined && Object.hasOwn(people, actor) ? people[actor] : undefined;
  return { actor, role: named ?? (isEmbedded && actor === own ? 'owner' : 'user') };
}
