/**
 * `npm run record-histories`: plays every ending of every workflow on real servers and writes the
 * histories that test/replay replays. Run it after a change of the workflows that is meant; behind `--` may
 * stand the names of the stories to tell, else all are told and what is there is replaced.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { z } from 'zod';

import type { CandidateRow } from '../../src/activities/store.js';
import { startHouseWorkers, type House } from '../../src/cli/house.js';
import { endTemporal } from '../../src/cli/temporal-logs.js';
import type { Agent } from '../../src/contracts/agent.js';
import { runEpisodeIdOf } from '../../src/contracts/digest.js';
import { candidateId, taskId } from '../../src/contracts/ids.js';
import { isEnd, type CandidateState } from '../../src/domain/candidate.js';
import type { Scope } from '../../src/domain/ids.js';
import {
  deskAgent,
  deskQuestion,
  fileNote,
  sendNote,
  SHORT_ROLLOUT,
  startDeskModel,
  type DeskModel,
  type Table,
} from '../support/desk.js';
import { until } from '../support/poll.js';
import { openRealHouse, runTasks, scopeOf, startRealServers } from '../support/real-house.js';
import { clerk, ForgetfulModel } from '../support/room-clerk.js';
import { aDraft, openCandidate } from '../support/store-builders.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { GoldenHistory, withoutMachine } from './golden-file.js';

const target = fileURLToPath(new URL('histories', import.meta.url));
const OWNER = { actor: 'olga', role: 'owner', reason: 'recorded' } as const;

/** Few pairs at a time: a pair more than the gate needs is a pair more in the file. */
const GATE = { concurrency: 2 };
const desk = deskAgent({ learning: { rollout: SHORT_ROLLOUT, gate: GATE } });
const approving = deskAgent({
  id: 'desk-approving',
  learning: { rollout: SHORT_ROLLOUT, gate: GATE, layers: { toolNotes: 'approve' } },
});
const hasty = deskAgent({
  id: 'desk-hasty',
  learning: { rollout: SHORT_ROLLOUT, gate: { ...GATE, maxPairs: 20 }, approvalTimeoutMs: 1_000 },
});
const asking = deskAgent({
  id: 'desk-asking',
  mayAsk: true,
  limits: { modelCalls: 4 },
  learning: { explorationModelCalls: 2 },
});
const LONG_PROBATION = { outcomes: 200, minOutcomes: 200, durationMs: 7 * 86_400_000 };
const LONG_CANARY = [{ share: 0.5, minOutcomes: 200, minDurationMs: 0 }];
/** Each on a model of its own, whose notes mislead once it is spoilt. */
const SPOILT = ['spoiling', 'spoiling-canary', 'spoiling-late'] as const;
type Spoilt = (typeof SPOILT)[number];
const spoiling = deskAgent({
  id: 'desk-spoiling',
  model: { name: 'spoiling' },
  learning: { rollout: { ...SHORT_ROLLOUT, probation: LONG_PROBATION } },
});
const spoilingCanary = deskAgent({
  id: 'desk-spoiling-canary',
  model: { name: 'spoiling-canary' },
  learning: { rollout: { ...SHORT_ROLLOUT, stages: LONG_CANARY }, gate: GATE },
});
const spoilingLate = deskAgent({
  id: 'desk-spoiling-late',
  model: { name: 'spoiling-late' },
  learning: { rollout: SHORT_ROLLOUT, gate: GATE },
});
const lasting = deskAgent({
  id: 'desk-lasting',
  learning: { rollout: { ...SHORT_ROLLOUT, probation: LONG_PROBATION }, gate: GATE },
});
const pinned = deskAgent({
  id: 'desk-pinned',
  learning: { rollout: { ...SHORT_ROLLOUT, stages: LONG_CANARY }, gate: GATE },
});
const refused = deskAgent({ id: 'desk-refused', learning: { layers: { toolNotes: 'frozen' } } });
const held = deskAgent({
  id: 'desk-held',
  learning: { rollout: SHORT_ROLLOUT, gate: GATE, shadowRunsPerDay: 0 },
});
const carried = deskAgent({ id: 'desk-carried', learning: { reflect: 'never', gate: GATE } });
const continuing = deskAgent({
  id: 'desk-continuing',
  learning: { reflect: 'never', rollout: SHORT_ROLLOUT, gate: GATE },
});
const careful = deskAgent({
  id: 'desk-careful',
  tools: [fileNote, sendNote],
  learning: { reflect: 'never' },
});

