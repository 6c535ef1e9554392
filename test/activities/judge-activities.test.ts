import { expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import {
  createJudgeActivities,
  marginFor,
  type JudgePairRequest,
} from '../../src/activities/judge-activities.js';
import type { CompletedReply, CompletionInput } from '../../src/activities/model-activities.js';
import type { JudgedPair, PairRow, StoredEpisode } from '../../src/activities/store.js';
import type { Evaluator } from '../../src/contracts/evaluator.js';
import { candidateId, episodeId } from '../../src/contracts/ids.js';
import { defineJudge, type Judge } from '../../src/contracts/judge.js';
import type { Outcome } from '../../src/domain/episode.js';
import type { Feedback } from '../../src/domain/feedback.js';
import { UNJUDGED } from '../../src/domain/judging.js';
import { anActivityEnvironment, runIn } from '../support/activity-environment.js';
import { AGENT, anEpisodeHead, TENANT } from '../support/fake-store.js';
import { anAgent } from '../support/tools.js';

/** A judge's model that scores each output by a rule on its text, and knows nothing else. */
class FakeJudge {
  readonly asked: CompletionInput[] = [];
  readonly #score: (output: string, place: number, call: number) => number | null;

  constructor(score: (output: string, place: number, call: number) => number | null) {
    this.#score = score;
  }

  async complete(input: CompletionInput): Promise<CompletedReply> {
    this.asked.push(input);
    const text = input.messages[1]?.role === 'user' ? input.messages[1].content : '';
    const outputs = [...text.matchAll(/--- output \w begins, \w+ ---\n(.*)\n--- output/g)];
    const scores = outputs.map(([, output = ''], place) => [
      String.fromCharCode(65 + place),
      this.#score(output, place, this.asked.length - 1),
    ]);
    const reply = JSON.stringify(Object.fromEntries(scores));
    const usage = { inputTokens: 1, outputTokens: 1 };
    return { model: input.model, text: reply, toolCalls: [], usage };
  }

  /** The outputs in the order in which the n-th call showed them. */
  shown(call: number): readonly string[] {
    const message = this.asked[call]?.messages[1];
    const text = message?.role === 'user' ? message.content : '';
    return [...text.matchAll(/begins, \w+ ---\n(.*)\n--- output/g)].map(
      ([, output = '']) => output,
    );
  }
}

const CANDIDATE = candidateId('c-1');

const aJudge = (more: Partial<Parameters<typeof defineJudge>[0]> = {}): Judge =>
  defineJudge({ name: 'strict', model: { name: 'judge-model' }, rubric: 'Right or not.', ...more });

interface Arrangement {
  readonly models: FakeJudge;
  readonly judge?: Judge;
  readonly pair?: string;
  readonly judgementsPerDay?: number;
}

function arrange({ models, judge = aJudge(), pair = '1', judgementsPerDay = 100 }: Arrangement) {
  const runs = { baseline: episodeId(`b-${pair}`), candidate: episodeId(`c-${pair}`) };
  const stored = new Map<string, JudgedPair>();
  const outcomes = new Map<string, Outcome>();
  const spent: number[] = [];
  const audits: Feedback[] = [];
  const woken: string[] = [];
  const messenger = {
    wake: async (workflowId: string) => {
      woken.push(workflowId);
      return true;
    },
  };
  const store = {
    episode: async (_tenant: string, id: string): Promise<StoredEpisode> => ({
      ...anEpisodeHead({ id: episodeId(id), mode: 'shadow' }),
      number: 0,
      end: 'done',
      output: id === runs.candidate ? 'good' : 'bad',
      outcome: outcomes.get(id) ?? null,
      steps: [],
    }),
    putJudgedOutcome: async (_tenant: string, id: string, outcome: Outcome) => {
      outcomes.set(id, outcome);
      return { label: null, wake: ['reflect/watching'] };
    },
    spendJudgement: async (_scope: unknown, perDay: number) => {
      spent.push(perDay);
      return spent.length <= perDay;
    },
    beginLearningCall: async () => '2026-01-01',
    endLearningCall: async () => undefined,
    feedbackOf: async () => [],
    putFeedback: async (_tenant: string, given: Feedback) => {
      audits.push(given);
      return { existing: false, label: null };
    },
    judgementOf: async (_tenant: string, id: string) => stored.get(id) ?? null,
    putJudgement: async (_scope: unknown, judged: JudgedPair) => {
      stored.set(judged.arms.candidate, judged);
      return judged;
    },
  };
  const agents = createAgentRegistry([anAgent({ judge, learning: { judgementsPerDay } })]);
  const { judgePair, judgeOutput } = createJudgeActivities({
    store,
    agents,
    models,
    messenger,
  });
  const arm = (episode: PairRow['baseline']['episode']): PairRow['baseline'] => ({
    episode,
    score: null,
    category: UNJUDGED,
    missing: 'infrastructure',
  });
  const request = {
    tenant: TENANT,
    agent: AGENT,
    candidate: CANDIDATE,
    purpose: 'gate' as JudgePairRequest['purpose'],
    baseline: arm(runs.baseline),
    candidateArm: arm(runs.candidate),
  };
  return {
    stored,
    audits,
    woken,
    request,
    judgePair: (more: Partial<typeof request> = {}) =>
      runIn(anActivityEnvironment(), judgePair, { ...request, ...more }),
    spendJudgement: () => store.spendJudgement(null, judgementsPerDay),
    judgeOutput: () =>
      runIn(anActivityEnvironment(), judgeOutput, {
        tenant: TENANT,
        agent: AGENT,
        episode: runs.candidate,
      }),
  };
}

const honest = (output: string): number => (output === 'good' ? 1 : 0);

test('scores both arms, in either order of outputs, and no third time where both agree', async () => {
  const models = new FakeJudge(honest);
  const { judgePair } = arrange({ models });

  const judged = await judgePair();

  expect(judged.baseline).toMatchObject({ score: 0, category: 'judged-wrong', missing: null });
  expect(judged.candidate).toMatchObject({ score: 1, category: 'ok', missing: null });
  expect(models.asked).toHaveLength(2);
  expect(models.shown(0)).toEqual([...models.shown(1)].reverse());
});

test('which arm is shown first differs from pair to pair', async () => {
  const firsts = new Set<string | undefined>();
  for (let pair = 0; pair < 20; pair += 1) {
    const models = new FakeJudge(honest);
    await arrange({ models, pair: String(pair) }).judgePair();
    firsts.add(models.shown(0)[0]);
  }

  expect(firsts).toEqual(new Set(['good', 'bad']));
});

test('a judge that favours what comes first finds no difference over the pairs', async () => {
  let total = 0;
  for (let pair = 0; pair < 60; pair += 1) {
    const models = new FakeJudge((_output, place) => (place === 0 ? 1 : 0));
    const judged = await arrange({ models, pair: String(pair) }).judgePair();
    expect(models.asked).toHaveLength(3);
    total += (judged.candidate.score ?? 0) - (judged.baseline.score ?? 0);
  }

  // Of three calls two are either way round: each pair leans by a third, and half of them either way.
  expect(Math.abs(total / 60)).toBeLessThan(0.12);
});

test('asks the second judge where the first abstains', async () => {
  const models = new FakeJudge((output, _place, call) => (call < 2 ? null : honest(output)));
  const second = aJudge({ name: 'second', model: { name: 'other-model' } });
  const { judgePair, stored, request } = arrange({ models, judge: aJudge({ second }) });

  const judged = await judgePair();

  expect(judged.candidate.score).toBe(1);
  expect(models.asked.map(({ model }) => model)).toEqual([
    'judge-model',
    'judge-model',
    'other-model',
    'other-model',
  ]);
  expect(stored.get(request.candidateArm.episode)?.judge).toBe(second.version);
});

test('voids the pair where every judge abstains', async () => {
  const models = new FakeJudge(() => null);
  const judge = aJudge({ second: aJudge({ name: 'second' }) });

  const judged = await arrange({ models, judge }).judgePair();

  expect(judged.baseline).toMatchObject({ score: null, missing: 'infrastructure' });
  expect(judged.candidate).toMatchObject({ score: null, category: 'judge-abstained' });
});

test('an arm that failed by itself stays at 0, whatever the judge would say', async () => {
  const { judgePair, request } = arrange({ models: new FakeJudge(() => 1) });
  const stopped = { ...request.candidateArm, score: 0, category: 'calls', missing: null };

  const judged = await judgePair({ candidateArm: stopped });

  expect(judged.candidate).toEqual(stopped);
  expect(judged.baseline.score).toBe(1);
});

test('a pair is paid for once', async () => {
  const models = new FakeJudge(honest);
  const { judgePair } = arrange({ models });

  const first = await judgePair();
  const again = await judgePair();

  expect(again).toEqual(first);
  expect(models.asked).toHaveLength(2);
});

test('a tenth of the pairs is audited by the stronger checker, the others by nobody', async () => {
  const auditor: Evaluator = {
    name: 'gold',
    source: 'checker',
    evaluate: async ({ output }) => ({ score: output === 'good' ? 1 : 0 }),
  };
  const audits: JudgedPair[] = [];
  for (let pair = 0; pair < 60; pair += 1) {
    const { judgePair, stored } = arrange({
      models: new FakeJudge(honest),
      judge: aJudge({ auditor }),
      pair: String(pair),
    });
    await judgePair();
    audits.push(...stored.values());
  }

  const due = audits.filter(({ isAuditDue }) => isAuditDue);
  expect(due.length).toBeGreaterThan(0);
  expect(due.length).toBeLessThan(20);
  expect(due.map(({ audit }) => audit)).toEqual(
    due.map(() => ({ baseline: 0, candidate: 1, auditor: 'gold' })),
  );
  expect(audits.filter(({ isAuditDue, audit }) => !isAuditDue && audit !== null)).toEqual([]);
});

test('a version beside itself is never audited: it would dilute what the audits say of the judge', async () => {
  const audits: JudgedPair[] = [];
  for (let pair = 0; pair < 60; pair += 1) {
    const { judgePair, stored } = arrange({
      models: new FakeJudge(honest),
      pair: String(pair),
    });
    await judgePair({ purpose: 'aa' });
    audits.push(...stored.values());
  }

  expect(audits).toHaveLength(60);
  expect(audits.some(({ isAuditDue }) => isAuditDue)).toBe(false);
});

test('judges a live output by the same rubric, wakes who reads outcomes, and pays once', async () => {
  const models = new FakeJudge(honest);
  const { judgeOutput, woken } = arrange({ models });

  const { outcome } = await judgeOutput();
  const again = await judgeOutput();

  expect(outcome).toMatchObject({ score: 1, source: 'judge', evaluator: aJudge().version });
  expect(again.outcome).toEqual(outcome);
  expect(models.asked).toHaveLength(2);
  expect(woken).toEqual(['reflect/watching']);
});

test('asks about a live output a third time where the judge contradicts itself, and averages', async () => {
  const models = new FakeJudge((_output, _place, call) => (call === 1 ? 0 : 1));

  const { outcome } = await arrange({ models }).judgeOutput();

  expect(models.asked).toHaveLength(3);
  expect(outcome.score).toBeCloseTo(2 / 3);
});

test('what the judge finds says whether there is something to learn', async () => {
  const failed = await arrange({ models: new FakeJudge(() => 0) }).judgeOutput();

  expect(failed).toMatchObject({
    outcome: { score: 0, category: 'judged-wrong' },
    informative: { value: true, reason: 'failure' },
  });
});

test('a live output of which every judge abstains has no outcome', async () => {
  const { outcome } = await arrange({ models: new FakeJudge(() => null) }).judgeOutput();

  expect(outcome).toMatchObject({
    score: null,
    category: 'judge-abstained',
    missing: 'infrastructure',
  });
});

test('a second judge is asked about a live output where the first abstains', async () => {
  const second = aJudge({ name: 'second', model: { name: 'other-model' } });
  const models = new FakeJudge((_output, _place, call) => (call < 2 ? null : 1));

  const { outcome } = await arrange({ models, judge: aJudge({ second }) }).judgeOutput();

  expect(outcome).toMatchObject({ score: 1, evaluator: second.version });
});

test('nobody is asked once the judgements of the day are spent, and the outcome stays unknown', async () => {
  const models = new FakeJudge(honest);

  const { outcome, informative } = await arrange({ models, judgementsPerDay: 0 }).judgeOutput();

  expect(models.asked).toEqual([]);
  expect(outcome).toMatchObject({ score: null, category: UNJUDGED, missing: 'infrastructure' });
  expect(informative.value).toBe(false);
});

test('beyond a limit that a new day renews it is said how long after its end a run may wait', async () => {
  const spent = arrange({ models: new FakeJudge(honest), judgementsPerDay: 1 });
  await spent.spendJudgement();

  const waits = await spent.judgeOutput();
  const never = await arrange({
    models: new FakeJudge(honest),
    judgementsPerDay: 0,
  }).judgeOutput();

  expect(waits).toMatchObject({ outcome: { category: UNJUDGED }, waitsHours: 24 });
  expect(never.waitsHours).toBeUndefined();
});

test('a tenth of what is judged live is checked by the auditor, as an expert, drawn beforehand', async () => {
  const auditor: Evaluator = {
    name: 'gold',
    source: 'checker',
    evaluate: async () => ({ score: 0 }),
  };
  const judge = aJudge({ auditor });
  const found: Feedback[] = [];
  for (let pair = 0; pair < 100; pair += 1) {
    const { judgeOutput, audits } = arrange({
      models: new FakeJudge(honest),
      judge,
      pair: String(pair),
    });
    await judgeOutput();
    found.push(...audits);
  }

  expect(found.length).toBeGreaterThan(3);
  expect(found.length).toBeLessThan(20);
  expect(found[0]).toMatchObject({ role: 'expert', act: 'audit', score: 0, actor: 'auditor gold' });
});

test('the margin is that of the weaker of two judges, and 0 without one', async () => {
  const second = aJudge({ name: 'second' });
  const judge = aJudge({ second });
  const agreeing = Array.from({ length: 400 }, () => ({ judged: 0, audited: 0 }));
  const audits = { [judge.version]: agreeing };
  const store = { judgeAudits: async (_tenant: string, version: string) => audits[version] ?? [] };

  expect(await marginFor(store, TENANT, anAgent())).toEqual({ m0: 0, isBiased: false });
  expect(await marginFor(store, TENANT, anAgent({ judge }))).toEqual({ m0: 0.05, isBiased: false });
  const alone = await marginFor(store, TENANT, anAgent({ judge: { ...judge, second: null } }));
  expect(alone.m0).toBeCloseTo(0.024, 3);
});

test('a judge that certainly favours the candidate halts what no person has approved', async () => {
  const judge = aJudge();
  const favouring = Array.from({ length: 200 }, () => ({ judged: 1, audited: 0 }));

  const margin = await marginFor({ judgeAudits: async () => favouring }, TENANT, { judge });

  expect(margin).toEqual({ m0: 0.05, isBiased: true });
});
