import type { Agent } from '../contracts/agent.js';
import { runEpisodeIdOf } from '../contracts/digest.js';
import { candidateId } from '../contracts/ids.js';
import { permissionsOf } from '../contracts/agent.js';
import { parameterFault } from '../contracts/parameter-ranges.js';
import { NotFoundError } from '../domain/errors.js';
import { succeeded } from '../domain/episode.js';
import type { EpisodeId, Scope, TenantId } from '../domain/ids.js';
import type { Evidence, LessonDraft, LessonRevision } from '../domain/lesson.js';
import { mineContinuations } from '../domain/mining/continuation.js';
import { mineCorrection } from '../domain/mining/correction.js';
import { labelledOutcome, mayTeach } from '../domain/label.js';
import { discoveryKey, mineDiscoveries, type Discovery } from '../domain/mining/discovery.js';
import { knownOf } from '../domain/mining/merge.js';
import { mineRecoveries } from '../domain/mining/recovery.js';
import type { ValidationContext } from '../domain/validation/check.js';
import { contradicts } from '../domain/validation/conflict.js';
import { validateBesideOthers } from '../domain/validation/validate.js';
import type { AgentRegistry } from './agent-registry.js';
import { proposedOfCluster } from './cluster-proposals.js';
import { attributeEpisode } from './episode-attribution.js';
import { evaluationItems, textsBesides } from './evaluation-texts.js';
import { blameAfterReplay } from './forked-replay.js';
import { isKeptForGate } from './gate-pool.js';
import type { LearningActivities, ToldBlame } from './learning-activities.js';
import type { Messenger } from './messenger.js';
import type { ModelClient } from './model-activities.js';
import { payingClient } from './learning-purse.js';
import { observedCalls } from './observations.js';
import { backingOf, standingsOf } from './standings.js';
import type { Store, StoredEpisode } from './store.js';

export interface ReflectionDependencies {
  readonly store: Store;
  readonly agents: AgentRegistry;
  readonly messenger: Messenger;
  readonly models: ModelClient;
}

type Reflection = Pick<
  LearningActivities,
  'attribute' | 'judgeReplay' | 'propose' | 'validate' | 'markReflected' | 'wakeLearner' | 'fateOf'
>;

/** Proposals one episode may make; a flood of them is a fault of the tool that was observed. */
const MAX_DRAFTS = 40;