/** What one run of a candidate's workflow hands to the next. */
const HandedOn = z.looseObject({
  resumed: z.looseObject({ standing: z.looseObject({ kind: z.string() }) }),
});

function causesOf(error: unknown): readonly string[] {
  const cause = error instanceof Error ? error.cause : undefined;
  return [String(error), ...(cause === undefined ? [] : causesOf(cause))];
}

class Recorder {
  readonly #house: House;
  readonly #spoil: (name: Spoilt) => void;
  #next = 0;

  constructor(house: House, spoil: (name: Spoilt) => void) {
    this.#house = house;
    this.#spoil = spoil;
  }

  /** The stories side by side, each in a tenant of its own, or some of them; answers what went wrong. */
  async record(only: readonly string[]): Promise<readonly unknown[]> {
    const stories: Readonly<Record<string, () => Promise<void>>> = {
      promoted: () => this.#promoted(),
      rejected: () => this.#rejected(),
      inconclusiveAndExpired: () => this.#inconclusiveAndExpired(),
      forcedAndRolledBack: () => this.#forcedAndRolledBack(),
      aborted: () => this.#aborted(),
      approved: () => this.#approved(),
      vetoed: () => this.#vetoed(),
      rolledBackInProbation: () => this.#rolledBackInProbation(),
      tasks: () => this.#tasks(),
      refused: () => this.#refused(),
      heldAndForced: () => this.#heldAndForced(),
      rolledBackInCanary: () => this.#rolledBackInCanary(),
      rolledBackByPerson: () => this.#rolledBackByPerson(),
      pinnedOutOfCanary: () => this.#pinnedOutOfCanary(),
      evaluationTerminated: () => this.#evaluationTerminated(),
      cancelledInCanary: () => this.#cancelledInCanary(),
      continued: () => this.#continued(),
      carriedWithoutEpisode: () => this.#carriedWithoutEpisode(),
      forkedReplay: () => this.#forkedReplay(),
      rolledBackAfterProbation: () => this.#rolledBackAfterProbation(),
      carefulTasks: () => this.#carefulTasks(),
      longLearner: () => this.#longLearner(),
    };
    const unknown = only.filter((name) => !Object.hasOwn(stories, name));
    if (unknown.length > 0) {
      return [`found ${unknown.join(', ')}, expected some of ${Object.keys(stories).join(', ')}`];
    }
    const told = Object.entries(stories).filter(
      ([name]) => only.length === 0 || only.includes(name),
    );
    const ended = await Promise.allSettled(told.map(([, tell]) => tell()));
    return ended.flatMap((story, index): unknown[] =>
      story.status === 'rejected'
        ? [`${told[index]?.[0] ?? ''}: ${causesOf(story.reason).join(': ')}`]
        : [],
    );
  }

  /** Writes what has become of a workflow under a name; `run` where an id has had several. */
  async #write(name: string, workflowId: string, run?: string): Promise<void> {
    const history = await this.#house.temporal.workflow.getHandle(workflowId, run).fetchHistory();
    const golden = GoldenHistory.parse(withoutMachine(JSON.parse(historyToJSON(history))));
    const file = join(target, `${name}.json`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(golden)}\n`);
    process.stderr.write(`${name}: ${String(golden.events.length)} events\n`);
  }

  async #run(agent: Agent, scope: Scope, table: Table, count: number, isHard = true) {
    const tasks = Array.from({ length: count }, () => {
      this.#next += 1;
      return { id: `t-${String(this.#next)}`, input: deskQuestion(table, this.#next, isHard) };
    });
    return runTasks(this.#house, agent, scope, tasks);
  }

