import { cp, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  bundleWorkflowCode,
  DefaultLogger,
  Worker,
  type WorkflowBundle,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { quietTemporal } from '../../src/cli/temporal-logs.js';
import { CANDIDATE_STATES, isEnd } from '../../src/domain/candidate.js';
import { TASK_ENDS } from '../../src/domain/episode.js';
import type { Verdict } from '../../src/domain/gate/gate.js';
import { workflowBundle } from '../support/workflow-bundle.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const histories = fileURLToPath(new URL('histories', import.meta.url));
const recorded = (await readdir(histories, { recursive: true }))
  .filter((name) => name.endsWith('.json'))
  .sort();

/** Every workflow type with every ending that DESIGN 4 and 6 know. */
const ENDINGS = [
  'agent-task/approval-denied',
  'agent-task/awaited',
  'agent-task/cancelled',
  'agent-task/cancelled-in-temporal',
  'agent-task/continue-as-new',
  'agent-task/continued',
  'agent-task/done',
  'agent-task/explore',
  'agent-task/failed',
  'agent-task/shadow',
  'agent-task/shadow-unmocked',
  'agent-task/unknown-effect-answered',
  'agent-task/waiting-answered',
  'learner/continue-as-new',
  'learner/continue-as-new-alone',
  'learner/continued',
  'learner/rolled-back-after-probation',
  'maintain-memory/done',
  'reflect-and-update/aborted',
  'reflect-and-update/approved',
  'reflect-and-update/cancelled-in-canary',
  'reflect-and-update/carried-without-episode',
  'reflect-and-update/continue-as-new-in-canary',
  'reflect-and-update/continue-as-new-in-probation',
  'reflect-and-update/continued',
  'reflect-and-update/evaluation-terminated',
  'reflect-and-update/expired',
  'reflect-and-update/forced-rolled-back-in-canary',
  'reflect-and-update/forked-replay',
  'reflect-and-update/held-then-forced',
  'reflect-and-update/merged',
  'reflect-and-update/nothing-learned',
  'reflect-and-update/pinned-out-of-canary',
  'reflect-and-update/promoted',
  'reflect-and-update/refused',
  'reflect-and-update/rejected',
  'reflect-and-update/rolled-back-by-a-person',
  'reflect-and-update/rolled-back-in-canary',
  'reflect-and-update/rolled-back-in-probation',
  'reflect-and-update/vetoed',
  'shadow-evaluation/aa',
  'shadow-evaluation/cancelled',
  'shadow-evaluation/continue-as-new',
  'shadow-evaluation/continued',
  'shadow-evaluation/diagnosis',
  'shadow-evaluation/inconclusive',
  'shadow-evaluation/pass',
  'shadow-evaluation/reject',
];

/** How a history ends, for those whose name says so. */
const LAST_EVENT: Readonly<Record<string, string>> = {
  'continue-as-new': 'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW',
  'learner/continue-as-new-alone': 'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW',
  'reflect-and-update/continue-as-new-in-canary': 'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW',
  'reflect-and-update/continue-as-new-in-probation':
    'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW',
  'reflect-and-update/cancelled-in-canary': 'EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED',
  'shadow-evaluation/cancelled': 'EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED',
};

const History = z.looseObject({
  events: z
    .array(
      z.looseObject({
        eventType: z.string(),
        workflowExecutionStartedEventAttributes: z
          .looseObject({ workflowId: z.string() })
          .optional(),
      }),
    )
    .min(1),
});

async function historyOf(name: string) {
  return History.parse(JSON.parse(await readFile(join(histories, `${name}.json`), 'utf8')));
}

function bundleOf(workflows: string): Promise<WorkflowBundle> {
  return bundleWorkflowCode({
    workflowsPath: join(workflows, 'index.ts'),
    logger: new DefaultLogger('ERROR'),
  });
}

async function replay(bundle: WorkflowBundleOption, name: string): Promise<void> {
  const history = await historyOf(name);
  const workflowId =
    history.events[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? 'unknown';
  await Worker.runReplayHistory({ workflowBundle: bundle }, history, workflowId);
}

let current: WorkflowBundleOption;

beforeAll(async () => {
  quietTemporal({ logLevel: 'silent' });
  current = await workflowBundle();
});

test('every workflow type is recorded with every ending', () => {
  expect(recorded.map((name) => name.replace(/\.json$/, '')).sort()).toEqual(ENDINGS);
});

test.for(ENDINGS)('%s replays on the current code', async (name) => {
  const { events } = await historyOf(name);

  await expect(replay(current, name)).resolves.toBeUndefined();

  const expected = LAST_EVENT[name] ?? LAST_EVENT[name.split('/')[1] ?? ''];
  if (expected !== undefined) expect(events.at(-1)?.eventType).toBe(expected);
});

const Result = z.looseObject({
  end: z.string().optional(),
});
const Completed = z.looseObject({
  workflowExecutionCompletedEventAttributes: z.looseObject({
    result: z.looseObject({ payloads: z.array(z.looseObject({ data: z.string() })).length(1) }),
  }),
});

/** What the workflows of a type answered at their ends. */
async function resultsOf(type: string) {
  const results: z.infer<typeof Result>[] = [];
  for (const name of ENDINGS.filter((each) => each.startsWith(`${type}/`))) {
    const last = Completed.safeParse((await historyOf(name)).events.at(-1));
    const [payload] = last.data?.workflowExecutionCompletedEventAttributes.result.payloads ?? [];
    if (payload === undefined) continue;
    results.push(Result.parse(JSON.parse(Buffer.from(payload.data, 'base64').toString('utf8'))));
  }
  return results;
}

test('every end that the domain knows of a candidate is recorded, and those before there is one', async () => {
  const ends = new Set((await resultsOf('reflect-and-update')).map(({ end }) => end));

  const known = [...CANDIDATE_STATES.filter(isEnd), 'nothing-learned', 'merged'];
  expect([...ends].sort()).toEqual(known.sort());
});

test('every end that the domain knows of a task is recorded', async () => {
  const ends = new Set((await resultsOf('agent-task')).map(({ end }) => end));

  expect([...ends].sort()).toEqual([...TASK_ENDS].sort());
});

/** Counted by the compiler. Where the pairs could not lead to a verdict, none are run: that is `hold`. */
const VERDICTS: Readonly<Record<Verdict, 'shadow-evaluation' | 'reflect-and-update'>> = {
  pass: 'shadow-evaluation',
  reject: 'shadow-evaluation',
  inconclusive: 'shadow-evaluation',
  hold: 'reflect-and-update',
};

test('every verdict that the gate knows is recorded', async () => {
  const told = new Set<string>();
  for (const name of ENDINGS) {
    const text = JSON.stringify(payloadsDecoded(await historyOf(name)));
    for (const [, verdict] of text.matchAll(/"verdict\\*": ?\\*"(\w+)/g)) {
      told.add(`${name.split('/')[0] ?? ''} ${verdict ?? ''}`);
    }
    if (text.includes('hold: ')) told.add(`${name.split('/')[0] ?? ''} hold`);
  }

  const missing = Object.entries(VERDICTS).filter(
    ([verdict, type]) => !told.has(`${type} ${verdict}`),
  );
  expect(missing).toEqual([]);
});

test('a history stays below 100 KB', async () => {
  for (const name of ENDINGS) {
    const { size } = await stat(join(histories, `${name}.json`));
    expect({ name, size: size < 100_000 }).toEqual({ name, size: true });
  }
});

/** Paths, processes with their host, keys and addresses. */
const MACHINE = [
  /\/(?:root|home|tmp|work|Users)\/[\w.-]+/,
  /\b\d+@[\w.-]+/,
  /"identity":/,
  /\bsk-[A-Za-z0-9]{8,}/,
  /postgres(?:ql)?:\/\//,
];

test('a history tells nothing of the machine it was recorded on', async () => {
  for (const name of ENDINGS) {
    const text = JSON.stringify(payloadsDecoded(await historyOf(name)));

    const found = MACHINE.flatMap((pattern) => pattern.exec(text) ?? []);
    expect({ name, found }).toEqual({ name, found: [] });
  }
});

/** Payloads are base64, which a pattern would look past. */
function payloadsDecoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(payloadsDecoded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      key === 'data' && typeof entry === 'string'
        ? Buffer.from(entry, 'base64').toString('utf8')
        : payloadsDecoded(entry),
    ]),
  );
}

