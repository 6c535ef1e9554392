import { createLearnerActivities } from '../../src/activities/learner-activities.js';
import { createReflectionActivities } from '../../src/activities/reflection-activities.js';
import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { Store } from '../../src/activities/store.js';
import type { Agent } from '../../src/contracts/agent.js';
import { lessonIdOf } from '../../src/contracts/digest.js';
import type { Scope } from '../../src/domain/ids.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import { aDraft, playTask } from './store-builders.js';

/** The side of a staged dispute that was told first: `lesson@revision`. */
export interface StagedDispute {
  readonly first: string;
  readonly second: string;
}

/**
 * Two rules of an open bundle that two people each say, one against the other: the learner takes both out
 * and asks a person. It is not woken; whoever has a word on the dispute speaks to it.
 */
export async function stageDispute(
  store: Store,
  agent: Agent,
  scope: Scope,
): Promise<StagedDispute> {
  const shared = {
    store,
    agents: createAgentRegistry([agent]),
    messenger: {
      wake: () => Promise.resolve(true),
      grant: () => Promise.resolve(true),
      startCandidate: () => Promise.resolve(),
      wakeLearner: () => Promise.resolve(),
      reserve: () => Promise.reject(new Error('nothing is evaluated while staging')),
      settle: () => Promise.reject(new Error('nothing is settled while staging')),
      reflectOnDrift: () => Promise.resolve([]),
    },
  };
  const models = { complete: () => Promise.reject(new Error('no model is asked here')) };
  const { validate } = createReflectionActivities({ ...shared, models });
  const { mergeProposals } = createLearnerActivities(shared);
  const says = async (task: string, key: string, text: string, principal: string) => {
    const { episode, task: id } = await playTask(store, scope, task);
    const draft: LessonDraft = aDraft(key, {
      kind: 'rule',
      body: { form: 'text', text },
      evidence: [{ episode, task: id, steps: [], role: 'failure', outcome: 0, reliability: 1 }],
      sources: [{ channel: 'feedback', principal, authority: 0.6 }],
      toolVersions: {},
    });
    await validate({ ...scope, episode, drafts: [draft] });
    await mergeProposals(scope);
  };
  await says('said-1', 'first', 'Use the archive.', 'ann');
  await says('said-2', 'first', 'Use the archive.', 'ben');
  await says('said-3', 'second', 'Do not use the archive.', 'cem');
  await says('said-4', 'second', 'Do not use the archive.', 'dan');
  const named = (key: string): string => `${lessonIdOf(scope.agent, key)}@1`;
  return { first: named('first'), second: named('second') };
}
