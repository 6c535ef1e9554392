import type { Agent } from '../contracts/agent.js';
import { digestOf, sha256 } from '../contracts/digest.js';
import { toolSchema } from '../contracts/tool.js';
import { InvalidInputError, NotFoundError, UnavailableError } from '../domain/errors.js';

/** What a strategy version is tied to: other instructions or tools make another version. */
export interface AgentDigests {
  readonly policyDigest: string;
  readonly toolDigests: Readonly<Record<string, string>>;
}

export interface AgentRegistry {
  /** A NotFoundError for an agent that the configuration does not name. */
  agent(id: string): Agent;
  /** In the order of the configuration. */
  agents(): readonly Agent[];
  /** Pools and clients of an agent's tools: made at first use, shared after; a failure is tried again. */
  resources(id: string): Promise<Readonly<Record<string, unknown>>>;
  digests(id: string): AgentDigests;
}

export function createAgentRegistry(agents: readonly Agent[]): AgentRegistry {
  const byId = new Map<string, Agent>();
  for (const agent of agents) {
    if (byId.has(agent.id)) {
      throw new InvalidInputError('agents', `the id ${agent.id} twice`, 'one agent an id');
    }
    byId.set(agent.id, agent);
  }
  const resources = new Map<string, Promise<Readonly<Record<string, unknown>>>>();
  const digests = new Map<string, AgentDigests>();

  const agentOf = (id: string): Agent => {
    const agent = byId.get(id);
    if (agent !== undefined) return agent;
    const known = [...byId.keys()].join(', ') || 'none';
    throw new NotFoundError('agent', id, `the configuration names: ${known}`);
  };
  return {
    agent: agentOf,
    agents: () => agents,
    resources: (id) => {
      const made = resources.get(id) ?? makeResources(agentOf(id));
      resources.set(id, made);
      made.catch(() => resources.delete(id));
      return made;
    },
    digests: (id) => {
      const known = digests.get(id) ?? digestsOf(agentOf(id));
      digests.set(id, known);
      return known;
    },
  };
}

async function makeResources(agent: Agent): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await agent.resources();
  } catch (error) {
    throw new UnavailableError(
      `what the tools of agent ${agent.id} need`,
      error instanceof Error ? error.message : String(error),
      'check the resources of its definition',
      { cause: error },
    );
  }
}

function digestsOf({ instructions, tools }: Agent): AgentDigests {
  const toolDigests = tools.map((tool): [string, string] => {
    const { name, description, effect } = tool;
    return [name, digestOf({ name, description, effect, schema: toolSchema(tool) })];
  });
  return { policyDigest: sha256(instructions), toolDigests: Object.fromEntries(toolDigests) };
}
