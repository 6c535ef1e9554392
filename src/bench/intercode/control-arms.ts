import { createAgentRegistry } from '../../activities/agent-registry.js';
import type { House } from '../../cli/house.js';
import type { Agent } from '../../contracts/agent.js';
import { lessonIdOf } from '../../contracts/digest.js';
import { candidateId } from '../../contracts/ids.js';
import type { Scope, VersionId } from '../../domain/ids.js';
import type { LessonDraft } from '../../domain/lesson.js';
import { inputOfTask } from './recorded-agent.js';
import type { Library } from '../../model/recorded/cast.js';
import type { RecordedRun, RecordedTask } from '../../model/recorded/dataset.js';
import type { SchemaLesson } from './control-lessons.js';
import { playInSandbox, type SandboxSetting } from './sandbox-runs.js';

/** Lessons that one task gets in a control arm. */
export interface ControlTask {
  readonly task: RecordedTask;
  readonly lessons: readonly SchemaLesson[];
}

/**
 * Runs a control arm: each task with lessons that were chosen for it, and that no gate has seen. They
 * stand in one strategy version as rules for one question each, which serves these runs alone.
 */
export async function runControlArm(
  setting: Omit<SandboxSetting, 'version' | 'purpose'>,
  tasks: readonly ControlTask[],
  progress: (done: number) => void,
): Promise<ReadonlyMap<string, RecordedRun>> {
  if (tasks.length === 0) return new Map();
  const version = await versionWithRules(setting, tasks);
  const played = await playInSandbox(
    { ...setting, version, purpose: 'control arm' },
    tasks.map(({ task }) => task),
    progress,
  );
  return new Map(
    tasks.flatMap(({ task }, at) => {
      const run = played[at];
      return run === undefined ? [] : [[task.taskId, run] as const];
    }),
  );
}

/** In whose name the bench puts lessons where no gate has seen them. */
export const BENCH = { id: 'bench', role: 'system' } as const;

/** Deploys the agent where it is not, and answers the version that serves it. */
export async function deployed({ store }: House, scope: Scope, agent: Agent): Promise<VersionId> {
  const { policyDigest, toolDigests } = createAgentRegistry([agent]).digests(agent.id);
  const parameters = {
    model: agent.model.name,
    temperature: agent.model.temperature,
    maxModelCalls: agent.limits.modelCalls,
    recallLimit: agent.recallLimit,
  };
  const { instructions } = agent;
  const root = { policyDigest, toolDigests, parameters, instructions };
  return (await store.deploy(scope, root, BENCH)).active;
}

async function versionWithRules(
  { house, scope, agent, library }: Omit<SandboxSetting, 'version' | 'purpose'>,
  tasks: readonly ControlTask[],
): Promise<VersionId> {
  const { store } = house;
  const active = await deployed(house, scope, agent);
  const candidate = candidateId(`${scope.tenant}.${scope.agent}.control`);
  const revisions = tasks.flatMap(({ task, lessons }) =>
    lessons.map(({ text }, at) => {
      const draft = ruleFor(library, task, at, text);
      return { lesson: lessonIdOf(scope.agent, draft.key), draft, candidate };
    }),
  );
  const opened = {
    id: candidate,
    title: `control arm ${scope.agent}`,
    opener: null,
    workflowId: `reflect/${candidate}`,
  };
  await store.applyMerge(scope, { results: [], revisions, support: [], opened });
  const put = revisions.map(({ lesson }) => ({ lesson, revision: 1 }));
  return store.deriveVersion(scope, active, { put, remove: [], parameters: {} });
}

/** A rule is recalled wherever its predicates hold: here on one question, whatever its words. */
function ruleFor(library: Library, task: RecordedTask, at: number, text: string): LessonDraft {
  const input = inputOfTask(library, task);
  return {
    key: `control/${task.taskId}/${String(at)}`,
    kind: 'rule',
    title: 'control',
    trigger: {
      predicates: Object.entries(input).flatMap(([key, value]) =>
        typeof value === 'string' ? [{ field: `input.${key}`, op: 'eq' as const, value }] : [],
      ),
      when: '',
      notWhen: '',
    },
    body: { form: 'text', text },
    rationale: 'chosen by the bench for this arm',
    evidence: [],
    sources: [{ channel: 'operator', principal: BENCH.id, authority: 1 }],
    trust: 'high',
    toolVersions: {},
  };
}