  async #candidate(scope: Scope): Promise<CandidateRow | undefined> {
    const [candidate] = await this.#house.store.candidates(scope);
    return candidate;
  }

  #reached(scope: Scope, ...states: readonly CandidateState[]): Promise<CandidateRow> {
    return until(
      `${scope.tenant}: ${states.join(' or ')}`,
      async () => {
        const candidate = await this.#candidate(scope);
        return candidate !== undefined && states.includes(candidate.state) ? candidate : undefined;
      },
      { capMs: 600_000 },
    );
  }

  /** Sends tasks as long as the candidate needs outcomes, until its workflow has ended. */
  async #toItsEnd(agent: Agent, scope: Scope, table: Table): Promise<CandidateRow> {
    const ended = await until(
      `${scope.tenant}: an end`,
      async () => {
        const candidate = await this.#candidate(scope);
        if (candidate === undefined || isEnd(candidate.state)) return candidate;
        if (['canary', 'probation'].includes(candidate.state)) {
          await this.#run(agent, scope, table, 6);
        }
        return undefined;
      },
      { capMs: 600_000 },
    );
    await this.#house.temporal.workflow.getHandle(ended.workflowId).result();
    return ended;
  }

  #evaluating(id: CandidateRow['id']): Promise<unknown> {
    const handle = this.#house.temporal.workflow.getHandle(`shadow/${id}`);
    return until(`an evaluation of ${id}`, () => handle.query('progress').catch(() => undefined), {
      capMs: 120_000,
    });
  }

  /** The store is a moment ahead of the workflow, which refuses a word until it has caught up. */
  #decide(
    scope: Scope,
    id: CandidateRow['id'],
    word: 'approve' | 'veto' | 'force' | 'abort' | 'rollback',
  ) {
    return until(
      `${word} is taken`,
      () =>
        this.#house.client.decide(scope.tenant, id, word, OWNER).then(
          () => true as const,
          () => undefined,
        ),
      { capMs: 120_000 },
    );
  }

  async #promoted(): Promise<void> {
    const scope = scopeOf('golden-promoted', desk);
    const learner = await this.#house.temporal.workflow.start('learner', {
      workflowId: `learner/${scope.tenant}/${scope.agent}`,
      taskQueue: this.#house.taskQueue,
      args: [{ ...scope, maxHistoryEvents: 50 }],
    });
    const results = await this.#run(desk, scope, 'helps', 26);
    const { id, workflowId, opener } = await this.#toItsEnd(desk, scope, 'helps');
    await this.#write('reflect-and-update/promoted', workflowId);
    await this.#write('shadow-evaluation/pass', `shadow/${id}`);
    await this.#write('agent-task/shadow', `shadow/${id}/1.0/candidate/1`);
    const other = results.find(({ episode }) => episode !== opener);
    await this.#write('reflect-and-update/merged', `reflect/${other?.episode ?? ''}`);
    await this.#write('learner/continue-as-new', learner.workflowId, learner.firstExecutionRunId);
    await this.#write('learner/continued', learner.workflowId);
  }

  /** A learner whose history is long from the first, so that it continues in a step of its own. */
  async #longLearner(): Promise<void> {
    const scope = scopeOf('golden-long-learner', desk);
    const { workflow } = this.#house.temporal;
    const { workflowId, firstExecutionRunId } = await workflow.start('learner', {
      workflowId: `learner/${scope.tenant}/${scope.agent}`,
      taskQueue: this.#house.taskQueue,
      args: [{ ...scope, maxHistoryEvents: 10 }],
    });
    await this.#run(desk, scope, 'idles', 4);
    await until('another run of the learner', async () => {
      const { status } = await workflow.getHandle(workflowId, firstExecutionRunId).describe();
      return status.name === 'CONTINUED_AS_NEW' ? true : undefined;
    });
    await this.#write('learner/continue-as-new-alone', workflowId, firstExecutionRunId);
  }

  /** A diagnosis asked for directly, so that it continues as new early. */
  async #diagnosed(scope: Scope, row: CandidateRow): Promise<void> {
    const { workflow } = this.#house.temporal;
    const { id, baseline, version } = row;
    const evaluation = await workflow.start('shadowEvaluation', {
      workflowId: `shadow/${id}`,
      taskQueue: this.#house.taskQueue,
      args: [
        {
          ...scope,
          candidate: id,
          purpose: 'diagnosis',
          attempt: 2,
          baseline,
          version,
          shadowQueue: `${this.#house.taskQueue}-shadow`,
          alpha: 0.05,
          seed: 1,
          maxHistoryEvents: 60,
        },
      ],
    });
    await evaluation.result();
    await this.#write(
      'shadow-evaluation/continue-as-new',
      evaluation.workflowId,
      evaluation.firstExecutionRunId,
    );
    await this.#write('shadow-evaluation/continued', evaluation.workflowId);
  }

  async #rejected(): Promise<void> {
    const scope = scopeOf('golden-rejected', desk);
    await this.#run(desk, scope, 'harms', 40);
    const { id, workflowId } = await this.#toItsEnd(desk, scope, 'harms');
    await this.#write('reflect-and-update/rejected', workflowId);
    await this.#write('shadow-evaluation/reject', `shadow/${id}`);
  }

  async #inconclusiveAndExpired(): Promise<void> {
    const scope = scopeOf('golden-expired', hasty);
    await this.#run(hasty, scope, 'idles', 30);
    const ended = await this.#toItsEnd(hasty, scope, 'idles');
    await this.#write('reflect-and-update/expired', ended.workflowId);
    await this.#write('shadow-evaluation/inconclusive', `shadow/${ended.id}`);
    await this.#diagnosed(scope, ended);
  }

  async #forcedAndRolledBack(): Promise<void> {
    const scope = scopeOf('golden-forced', desk);
    await this.#run(desk, scope, 'harms', 4);
    const { id } = await this.#reached(scope, 'evaluating');
    await this.#evaluating(id);
    await this.#decide(scope, id, 'force');
    const { workflowId } = await this.#toItsEnd(desk, scope, 'harms');
    await this.#write('reflect-and-update/forced-rolled-back-in-canary', workflowId);
    await this.#write('shadow-evaluation/cancelled', `shadow/${id}`);
  }

  async #aborted(): Promise<void> {
    const scope = scopeOf('golden-aborted', desk);
    await this.#run(desk, scope, 'helps', 4);
    const { id, workflowId } = await this.#reached(scope, 'evaluating');
    await this.#evaluating(id);
    await this.#decide(scope, id, 'abort');
    await this.#reached(scope, 'aborted');
    await this.#house.temporal.workflow.getHandle(workflowId).result();
    await this.#write('reflect-and-update/aborted', workflowId);
  }

  async #approved(): Promise<void> {
    const scope = scopeOf('golden-approved', approving);
    await this.#run(approving, scope, 'helps', 26);
    const { id } = await this.#reached(scope, 'waiting');
    await this.#decide(scope, id, 'approve');
    const { workflowId } = await this.#toItsEnd(approving, scope, 'helps');
    await this.#write('reflect-and-update/approved', workflowId);
  }

  async #vetoed(): Promise<void> {
    const scope = scopeOf('golden-vetoed', approving);
    await this.#run(approving, scope, 'helps', 26);
    const { id, workflowId } = await this.#reached(scope, 'waiting');
    await this.#decide(scope, id, 'veto');
    await this.#house.temporal.workflow.getHandle(workflowId).result();
    await this.#write('reflect-and-update/vetoed', workflowId);
  }

  async #rolledBackInProbation(): Promise<void> {
    const scope = scopeOf('golden-spoilt', spoiling);
    await this.#run(spoiling, scope, 'helps', 30);
    await this.#run(spoiling, scope, 'helps', 30, false);
    await until(
      'golden-spoilt: probation',
      async () => {
        const candidate = await this.#candidate(scope);
        if (candidate?.state === 'probation') return candidate;
        if (candidate?.state === 'canary') await this.#run(spoiling, scope, 'helps', 6);
        return undefined;
      },
      { capMs: 600_000 },
    );
    this.#spoil('spoiling');
    const { workflowId } = await this.#toItsEnd(spoiling, scope, 'helps');
    await this.#write('reflect-and-update/rolled-back-in-probation', workflowId);
  }

  async #refused(): Promise<void> {
    const scope = scopeOf('golden-refused', refused);
    const [result] = await this.#run(refused, scope, 'helps', 1);
    const workflowId = `reflect/${result?.episode ?? ''}`;
    await this.#house.temporal.workflow.getHandle(workflowId).result();
    await this.#write('reflect-and-update/refused', workflowId);
  }

  /** Without a budget for shadow runs there is no verdict to pass: only a person's force goes on. */
  async #heldAndForced(): Promise<void> {
    const scope = scopeOf('golden-held', held);
    await this.#run(held, scope, 'helps', 4);
    const { id } = await this.#reached(scope, 'waiting');
    await this.#decide(scope, id, 'force');
    const { workflowId } = await this.#toItsEnd(held, scope, 'helps');
    await this.#write('reflect-and-update/held-then-forced', workflowId);
  }

  async #rolledBackInCanary(): Promise<void> {
    const scope = scopeOf('golden-canary', spoilingCanary);
    await this.#run(spoilingCanary, scope, 'helps', 26);
    await this.#run(spoilingCanary, scope, 'helps', 14, false);
    await this.#reached(scope, 'canary');
    this.#spoil('spoiling-canary');
    const { workflowId } = await until(
      'golden-canary: an end',
      async () => {
        const candidate = await this.#candidate(scope);
        if (candidate?.state !== 'canary') return candidate;
        await this.#run(spoilingCanary, scope, 'helps', 6, false);
        return undefined;
      },
      { capMs: 600_000 },
    );
    await this.#house.temporal.workflow.getHandle(workflowId).result();
    await this.#write('reflect-and-update/rolled-back-in-canary', workflowId);
  }

  async #rolledBackByPerson(): Promise<void> {
    const scope = scopeOf('golden-taken-back', lasting);
    await this.#run(lasting, scope, 'helps', 26);
    const { id, workflowId } = await until(
      'golden-taken-back: probation',
      async () => {
        const candidate = await this.#candidate(scope);
        if (candidate?.state === 'probation') return candidate;
        if (candidate?.state === 'canary') await this.#run(lasting, scope, 'helps', 6);
        return undefined;
      },
      { capMs: 600_000 },
    );
    await this.#decide(scope, id, 'rollback');
    await this.#house.temporal.workflow.getHandle(workflowId).result();
    await this.#write('reflect-and-update/rolled-back-by-a-person', workflowId);
  }

  async #pinnedOutOfCanary(): Promise<void> {
    const scope = scopeOf('golden-pinned', pinned);
    await this.#run(pinned, scope, 'helps', 26);
    const { workflowId } = await this.#reached(scope, 'canary');
    const version = (await this.#house.store.pointer(scope))?.active;
    await this.#house.client.override(scope, 'pin', {
      ...OWNER,
      ...(version === undefined ? {} : { version }),
    });
    await this.#house.temporal.workflow.getHandle(workflowId).result();
    await this.#write('reflect-and-update/pinned-out-of-canary', workflowId);
  }

  async #evaluationTerminated(): Promise<void> {
    const scope = scopeOf('golden-terminated', desk);
    await this.#run(desk, scope, 'helps', 4);
    const { id, workflowId } = await this.#reached(scope, 'evaluating');
    await this.#evaluating(id);
    await this.#house.temporal.workflow.getHandle(`shadow/${id}`).terminate('recorded');
    await this.#reached(scope, 'waiting');
    await this.#decide(scope, id, 'veto');
    await this.#house.temporal.workflow.getHandle(workflowId).result();
    await this.#write('reflect-and-update/evaluation-terminated', workflowId);
  }

  async #cancelledInCanary(): Promise<void> {
    const scope = scopeOf('golden-cancelled', pinned);
    await this.#run(pinned, scope, 'helps', 26);
    const { workflowId } = await this.#reached(scope, 'canary');
    const carrier = this.#house.temporal.workflow.getHandle(workflowId);
    await carrier.cancel();
    await carrier.result().catch(() => undefined);
    await this.#reached(scope, 'rolled-back');
    await this.#write('reflect-and-update/cancelled-in-canary', workflowId);
  }

  /** A candidate whose workflow goes on in run after run. */
  async #continued(): Promise<void> {
    const scope = scopeOf('golden-continued', continuing);
    const [failed] = await this.#run(continuing, scope, 'helps', 26);
    const { workflow } = this.#house.temporal;
    const carrier = await workflow.start('reflectAndUpdate', {
      workflowId: `reflect/${failed?.episode ?? ''}`,
      taskQueue: this.#house.taskQueue,
      args: [
        {
          ...scope,
          episode: failed?.episode,
          informative: { value: true, reason: 'it failed' },
          maxHistoryEvents: 30,
        },
      ],
    });
    const { workflowId } = await this.#toItsEnd(continuing, scope, 'helps');
    let run: string | null = carrier.firstExecutionRunId;
    while (run !== null) {
      const { next, kind } = await this.#handedOn(workflowId, run);
      if (next === null) await this.#write('reflect-and-update/continued', workflowId, run);
      if (kind === 'canary' || kind === 'probation') {
        await this.#write(`reflect-and-update/continue-as-new-in-${kind}`, workflowId, run);
      }
      run = next;
    }
  }

  /** The run that a run continued as, and where the candidate stood. */
  async #handedOn(
    workflowId: string,
    run: string,
  ): Promise<{ readonly next: string | null; readonly kind: string | null }> {
    const handle = this.#house.temporal.workflow.getHandle(workflowId, run);
    const { events } = await handle.fetchHistory();
    const last = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
    const data = last?.input?.payloads?.[0]?.data;
    if (data == null) return { next: null, kind: null };
    const { resumed } = HandedOn.parse(JSON.parse(Buffer.from(data).toString('utf8')));
    return { next: last?.newExecutionRunId ?? null, kind: resumed.standing.kind };
  }

  /** What no reflection opened, an import say, is carried under the candidate's own name. */
  async #carriedWithoutEpisode(): Promise<void> {
    const scope = scopeOf('golden-carried', carried);
    await this.#run(carried, scope, 'helps', 26);
    const draft = aDraft('helps', {
      body: { form: 'text', text: 'helps(amount)' },
      toolVersions: {},
    });
    const id = await openCandidate(this.#house.store, scope, `${scope.tenant}.c1`, [draft]);
    await this.#house.messenger.wakeLearner(scope);
    await this.#reached(scope, 'evaluating');
    await this.#evaluating(id);
    await this.#decide(scope, id, 'abort');
    await this.#house.temporal.workflow.getHandle(`reflect/${id}`).result();
    await this.#write('reflect-and-update/carried-without-episode', `reflect/${id}`);
  }

  async #forkedReplay(): Promise<void> {
    const scope = scopeOf('golden-forks', clerk);
    const [result] = await runTasks(this.#house, clerk, scope, [
      { id: 'may', input: { wish: 'a room on 1 May' } },
    ]);
    const workflowId = `reflect/${result?.episode ?? ''}`;
    await this.#house.temporal.workflow.getHandle(workflowId).result();
    await this.#write('reflect-and-update/forked-replay', workflowId);
  }

  /** What survived its probation and does harm later: diagnosed by pairs, and taken back by the learner. */
  async #rolledBackAfterProbation(): Promise<void> {
    const scope = scopeOf('golden-late', spoilingLate);
    await this.#run(spoilingLate, scope, 'helps', 26);
    await this.#run(spoilingLate, scope, 'helps', 20, false);
    const { id } = await this.#toItsEnd(spoilingLate, scope, 'helps');
    this.#spoil('spoiling-late');
    await until(
      'golden-late: a rollback',
      async () => {
        const candidate = (await this.#house.store.candidates(scope)).find((row) => row.id === id);
        if (candidate?.state === 'rolled-back') return candidate;
        await this.#run(spoilingLate, scope, 'helps', 6, false);
        return undefined;
      },
      { capMs: 600_000 },
    );
    await this.#write(
      'learner/rolled-back-after-probation',
      `learner/${scope.tenant}/${scope.agent}`,
    );
    await this.#write('shadow-evaluation/diagnosis', `shadow/${id}`);
  }

  async #carefulTasks(): Promise<void> {
    const scope = scopeOf('golden-careful', careful);
    const { client, temporal, taskQueue, store } = this.#house;
    const waiting = async (id: string, question: string) => {
      const request = { ...scope, task: taskId(id), input: { question } };
      const { workflowId } = await client.startTask(careful, request);
      await until(
        'a person is asked',
        async () => ((await client.progress(request)).phase === 'needs_review' ? true : undefined),
        { capMs: 120_000 },
      );
      return { request, workflowId };
    };

    const denied = await waiting('denied', 'file_note');
    await client.answer(denied.request, { actor: 'ann', allow: false });
    await client.closed(denied.request);
    await this.#write('agent-task/approval-denied', denied.workflowId);

    const unknown = await waiting('unknown', 'send_note');
    await client.answer(unknown.request, { actor: 'ann', text: 'it arrived' });
    await client.closed(unknown.request);
    await this.#write('agent-task/unknown-effect-answered', unknown.workflowId);

    const outside = await waiting('outside', 'file_note again');
    await temporal.workflow.getHandle(outside.workflowId).cancel();
    await client.closed(outside.request);
    await this.#write('agent-task/cancelled-in-temporal', outside.workflowId);

    const version = (await store.pointer(scope))?.active;
    if (version === undefined) throw new Error('there is no version');
    const run = { version, episode: runEpisodeIdOf('golden', 'unmocked'), candidate: null };
    const unmocked = await temporal.workflow.start('agentTask', {
      workflowId: 'shadow/golden/1/candidate/1',
      taskQueue: `${taskQueue}-shadow`,
      args: [{ ...scope, task: taskId('denied'), mode: 'shadow', run }],
    });
    await unmocked.result();
    await this.#write('agent-task/shadow-unmocked', unmocked.workflowId);

    const evaluate = async (purpose: 'aa', candidate: string) => {
      const evaluation = await temporal.workflow.start('shadowEvaluation', {
        workflowId: `shadow/${candidate}`,
        taskQueue,
        args: [
          {
            ...scope,
            candidate: candidateId(candidate),
            purpose,
            attempt: 1,
            baseline: version,
            version,
            shadowQueue: `${taskQueue}-shadow`,
            alpha: 0.05,
            seed: 1,
          },
        ],
      });
      await evaluation.result();
      return evaluation.workflowId;
    };
    await this.#write('shadow-evaluation/aa', await evaluate('aa', 'golden-aa'));
  }

  async #tasks(): Promise<void> {
    const scope = scopeOf('golden-tasks', asking);
    const { client, temporal } = this.#house;
    const start = async (id: string, question: string) => {
      const request = { ...scope, task: taskId(id), input: { question } };
      const { workflowId } = await client.startTask(asking, request);
      return { request, workflowId };
    };
    const waits = (request: Parameters<House['client']['progress']>[0]) =>
      until(
        'a question',
        async () => ((await client.progress(request)).phase === 'needs_review' ? true : undefined),
        { capMs: 120_000 },
      );

    const done = await start('done', 'easy question about table helps');
    await client.closed(done.request);
    await this.#write('agent-task/done', done.workflowId);

    const failed = await start('failed', 'endless question');
    await client.closed(failed.request);
    await this.#write('agent-task/failed', failed.workflowId);

    const blank = await start('blank', 'blank question');
    const { episode } = await client.closed(blank.request);
    await temporal.workflow.getHandle(`reflect/${episode}`).result();
    await this.#write('reflect-and-update/nothing-learned', `reflect/${episode}`);
    await this.#write('agent-task/explore', `explore/${episode}`);

    const maintained = await temporal.workflow.start('maintainMemory', {
      workflowId: `maintain/${scope.tenant}/${scope.agent}`,
      taskQueue: this.#house.taskQueue,
      args: [scope],
    });
    await maintained.result();
    await this.#write('maintain-memory/done', maintained.workflowId);

    const answered = await start('answered', 'ask a person');
    await waits(answered.request);
    await client.giveFeedback(scope.tenant, {
      id: 'while-it-ran',
      episode: (await this.#house.store.taskInput(scope, taskId('answered')))?.episode,
      actor: 'ann',
      role: 'user',
      score: 1,
      correction: null,
      comment: null,
    });
    await client.answer(answered.request, { actor: 'ann', text: 'the first one' });
    await client.closed(answered.request);
    await this.#write('agent-task/waiting-answered', answered.workflowId);

    const awaited = await start('awaited', 'ask a person');
    await waits(awaited.request);
    const result = client.result(awaited.request);
    await client.answer(awaited.request, { actor: 'ann', text: 'the first one' });
    await result;
    await client.closed(awaited.request);
    await this.#write('agent-task/awaited', awaited.workflowId);

    const cancelled = await start('cancelled', 'ask nobody');
    await waits(cancelled.request);
    await client.cancelTask(cancelled.request, { actor: 'ann', reason: 'not needed' });
    await client.closed(cancelled.request);
    await this.#write('agent-task/cancelled', cancelled.workflowId);

    const long = await temporal.workflow.start('agentTask', {
      workflowId: `task/${scope.tenant}/${scope.agent}/long`,
      taskQueue: this.#house.taskQueue,
      args: [
        {
          ...scope,
          task: taskId('long'),
          mode: 'live',
          input: { question: 'hard question about table helps' },
          maxHistoryEvents: 12,
        },
      ],
    });
    await long.result();
    await this.#write('agent-task/continue-as-new', long.workflowId, long.firstExecutionRunId);
    await this.#write('agent-task/continued', long.workflowId);
  }
}