/** From an episode to validated proposals. All of it works without a model. */
export function createReflectionActivities(dependencies: ReflectionDependencies): Reflection {
  const { store, agents, messenger, models } = dependencies;
  const payingFor = (scope: Scope) => ({
    ...dependencies,
    models: payingClient(models, store, agents.agent(scope.agent), scope),
  });

  return {
    async attribute({ tenant, agent, episode }) {
      const found = await endedEpisode(store, tenant, episode);
      const paid = payingFor({ tenant, agent });
      return attributeEpisode(paid, agents.agent(agent), found);
    },

    judgeReplay: ({ tenant, blame }) => blameAfterReplay(store, tenant, blame),

    async propose({ tenant, agent: agentId, episode, exploration, blame }) {
      const agent = agents.agent(agentId);
      const { toolDigests } = agents.digests(agentId);
      const ended = await endedEpisode(store, tenant, episode);
      // What sources disagree about teaches nothing until a person has said who is right.
      const label = await store.labelOf(tenant, episode);
      if (!mayTeach(label)) return { drafts: [], exploration: null };
      const live = { ...ended, outcome: labelledOutcome(ended.outcome, label) };
      if (await isKept(store, live)) {
        return { drafts: await correctionsOf(store, live), exploration: null };
      }
      const explored = exploration === null ? null : await store.episode(tenant, exploration);
      const sources = explored === null ? [live] : [live, explored];

      const discoveries = sources.flatMap((source) => discoveriesOf(agent, source));
      const keys = [...new Set(discoveries.map(({ tool, fact }) => discoveryKey(tool, fact)))];
      const lessons = await store.lessonsByKey({ tenant, agent: agentId }, keys);
      const earlier = new Map(
        lessons.flatMap((lesson) => {
          const known = knownOf(lesson);
          return known === undefined ? [] : [[known.key, known] as const];
        }),
      );
      const discovered = mineDiscoveries(discoveries, earlier, toolDigests);
      const recovered = sources.flatMap((source) => {
        const context = {
          episode: source.id,
          task: source.task,
          outcome: source.outcome?.score ?? null,
          toolDigests,
        };
        return [
          ...mineRecoveries(source.steps, context),
          ...mineContinuations(source.steps, context),
        ];
      });
      const corrected = await correctionsOf(store, live);
      const drafts = [...corrected, ...discovered, ...recovered].slice(0, MAX_DRAFTS);
      const { learning } = agent;
      // An imported run has no task here that could be run again.
      const mayExplore =
        live.mode === 'live' &&
        drafts.length === 0 &&
        explored === null &&
        learning.explorationModelCalls > 0 &&
        !succeeded(live.outcome) &&
        (await store.spentShadowRuns(live.scope)) < learning.shadowRunsPerDay;
      const compared = mayExplore
        ? []
        : await proposedOfCluster(payingFor(live.scope), agent, live, discovered.length > 0);
      return {
        drafts: [...drafts, ...compared]
          .slice(0, MAX_DRAFTS)
          .map((draft) => attributed(draft, episode, blame)),
        exploration: mayExplore
          ? {
              task: live.task,
              version: live.version,
              episode: runEpisodeIdOf('explore', episode),
              modelCalls: learning.explorationModelCalls,
              model: learning.explorationModel ?? null,
            }
          : null,
      };
    },

    async validate({ tenant, agent: agentId, episode, drafts, isHeldBack = false }) {
      const agent = agents.agent(agentId);
      const scope = { tenant, agent: agentId };
      const permissions = permissionsOf(agent);
      const active = await store.lessonsByKey(
        scope,
        drafts.map(({ key }) => key),
      );
      const items = await evaluationItems(store, scope, drafts);
      const about = await store.lessonsAbout(scope, drafts);
      const answers = [];
      for (const draft of drafts) {
        const contrary = about.filter((lesson) => contradicts(draft, lesson));
        const isContrary = ({ id, revision }: LessonRevision): boolean =>
          contrary.some((other) => other.id === id && other.revision === revision);
        const evidence = await evidenceFacts(store, tenant, draft);
        const context: ValidationContext = {
          agent: agentId,
          permissions,
          tools: agent.tools.map(({ name }) => name),
          vocabulary: vocabularyOf(agent),
          parameterFault: (name, value) => parameterFault(agent.learning.parameters, name, value),
          evidence,
          evaluation: textsBesides(items, draft),
          active: [
            ...active.filter((lesson) => lesson.status === 'active' && !isContrary(lesson)),
            ...contrary,
          ],
          standings: await standingsOf(store, scope, contrary),
          nowMs: Date.now(),
          supportGroups: await backingOf(store, scope, draft),
        };
        const answer = validateBesideOthers(draft, context);
        answers.push({ draft, rejected: answer.accepted ? null : answer });
      }
      const proposed = answers.map(({ draft, rejected }) => ({
        draft,
        rejected: rejected === null ? null : { code: rejected.code, message: rejected.message },
      }));
      if (!isHeldBack) await store.putProposals(scope, episode, proposed);
      return {
        held: isHeldBack ? proposed : null,
        answers: answers.map(({ draft, rejected }) => ({
          key: draft.key,
          title: draft.title,
          code: rejected?.code ?? null,
          message: rejected?.message ?? '',
        })),
      };
    },

    async markReflected({ tenant, episode, result }) {
      await store.markReflected(tenant, episode, result);
    },

    async fateOf({ tenant, episode, workflowId }) {
      const proposals = await store.proposalsOf(tenant, episode);
      const accepted = proposals.filter(({ rejected }) => rejected === null);
      if (accepted.some(({ result }) => result === null))
        return { kind: 'waiting', candidate: null };
      for (const { result } of accepted) {
        if (result?.kind !== 'opened' && result?.kind !== 'joined') continue;
        const row = await store.candidate(tenant, result.candidate);
        const carries = row?.workflowId === workflowId;
        return { kind: carries ? 'carries' : 'merged', candidate: result.candidate };
      }
      return { kind: 'merged', candidate: candidateId(`${tenant}.known`) };
    },

    async wakeLearner(scope) {
      await messenger.wakeLearner(scope);
    },
  };
}

