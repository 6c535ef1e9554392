import type { Agent } from '../contracts/agent.js';
import { succeeded, type Outcome } from '../domain/episode.js';
import { shiftText } from '../domain/gate/shift.js';
import { hasRecovered } from '../domain/informative.js';
import type { LessonDraft } from '../domain/lesson.js';
import { mineProcedures } from '../domain/mining/procedure.js';
import type { AgentRegistry } from './agent-registry.js';
import type { ClusterEpisode } from './cluster-store.js';
import { isKeptForGate } from './gate-pool.js';
import type { ModelClient } from './model-activities.js';
import { reflectWithModel } from './model-reflection.js';
import type { Store, StoredEpisode } from './store.js';

export interface ClusterProposalDependencies {
  readonly store: Pick<Store, 'cluster' | 'shiftsOf'> & Parameters<typeof isKeptForGate>[0];
  readonly agents: Pick<AgentRegistry, 'digests'>;
  readonly models: ModelClient;
}

/** Rejected changes that a reflection is told of. */
const MOST_SHIFTS = 3;
/** Failed and passed episodes, of each at most, that one is looked at beside. */
const CLUSTER_EACH = 10;

/**
 * What an episode teaches beside others like it: procedures that tasks which succeeded had in common,
 * where the agent names the layer in its settings, and what a model makes of it, where it names a model for
 * that: of a failure, and of a success that got past an error or revealed something new. An agent that names neither costs nothing here. Tasks kept for the gate teach nothing.
 */
export async function proposedOfCluster(
  { store, agents, models }: ClusterProposalDependencies,
  agent: Agent,
  live: StoredEpisode & { readonly outcome: Outcome },
  revealsSomething = false,
): Promise<readonly LessonDraft[]> {
  const { reflectionModel, layers } = agent.learning;
  const hasPassed = succeeded(live.outcome);
  const isInstructive = !hasPassed || revealsSomething || hasRecovered(live.steps);
  const model = isInstructive ? reflectionModel : undefined;
  const isMining = hasPassed && layers.procedures !== undefined && layers.procedures !== 'frozen';
  if (model === undefined && !isMining) return [];
  const cluster = await learnable(store, live);
  const reflected =
    model === undefined ? [] : await reflectedOn(store, models, model, live, cluster);
  if (!isMining) return reflected;
  const { id: episode, task, outcome, slices, input, steps: trajectory } = live;
  const own = { episode, task, outcome: outcome.score ?? 0, slices, input, trajectory };
  const passed = cluster
    .filter(({ hasFailed }) => !hasFailed)
    .map(({ score, ...other }) => ({ ...other, outcome: score }));
  const procedures = mineProcedures([own, ...passed], agents.digests(agent.id).toolDigests);
  return [...procedures, ...reflected];
}

/** What a model makes of an episode, told of the changes that were tried before and only moved failures. */
async function reflectedOn(
  store: ClusterProposalDependencies['store'],
  models: ModelClient,
  model: string,
  live: StoredEpisode & { readonly outcome: Outcome },
  cluster: readonly ClusterEpisode[],
): Promise<readonly LessonDraft[]> {
  const found = await store.shiftsOf(live.scope, MOST_SHIFTS);
  const shifts = found.map(({ title, categories }) => `${title}: ${shiftText(categories)}`);
  return (await reflectWithModel(models, model, live, cluster, shifts)).drafts;
}

async function learnable(
  store: ClusterProposalDependencies['store'],
  live: StoredEpisode,
): Promise<readonly ClusterEpisode[]> {
  const cluster = await store.cluster(live.scope.tenant, live.id, CLUSTER_EACH);
  const kept = await Promise.all(cluster.map(({ task }) => isKeptForGate(store, live.scope, task)));
  return cluster.filter((_, at) => kept[at] === false);
}
