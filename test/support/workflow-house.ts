import {
  WorkflowIdConflictPolicy,
  WorkflowNotFoundError,
  type WorkflowHandle,
} from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';

import { failureInterceptor } from '../../src/activities/failure-interceptor.js';
import type { JudgeActivities } from '../../src/activities/judge-activities.js';
import type { LearningActivities } from '../../src/activities/learning-activities.js';
import type { TaskActivities } from '../../src/activities/task-activities.js';
import { untilEnding } from '../../src/client/ending-messenger.js';
import { createMessenger, learnerId } from '../../src/client/messenger.js';
import { agentId, episodeId, taskId, tenantId } from '../../src/contracts/ids.js';
import type { Scope, TenantId } from '../../src/domain/ids.js';
import { ENDING, runWorkers } from '../../src/running-workers.js';
import type { agentTask, AgentTaskInput, AgentTaskResult } from '../../src/workflows/agent-task.js';
import type { learner } from '../../src/workflows/learner.js';
import type { reflectAndUpdate, ReflectInput } from '../../src/workflows/reflect-and-update.js';
import { FakeLearning } from './fake-learning.js';
import { FakeTask, TOOL_NAMES } from './fake-task.js';
import { startServerOfTest, type ServerOfTest } from './server-of-test.js';
import { workflowBundle as bundleOfSource } from './workflow-bundle.js';

const QUEUE = 'ratchet';
const AGENT = agentId('clerk');

const TASK_STEPS = [
  'recall',
  'callModel',
  'answerCall',
  'recordEpisode',
  'storeFeedback',
] as const satisfies readonly (keyof TaskActivities)[];

const JUDGE_STEPS = [
  'judgeOutput',
  'judgePair',
] as const satisfies readonly (keyof JudgeActivities)[];

const LEARNING_STEPS = [
  'attribute',
  'judgeReplay',
  'propose',
  'validate',
  'wakeLearner',
  'markReflected',
  'fateOf',
  'planEvaluation',
  'reserveAlpha',
  'settleWithLearner',
  'drawTasks',
  'commitPairs',
  'recordVerdict',
  'transition',
  'expectActive',
  'rebase',
  'startCanary',
  'widenCanary',
  'promote',
  'rollBack',
  'scopeOut',
  'noteDrift',
  'planAaCheck',
  'noteAaCheck',
  'noteDisarmed',
  'noteCategoryShift',
  'readOutcomes',
  'servedBy',
  'stopWatching',
  'reference',
  'openJournal',
  'writeJournal',
  'mergeProposals',
  'closeBundle',
  'grantCanary',
  'override',
  'concludeDiagnosis',
  'planDiagnosis',
  'concludeRollback',
  'abandon',
  'deploymentReference',
  'noteDeployment',
] as const satisfies readonly (keyof LearningActivities)[];

/** One tenant of a test: its tasks, its learning, and what they were asked. */
export interface World {
  readonly scope: Scope;
  readonly task: FakeTask;
  readonly learning: FakeLearning;
}

/** The real workflows on a server whose clock skips, with activities that each tenant scripts. */
export interface WorkflowHouse {
  readonly env: TestWorkflowEnvironment;
  readonly queue: string;
  /** A tenant of its own for a test, so that tests share a server and nothing else. */
  world(): World;
  startTask(
    world: World,
    task: string,
    more?: Partial<AgentTaskInput>,
  ): Promise<WorkflowHandle<typeof agentTask>>;
  startReflection(
    world: World,
    episode: string,
    more?: Partial<ReflectInput>,
  ): Promise<WorkflowHandle<typeof reflectAndUpdate>>;
  learnerOf(world: World): WorkflowHandle<typeof learner>;
  /** Ends everything of this tenant, so that its timers do not fire in the next test. */
  quieten(world: World): Promise<void>;
  /** The result, with the clock skipping while it is awaited. */
  resultOf(handle: WorkflowHandle<typeof agentTask>): Promise<AgentTaskResult>;
  close(): Promise<void>;
}

/** A house for tests to use; who opened it closes it. */
export type OpenHouse = Omit<WorkflowHouse, 'quieten' | 'close'>;

let isQuiet = false;

/** The SDK has one runtime a process, and takes a logger only before it is used. */
function quietOnce(): void {
  if (!isQuiet) Runtime.install({ logger: new DefaultLogger('ERROR') });
  isQuiet = true;
}

