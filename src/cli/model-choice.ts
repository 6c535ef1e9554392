import type { Config } from '../config.js';
import { createModelClient } from '../model/openai-client.js';
import { SIMULATED_MODEL, startSimulatedModel } from '../model/simulated/server.js';
import type { ModelClient } from '../activities/model-activities.js';

export interface ChosenModel {
  readonly kind: 'simulated' | 'real';
  /** What an agent calls that names no model of its own. */
  readonly name: string;
  readonly client: ModelClient;
  /** A line for people that says plainly which one it is. */
  readonly said: string;
  close(): Promise<void>;
}

/** Which one the environment chooses, for who does not ask it anything. */
export function kindOfModel({ model }: Pick<Config, 'model'>): ChosenModel['kind'] {
  return model.apiKey === null && model.baseUrl === null ? 'simulated' : 'real';
}

/** The endpoint that the environment names, else the simulated model on the loopback. */
export async function openModel(config: Pick<Config, 'model'>): Promise<ChosenModel> {
  if (kindOfModel(config) === 'real') {
    const { apiKey, baseUrl, name } = config.model;
    return {
      kind: 'real',
      name: name ?? 'gpt-4o-mini',
      client: createModelClient({
        apiKey: apiKey ?? 'none',
        ...(baseUrl === null ? {} : { baseUrl }),
      }),
      said: `model: ${baseUrl ?? 'api.openai.com'}`,
      close: () => Promise.resolve(),
    };
  }
  const simulated = await startSimulatedModel();
  return {
    kind: 'simulated',
    name: SIMULATED_MODEL,
    client: createModelClient({ apiKey: 'none', baseUrl: simulated.url }),
    said: 'model: the built-in simulated one, which writes SQL and calls HTTP APIs and nothing else; set OPENAI_API_KEY or OPENAI_BASE_URL for a real one',
    close: () => simulated.close(),
  };
}
