import type { Agent } from '../contracts/agent.js';
import type { TokenUsage } from '../domain/episode.js';
import { LearningBudgetError } from '../domain/errors.js';
import type { Scope } from '../domain/ids.js';
import { callCost, type SpendLimits } from '../domain/learning-budget.js';
import type { Store } from './store.js';

interface Client<Asked, Reply> {
  complete(input: Asked): Promise<Reply>;
}

export type PurseStore = Pick<Store, 'beginLearningCall' | 'endLearningCall'>;

/** What an agent may spend on model calls for its learning; null where its settings set no limit. */
export function spendLimitsOf({ learning }: Agent): SpendLimits | null {
  const { tokensPerDay: tokens = null, costMicroUsdPerDay: microUsd = null } = learning;
  return tokens === null && microUsd === null ? null : { tokens, microUsd };
}

/**
 * The same client, paid from the learning budget of the day. A call is begun where there is room for it beside those
 * under way, each taken for the largest of the day; a LearningBudgetError where there is none. So spend passes the
 * budget by one call at most, unless calls that run side by side grow beyond every one before them.
 */
export function payingClient<Asked, Reply extends { readonly usage: TokenUsage }>(
  models: Client<Asked, Reply>,
  store: PurseStore,
  agent: Agent,
  scope: Scope,
): Client<Asked, Reply> {
  const limits = spendLimitsOf(agent);
  if (limits === null) return models;
  return {
    async complete(input) {
      const day = await store.beginLearningCall(scope, limits);
      if (day === null) throw new LearningBudgetError(agent.id, limits);
      let spent = { tokens: 0, microUsd: 0 };
      try {
        const reply = await models.complete(input);
        spent = callCost(reply.usage, agent.model);
        return reply;
      } finally {
        await store.endLearningCall(scope, day, spent);
      }
    },
  };
}