/**
 * One a test file, or one a test where days pass: virtual time is global, and this server no longer lets
 * it pass once a workflow was terminated or a child cancelled.
 */
export async function openWorkflowHouse(
  on: ServerOfTest = 'time-skipping',
): Promise<WorkflowHouse> {
  quietOnce();
  const workflowBundle = await bundleOfSource();
  const { env, stop } = await startServerOfTest(on);
  const worlds = new Map<TenantId, World>();
  const ending = new AbortController();
  const messenger = untilEnding(createMessenger(env.client, QUEUE), env.client, ending.signal);
  const worldOf = (tenant: TenantId): World => {
    const world = worlds.get(tenant);
    if (world === undefined) throw new Error(`No test has tenant ${tenant}`);
    return world;
  };

  type Routed = (request: { readonly tenant: TenantId }) => Promise<unknown>;
  const activities: Record<string, Routed> = {};
  for (const name of [...TASK_STEPS, ...JUDGE_STEPS]) {
    activities[name] = async (request) => {
      const { task } = worldOf(request.tenant);
      const answer: unknown = await Reflect.apply(task[name], task, [request]);
      return answer;
    };
  }
  for (const name of LEARNING_STEPS) {
    activities[name] = async (request) => {
      const { learning } = worldOf(request.tenant);
      const answer: unknown = await Reflect.apply(learning[name], learning, [request]);
      return answer;
    };
  }
  for (const name of TOOL_NAMES) {
    activities[name] = async (request) => {
      const { task } = worldOf(request.tenant);
      const answer: unknown = await Reflect.apply(task.runTool, task, [request]);
      return answer;
    };
  }

  const workers: Worker[] = [];
  for (const taskQueue of [QUEUE, `${QUEUE}-shadow`]) {
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue,
      workflowBundle,
      activities,
      interceptors: { activity: [failureInterceptor] },
      // Workflows in the thread of the test, in the same sandbox: starting a thread for each worker of each
      // house and copying every message cost as much as the workflows. On the real server they have their own.
      debugMode: on === 'time-skipping',
      ...ENDING,
    });
    workers.push(worker);
  }
  const running = runWorkers(workers, { ending });

  return {
    env,
    queue: QUEUE,
    world() {
      const tenant = tenantId(`t${String(worlds.size + 1)}`);
      const scope: Scope = { tenant, agent: AGENT };
      const world: World = {
        scope,
        task: new FakeTask(),
        learning: new FakeLearning(scope, messenger),
      };
      worlds.set(tenant, world);
      return world;
    },
    startTask({ scope: { tenant, agent } }, task, more = {}) {
      return env.client.workflow.start<typeof agentTask>('agentTask', {
        workflowId: `task/${tenant}/${agent}/${task}`,
        taskQueue: QUEUE,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
        workflowExecutionTimeout: '400 days',
        args: [{ tenant, agent, task: taskId(task), mode: 'live', input: {}, ...more }],
      });
    },
    startReflection({ scope: { tenant, agent } }, episode, more = {}) {
      const id = episodeId(`${tenant}.${episode}`);
      const informative = { value: true, reason: 'it failed' };
      return env.client.workflow.start<typeof reflectAndUpdate>('reflectAndUpdate', {
        workflowId: `reflect/${id}`,
        taskQueue: QUEUE,
        args: [{ tenant, agent, episode: id, informative, ...more }],
      });
    },
    learnerOf: ({ scope }) => env.client.workflow.getHandle<typeof learner>(learnerId(scope)),
    async quieten({ scope, learning }) {
      const carriers = [...learning.candidates.values()].map(({ workflowId }) => workflowId);
      const evaluations = [...learning.candidates.keys()].map((id) => `shadow/${id}`);
      for (const workflowId of [learnerId(scope), ...carriers, ...evaluations]) {
        const handle = env.client.workflow.getHandle(workflowId);
        try {
          await handle.terminate('the test is over');
        } catch (error) {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        }
      }
    },
    resultOf: (handle) => handle.result(),
    async close() {
      const haveEnded = await running.stop();
      if (!haveEnded) throw new Error('The workers did not end, not even by force');
      // Nothing may have had to be given up: what runs in a test ends when it is told to.
      await running.done;
      await stop();
    },
  };
}