const servers = await startRealServers();
const house = await openRealHouse(servers);
const model = await startDeskModel();
const spoilt = new Map<string, DeskModel>();
for (const name of SPOILT) spoilt.set(name, await startDeskModel());
const forgetful = new ForgetfulModel();
try {
  await startHouseWorkers(house, {
    agents: [
      desk,
      approving,
      hasty,
      asking,
      spoiling,
      spoilingCanary,
      spoilingLate,
      lasting,
      pinned,
      refused,
      held,
      carried,
      careful,
      continuing,
      clerk,
    ],
    models: {
      complete: (input) =>
        ['clerk', 'thinker'].includes(input.model)
          ? forgetful.complete(input)
          : (spoilt.get(input.model) ?? model).client.complete(input),
    },
    hasLocalModel: true,
    workflowBundle: await workflowBundle(),
  });
  const only = process.argv.slice(2);
  if (only.length === 0) await rm(target, { recursive: true, force: true });
  const spoil = (name: Spoilt): void => spoilt.get(name)?.spoil();
  const problems = await new Recorder(house, spoil).record(only);
  for (const problem of problems) process.stderr.write(`${String(problem)}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await house.close();
  await model.close();
  for (const each of spoilt.values()) await each.close();
  await servers.stop();
  await endTemporal();
}
