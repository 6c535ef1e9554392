import { loadModule, packagePath } from '../../cli/load-module.js';
import type { Agent, AgentDefinition } from '../../contracts/agent.js';

/** What the bench uses of `examples/novel-api`. */
export interface NovelApiExample {
  readonly depotAgent: (
    settings: Partial<Pick<AgentDefinition, 'id' | 'model' | 'learning' | 'resources'>>,
  ) => Agent;
  readonly startDepot: (options: { readonly clock: 'real' | 'counted' }) => Promise<RunningDepot>;
  readonly requestDeck: (
    seed: number,
    count: number,
  ) => readonly { readonly text: string; readonly area: string }[];
}

export interface RunningDepot {
  readonly url: string;
  readonly kept: () => readonly { readonly receipt: string }[];
  readonly close: () => Promise<void>;
}

/** Loads the example by the same way as a user's own configuration. */
export async function loadNovelApi(): Promise<NovelApiExample> {
  const load = <T>(file: string): Promise<T> =>
    loadModule<T>(packagePath(`examples/novel-api/${file}`));
  const [agent, server, requests] = await Promise.all([
    load<Pick<NovelApiExample, 'depotAgent'>>('agent.ts'),
    load<Pick<NovelApiExample, 'startDepot'>>('depot/server.ts'),
    load<Pick<NovelApiExample, 'requestDeck'>>('requests.ts'),
  ]);
  return { ...agent, ...server, ...requests };
}
