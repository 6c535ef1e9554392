import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { Embedder } from '../../src/activities/embedder.js';
import { StrategyCache } from '../../src/activities/strategy-cache.js';
import { createLifecycleActivities } from '../../src/activities/task-lifecycle.js';
import { VectorRecall } from '../../src/activities/vector-recall.js';
import { episodeAgain } from '../../src/cli/reproduce/episode-again.js';
import { defineAgent } from '../../src/contracts/agent.js';
import { lessonIdOf } from '../../src/contracts/digest.js';
import { agentId, episodeId, taskId, tenantId } from '../../src/contracts/ids.js';
import { SYSTEM } from '../../src/domain/feedback.js';
import type { Scope, VersionId } from '../../src/domain/ids.js';
import type { LessonDraft } from '../../src/domain/lesson.js';
import { importLessons } from '../../src/store/lesson-import.js';
import { createQueries } from '../../src/store/queries.js';
import { createStore } from '../../src/store/store.js';
import type { FreshDatabase } from './postgres.js';
import { aDraft, endEpisode, PASSED } from './store-builders.js';

/** An agent whose tasks recall through the real activity, in one worker process. */
export async function recallingAgent(
  { pool }: FreshDatabase,
  tenant: string,
  embedder: Embedder | null = null,
  holdOutShare = 0,
) {
  const store = createStore(pool);
  const scope: Scope = { tenant: tenantId(tenant), agent: agentId('clerk') };
  const agent = defineAgent({
    id: scope.agent,
    instructions: 'Answer.',
    model: { name: 'm' },
    tools: [],
    evaluators: [],
    slices: () => ({ database: 'shop' }),
    learning: { holdOut: { share: holdOutShare } },
  });
  const agents = createAgentRegistry([agent]);
  const { active: root } = await store.deploy(
    scope,
    {
      ...agents.digests(scope.agent),
      parameters: {
        model: agent.model.name,
        temperature: agent.model.temperature,
        maxModelCalls: agent.limits.modelCalls,
        recallLimit: agent.recallLimit,
      },
      instructions: agent.instructions,
    },
    SYSTEM,
  );
  const newProcess = (with_: Embedder | null) =>
    createLifecycleActivities({
      store,
      agents,
      strategies: new StrategyCache(store),
      messenger: { wake: () => Promise.resolve(false), wakeLearner: () => Promise.resolve() },
      hasLocalModel: true,
      ...(with_ !== null && { vectors: new VectorRecall(store, with_) }),
    });
  let { recall } = newProcess(embedder);

  const stored = async (id: string) => {
    const episode = await store.episode(scope.tenant, episodeId(id));
    if (episode?.recall === undefined) throw new Error(`episode ${id} recalled nothing`);
    return {
      episode,
      recall: episode.recall,
      lessons: episode.recalled.map(({ lesson }) => lesson),
    };
  };

  return {
    store,
    scope,
    root,
    idOf: (key: string) => lessonIdOf(scope.agent, key),
    /** A process that starts later, with nothing in memory. */
    restart: (with_: Embedder | null = embedder) => {
      ({ recall } = newProcess(with_));
    },
    /** A version of `from` with these lessons, each said as `key: text`. */
    async version(from: VersionId, lessons: Readonly<Record<string, string>>, more = {}) {
      const drafts = Object.entries(lessons).map(([key, text]): LessonDraft =>
        aDraft(key, {
          title: '',
          trigger: { predicates: [], when: '', notWhen: '' },
          body: { form: 'text', text },
          toolVersions: {},
          ...more,
        }),
      );
      const put = await importLessons(pool, scope, drafts);
      return store.deriveVersion(scope, from, { put, remove: [], parameters: {} });
    },
    async activate(active: VersionId) {
      const number = (await store.pointer(scope))?.number ?? 0;
      const audit = { actor: SYSTEM, action: 'force' as const, reason: 'a test', detail: {} };
      await store.changePointer(scope, number, { active }, audit);
    },
    /** What a live task recalled, and its record. */
    async ask(id: string, question: string) {
      const task = taskId(id);
      const input = { question };
      const slices = agent.slices({ input });
      const { episode } = await store.acceptTask({
        ...scope,
        id: task,
        input,
        subject: null,
        slices,
      });
      await recall({ ...scope, task, mode: 'live' });
      return stored(episode);
    },
    /** The same for a run of that task on a version of its own, which may serve no task. */
    async askShadow(id: string, version: VersionId) {
      const episode = episodeId(`shadow-${id}-${version.slice(0, 8)}`);
      const run = { episode, version, candidate: null };
      await recall({ ...scope, task: taskId(id), mode: 'shadow', run });
      return stored(episode);
    },
    async succeed(id: string) {
      await endEpisode(store, scope, episodeId(id), PASSED);
    },
    /** What `reproduce` says of an episode: null where every decision is the same again. */
    async reproduced(id: string) {
      const { episode } = await stored(id);
      const again = await episodeAgain(
        store,
        createQueries(pool),
        new StrategyCache(store),
        episode,
      );
      return again.difference;
    },
  };
}