/** The draft with what is known of the step it cites, where that is the one that was blamed. */
function attributed(
  draft: LessonDraft,
  episode: EpisodeId,
  blame: ToldBlame | undefined,
): LessonDraft {
  if (blame === undefined || blame.step === null || blame.method === 'unknown') return draft;
  const { step, method, confidence, isVerified } = blame;
  const isCited = draft.evidence.some(
    (cited) => cited.episode === episode && cited.steps.includes(step),
  );
  return isCited ? { ...draft, attribution: { step, method, confidence, isVerified } } : draft;
}

type EndedEpisode = StoredEpisode & { readonly outcome: NonNullable<StoredEpisode['outcome']> };

async function endedEpisode(store: Store, tenant: TenantId, id: EpisodeId): Promise<EndedEpisode> {
  const episode = await store.episode(tenant, id);
  if (episode?.outcome == null) {
    throw new NotFoundError('episode', id, 'expected one that has ended');
  }
  return { ...episode, outcome: episode.outcome };
}

function discoveriesOf(agent: Agent, episode: StoredEpisode): Discovery<Evidence>[] {
  return observedCalls(agent, episode.input, episode.steps).flatMap(({ step, facts }) =>
    facts.map((fact) => ({
      tool: step.tool,
      fact,
      evidence: {
        episode: episode.id,
        task: episode.task,
        steps: [step.index],
        role: 'observation' as const,
        outcome: episode.outcome?.score ?? null,
        reliability: 1,
      },
    })),
  );
}

async function correctionsOf(store: Store, episode: EndedEpisode): Promise<LessonDraft[]> {
  const given = await store.feedbackOf(episode.scope.tenant, episode.id);
  return given.flatMap((feedback) =>
    feedback.correction === null
      ? []
      : mineCorrection(episode.output ?? '', feedback.correction, feedback, {
          episode: episode.id,
          task: episode.task,
          outcome: episode.outcome.score,
          steps: episode.steps.length,
        }),
  );
}

/** A task of a recording is kept for no gate, unless it is one of ours as well. */
async function isKept(store: Store, { scope, task, mode }: StoredEpisode): Promise<boolean> {
  if (!(await isKeptForGate(store, scope, task))) return false;
  return mode !== 'imported' || (await store.taskInput(scope, task)) !== null;
}

/** What validation looks at of the episodes a draft cites. */
async function evidenceFacts(store: Store, tenant: TenantId, draft: LessonDraft) {
  const ids = [...new Set(draft.evidence.map(({ episode }) => episode))];
  const episodes = await Promise.all(ids.map((id) => store.episode(tenant, id)));
  return episodes.flatMap((episode) =>
    episode === null
      ? []
      : [
          {
            episode: episode.id,
            agent: episode.scope.agent,
            observed: episode.steps.flatMap((step) =>
              step.kind === 'tool' ? [step.result.content] : [],
            ),
            steps: episode.steps.length,
            slices: episode.slices,
            input: episode.input,
            output: episode.output,
          },
        ],
  );
}

/** The words of the agent's trade, as whoever defined it wrote them. */
export function vocabularyOf({ instructions, tools }: Agent): string {
  return [instructions, ...tools.map(({ description }) => description)].join('\n');
}
