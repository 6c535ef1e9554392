import { aaCandidateOf } from '../contracts/digest.js';
import { SYSTEM } from '../domain/feedback.js';
import type { Scope } from '../domain/ids.js';
import { isSpent } from '../domain/learning-budget.js';
import type { EvaluationDependencies } from './evaluation-activities.js';
import type { LearningActivities } from './learning-activities.js';

type Checks = Pick<
  LearningActivities,
  'planAaCheck' | 'noteAaCheck' | 'noteDisarmed' | 'noteCategoryShift'
>;

/** What the learner checks of itself: the pairs it decides by, and how often it had to take back. */
export function createCheckActivities({ store, agents }: EvaluationDependencies): Checks {
  return {
    async planAaCheck({ tenant, agent }) {
      const scope = { tenant, agent };
      const pointer = await store.pointer(scope);
      const { shadowRunsPerDay: perDay, gate } = agents.agent(agent).learning;
      const spent = await store.spentShadowRuns(scope);
      const isOutOfBudget = isSpent({ perDay, spent }, gate.replicates);
      if (pointer === null || isOutOfBudget) return null;
      const attempt = await store.newestTask(scope);
      const candidate = aaCandidateOf(scope);
      return attempt === 0 ? null : { candidate, baseline: pointer.active, attempt };
    },

    async noteAaCheck({ tenant, agent, ...found }) {
      const reason = found.isAlarmed
        ? 'baseline beside itself differs by more than chance: the pairs favour an arm'
        : 'baseline beside itself differs by no more than chance';
      await store.note({ tenant, agent }, { ...ofAgent(agent, 'aa-check'), reason, detail: found });
    },

    async noteCategoryShift({ tenant, agent, candidate, version, shift }) {
      const { shares, ...evidence } = shift;
      const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
      const moved = shares
        .slice(0, 2)
        .map(
          ({ category, before, since }) => `${category} ${percent(before)} to ${percent(since)}`,
        );
      await store.note(
        { tenant, agent },
        {
          actor: SYSTEM,
          action: 'category-shift',
          object:
            candidate === null
              ? { kind: 'version', id: version }
              : { kind: 'candidate', id: candidate },
          reason: `tasks end in other ways than they did (${moved.join(', ')}): a person should look`,
          detail: {
            ...evidence,
            test: 'live category drift',
            version,
            shares: shares.map((share) => ({ ...share })),
          },
        },
      );
    },

    async noteDisarmed({ tenant, agent, reason }) {
      await store.note({ tenant, agent }, { ...ofAgent(agent, 'disarmed'), reason, detail: {} });
    },
  };
}

function ofAgent(agent: Scope['agent'], action: string) {
  return { actor: SYSTEM, action, object: { kind: 'agent', id: agent } };
}