/** A bundle of the workflows with one text of one file replaced. */
async function changed(file: string, from: string, to: string): Promise<WorkflowBundle> {
  const copy = await mkdtemp(join(tmpdir(), 'ratchet-planted-'));
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  await cp(join(root, 'src/workflows'), join(copy, 'workflows'), { recursive: true });
  await cp(join(root, 'src/domain'), join(copy, 'domain'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  const path = join(copy, 'workflows', file);
  const source = await readFile(path, 'utf8');
  if (!source.includes(from)) throw new Error(`${file}: there is no ${from} to change`);
  await writeFile(path, source.replace(from, to));
  return bundleOf(join(copy, 'workflows'));
}

test.for([
  {
    what: 'an extra sleep in agentTask',
    history: 'agent-task/done',
    file: 'agent-task.ts',
    from: "phase = 'grading';",
    to: "phase = 'grading'; await condition(() => false, 1000);",
  },
  {
    what: 'a promotion that is forgotten',
    history: 'reflect-and-update/promoted',
    file: 'candidate-rollout.ts',
    from: "await life.settle('canary-ended', { promoted: forcedBy === null });",
    to: '',
  },
  {
    what: 'a verdict that is not recorded',
    history: 'shadow-evaluation/pass',
    file: 'shadow-evaluation.ts',
    from: 'await recordVerdict(',
    to: 'void ((_: object) => _)(',
  },
])('$what is caught by $history', async ({ history, file, from, to }) => {
  const planted = await changed(file, from, to);

  await expect(replay(planted, history)).rejects.toBeInstanceOf(DeterminismViolationError);
});
