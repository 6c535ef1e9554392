import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';

import type { Client } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import type { Pool } from 'pg';

import type { AgentRegistry } from './activities/agent-registry.js';
import type { Embedder } from './activities/embedder.js';
import { createEvaluationActivities } from './activities/evaluation-activities.js';
import { failureInterceptor } from './activities/failure-interceptor.js';
import { createJudgeActivities } from './activities/judge-activities.js';
import { createLearnerActivities } from './activities/learner-activities.js';
import { createMaintenanceActivities } from './activities/maintenance-activities.js';
import { KnownConversations } from './activities/known-conversations.js';
import { createModelActivities, type ModelClient } from './activities/model-activities.js';
import { createReflectionActivities } from './activities/reflection-activities.js';
import { createRollbackDiagnosis } from './activities/rollback-diagnosis.js';
import { createRolloutActivities } from './activities/rollout-activities.js';
import { StrategyCache } from './activities/strategy-cache.js';
import { createCheckActivities } from './activities/check-activities.js';
import { createScopingActivities } from './activities/scoping.js';
import { createLifecycleActivities } from './activities/task-lifecycle.js';
import { createCallAnswers, createToolActivities } from './activities/tool-activities.js';
import { UnderWay } from './activities/under-way.js';
import { countUtility } from './activities/utility-counting.js';
import { VectorRecall } from './activities/vector-recall.js';
import { createHistorySource } from './client/history-source.js';
import { createCarriers } from './client/carriers.js';
import { untilEnding } from './client/ending-messenger.js';
import { createMessenger } from './client/messenger.js';
import { InvalidInputError, UnavailableError } from './domain/errors.js';
import { ENDING, runWorkers, type RunningWorkers } from './running-workers.js';
import { createStore } from './store/store.js';
import { createToolRuntime } from './tools/tool-runtime.js';

export interface WorkerDependencies {
  readonly pool: Pool;
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly agents: AgentRegistry;
  readonly models: ModelClient;
  /** A stand-in on the loopback answers in milliseconds; shadow runs then use local activities. */
  readonly hasLocalModel: boolean;
  /** Lessons are found by meaning too where it is given and the database has pgvector. */
  readonly embedder?: Embedder | null;
  /** Both queues unless told. */
  readonly only?: 'live' | 'shadow';
  readonly workflowBundle?: WorkflowBundleOption;
  /** Address of the dashboard for links to it; null where none is known. */
  readonly dashboard?: string | null;
  /** Told of what does not end when it is told to. */
  readonly log?: (line: string) => void;
  /** Activities beside Ratchet's own, for workflows that the bundle adds. */
  readonly moreActivities?: Readonly<Record<string, (input: never) => Promise<unknown>>>;
}

type Doing = Omit<WorkerDependencies, 'address' | 'namespace'> & {
  /** Aborted when the workers stop. */
  readonly ending: AbortSignal;
};

/** Everything a worker can do, by activity name; tools are under their own. */
function createActivities(dependencies: Doing) {
  const { pool, client, taskQueue, agents, models, hasLocalModel, embedder = null } = dependencies;
  const store = createStore(pool);
  const strategies = new StrategyCache(store);
  const messenger = untilEnding(
    createMessenger(client, taskQueue, dependencies.dashboard ?? null),
    client,
    dependencies.ending,
  );
  const conversations = new KnownConversations();
  const vectors = embedder === null ? {} : { vectors: new VectorRecall(store, embedder) };
  const shared = {
    store,
    agents,
    strategies,
    messenger,
    conversations,
    hasLocalModel,
    ...vectors,
  };
  const maintenance = createMaintenanceActivities({
    ...shared,
    histories: createHistorySource(client),
    carriers: createCarriers(client),
  });
  const reflection = createReflectionActivities({ ...shared, models });
  const own = {
    ...createLifecycleActivities(shared),
    ...createModelActivities({ store, agents, models, conversations }),
    ...createJudgeActivities({ store, agents, models, messenger }),
    ...reflection,
    /** Counted before the episode is said to be done with: what harms is out of service at once. */
    async markReflected(of: Parameters<typeof reflection.markReflected>[0]) {
      await countUtility(shared, of);
      await reflection.markReflected(of);
    },
    ...createLearnerActivities(shared),
    ...createEvaluationActivities(shared),
    ...createRolloutActivities(shared),
    ...createRollbackDiagnosis(shared),
    ...createScopingActivities(shared),
    ...createCheckActivities(shared),
    ...maintenance,
    ...createCallAnswers(store),
  };
  const tools = createToolActivities({
    store,
    agents,
    runtime: createToolRuntime({ log: dependencies.log }),
    conversations,
  });
  const taken = Object.keys(tools).find((name) => Object.hasOwn(own, name));
  if (taken !== undefined) {
    throw new InvalidInputError(
      'tool.name',
      taken,
      'another name: an activity of Ratchet has this one',
    );
  }
  return { ...own, ...tools };
}

/** Starts a worker a queue: live work on `<queue>`, shadow and explore runs on `<queue>-shadow`. */
export async function startWorkers(dependencies: WorkerDependencies): Promise<RunningWorkers> {
  const { address, namespace, taskQueue, only } = dependencies;
  const ending = new AbortController();
  const underWay = new UnderWay();
  const activities = {
    ...createActivities({ ...dependencies, ending: ending.signal }),
    ...dependencies.moreActivities,
  };
  const workflowBundle = dependencies.workflowBundle ?? (await workflowBundleOf());
  const connection = await connectNative(address);
  const queues = [
    ...(only === 'shadow' ? [] : [{ queue: taskQueue, tasks: 40 }]),
    ...(only === 'live' ? [] : [{ queue: `${taskQueue}-shadow`, tasks: 40 }]),
  ];
  const workers: Worker[] = [];
  for (const { queue, tasks } of queues) {
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: queue,
      workflowBundle,
      activities,
      interceptors: { activity: [underWay.interceptor, failureInterceptor] },
      maxConcurrentWorkflowTaskExecutions: tasks,
      maxCachedWorkflows: 500,
      // An activity learns of its cancellation by the answer to a heartbeat.
      maxHeartbeatThrottleInterval: '5s',
      ...ENDING,
    });
    workers.push(worker);
  }
  const running = runWorkers(workers, { ending, underWay, log: dependencies.log });
  return {
    done: running.done,
    async stop() {
      const haveEnded = await running.stop();
      // A worker that never ended holds it.
      if (haveEnded) await connection.close();
      return haveEnded;
    },
  };
}

let bundled: Promise<WorkflowBundleOption> | undefined;

/** The bundle that the build made, or one made from the sources beside this file, once a process. */
export async function workflowBundleOf(): Promise<WorkflowBundleOption> {
  const built = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));
  if (existsSync(built)) return { codePath: built };
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const workflowsPath = fileURLToPath(new URL(`./workflows/index.${extension}`, import.meta.url));
  bundled ??= bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  return bundled;
}

async function connectNative(address: string): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({ address });
  } catch (error) {
    throw new UnavailableError(
      'Temporal',
      `${address}, ${error instanceof Error ? error.message : String(error)}`,
      'start it with `ratchet up`, or set TEMPORAL_ADDRESS to one that runs',
      { cause: error },
    );
  }
}
