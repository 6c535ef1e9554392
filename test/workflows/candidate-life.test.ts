import { expect, test } from 'vitest';

import { candidateId, episodeId } from '../../src/contracts/ids.js';
import {
  abort,
  approve,
  candidateProgress,
  force,
  freeze,
  granted,
  pin,
  rollback,
  veto,
} from '../../src/workflows/messages.js';
import {
  aWorldWhere,
  bringToProbation,
  canaryTraffic,
  OWNER,
  reach,
  refusalOf,
  SHORT_ROLLOUT,
  stored,
  traffic,
} from '../support/candidate-story.js';
import { aPool, BASELINE } from '../support/fake-learning.js';
import { houseOfFile } from '../support/house-of-file.js';
import { until } from '../support/poll.js';
import { aDraft } from '../support/store-builders.js';
import type { World } from '../support/workflow-house.js';

const house = houseOfFile();

function aWorld(candidate: Parameters<typeof aWorldWhere>[1] = 'is better'): World {
  return aWorldWhere(house, candidate);
}

test('learns nothing from a routine success and ends at once', async () => {
  const world = aWorld();
  const informative = { value: false, reason: 'a routine success' };

  const carrier = await house.startReflection(world, 'e1', { informative });
  const result = await carrier.result();

  expect(result).toEqual({
    end: 'nothing-learned',
    candidate: null,
    reason: 'a routine success',
  });
});

test('ends with the reason of the validation that refused what was proposed', async () => {
  const world = aWorld();
  world.learning.refusal = { code: 'LITERAL_LEAK', message: 'it names the answer' };

  const result = await (await house.startReflection(world, 'e1')).result();

  expect(result).toMatchObject({
    end: 'nothing-learned',
    reason: 'refused: LITERAL_LEAK it names the answer',
  });
  expect(world.learning.candidates.size).toBe(0);
});

test('a grant that came before its analysis found nothing new is not lost', async () => {
  const world = aWorld();
  world.learning.draftsOf = () => [];
  const into = candidateId(`${world.scope.tenant}.c1`);

  const carrier = await house.env.client.workflow.signalWithStart('reflectAndUpdate', {
    workflowId: `reflect/${world.scope.tenant}.lost`,
    taskQueue: 'ratchet',
    args: [{ ...world.scope, episode: episodeId(`${world.scope.tenant}.lost`) }],
    signal: granted,
    signalArgs: [{ kind: 'merged', into }],
  });

  expect(await carrier.result()).toMatchObject({ end: 'merged', candidate: into });
});

test('looks again in the sandbox where a failure left nothing to mine', async () => {
  const world = aWorld();
  const explored = episodeId(`${world.scope.tenant}.explored`);
  world.learning.pool = aPool(5);
  world.learning.draftsOf = (episode) => (episode === explored ? [aDraft('orders')] : []);
  world.learning.explorationOf = () => ({
    task: aPool(1)[0]?.task ?? expect.fail(),
    version: BASELINE,
    episode: explored,
    modelCalls: 20,
    model: null,
  });

  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'evaluating');

  expect(world.task.starts.map(({ mode }) => mode)).toEqual(['explore']);
  expect([...world.learning.candidate.keys]).toEqual(['orders']);
  expect(world.learning.candidate.workflowId).toBe(carrier.workflowId);
});

test('ends as merged into the candidate that another episode carries', async () => {
  const world = aWorld();
  world.learning.pool = aPool(5);
  await house.startReflection(world, 'e1');
  await stored(world, 'evaluating');

  const result = await (await house.startReflection(world, 'e2')).result();

  expect(result).toMatchObject({ end: 'merged', candidate: world.learning.candidate.id });
  expect(world.learning.candidates.size).toBe(1);
});

test('promotes a better candidate through gate, canary and probation without a person', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);

  await traffic(world, 30, 1);
  const result = await carrier.result();

  expect(result.end).toBe('promoted');
  expect(world.learning.states()).toEqual([
    'evaluating',
    'passed',
    'canary',
    'probation',
    'promoted',
  ]);
  expect(world.learning.canaryShares).toEqual([0.25, 0.5]);
  expect(world.learning.active).toBe('v1');
  expect(world.learning.verdicts.map(({ summary }) => summary.verdict)).toEqual(['pass']);
});

test('rejects a worse candidate by evidence', async () => {
  const world = aWorld('is worse');

  const result = await (await house.startReflection(world, 'e1')).result();

  expect(result.end).toBe('rejected');
  expect(result.reason).toMatch(/^reject: /);
  expect(world.learning.states()).toEqual(['evaluating', 'rejected']);
  expect(world.learning.active).toBe(BASELINE);
});

test('starts the canary of a candidate once a person approved it', async () => {
  const world = aWorld();
  world.learning.plan = { permission: 'approve', rollout: SHORT_ROLLOUT };
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');

  await carrier.executeUpdate(approve, { args: [OWNER] });
  await stored(world, 'canary');

  expect(world.learning.states()).toEqual(['evaluating', 'waiting', 'passed', 'canary']);
  expect(world.learning.last('passed')).toMatchObject({
    actor: { id: 'olga', role: 'owner' },
    reason: 'approved: I looked at it',
  });
});

test('an approval does not promote what did not pass', async () => {
  const world = aWorld();
  world.learning.plan = { isOutOfBudget: true };
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');

  await carrier.executeUpdate(approve, { args: [OWNER] });
  const result = await carrier.result();

  expect(result.end).toBe('rejected');
  expect(world.learning.states()).toEqual(['evaluating', 'waiting', 'rejected']);
});

test.each([
  ['veto', veto, 'rejected'],
  ['abort', abort, 'aborted'],
] as const)('a %s ends a candidate while it is evaluated', async (_word, update, end) => {
  const world = aWorld();
  world.learning.pool = aPool(5);
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'evaluating');
  await until('the first draw', () =>
    Promise.resolve(world.learning.draws.length > 0 ? true : undefined),
  );

  await carrier.executeUpdate(update, { args: [OWNER] });
  const result = await carrier.result();

  expect(result.end).toBe(end);
  expect(world.learning.states()).toEqual(['evaluating', end]);
  expect(world.learning.last(end)?.actor.id).toBe('olga');
});

test.each([
  ['veto', veto, 'rejected'],
  ['abort', abort, 'aborted'],
] as const)('a %s ends a candidate that waits for a person', async (_word, update, end) => {
  const world = aWorld();
  world.learning.plan = { permission: 'approve' };
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');

  await carrier.executeUpdate(update, { args: [OWNER] });
  const result = await carrier.result();

  expect(result.end).toBe(end);
  expect(world.learning.states()).toEqual(['evaluating', 'waiting', end]);
});

test.each([
  ['veto', veto, 'rejected'],
  ['abort', abort, 'aborted'],
] as const)('a %s ends a candidate that waits for its canary', async (_word, update, end) => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await until('a learner', () =>
    Promise.resolve(world.learning.candidates.size > 0 ? true : undefined),
  );
  await house.learnerOf(world).executeUpdate(freeze, { args: [OWNER] });
  await reach(carrier, 'passed');

  await carrier.executeUpdate(update, { args: [OWNER] });
  const result = await carrier.result();

  expect(result.end).toBe(end);
  expect(world.learning.states()).toEqual(['evaluating', 'passed', end]);
});

test.each([
  ['veto', veto, 'rolled-back'],
  ['abort', abort, 'aborted'],
  ['rollback', rollback, 'rolled-back'],
] as const)('a %s takes a canary back, which ends %s', async (word, update, end) => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await carrier.executeUpdate(update, { args: [OWNER] });
  const result = await carrier.result();

  expect(result).toMatchObject({ end, reason: `${word}: I looked at it` });
  expect(world.learning.canary).toBeNull();
  expect(world.learning.last(end)).toMatchObject({
    actor: { id: 'olga' },
    detail: { stage: 'canary', automatic: false },
  });
});

test('a rollback takes a promotion back while it is on probation', async () => {
  const world = aWorld();
  const carrier = await bringToProbation(house, world);

  await carrier.executeUpdate(rollback, { args: [OWNER] });
  const result = await carrier.result();

  expect(result.end).toBe('rolled-back');
  expect(world.learning.active).toBe(BASELINE);
});

test('the ended workflow of a candidate tells its verdict, its promotion and its rollback', async () => {
  const carrier = await bringToProbation(house, aWorld());
  await carrier.executeUpdate(rollback, { args: [OWNER] });
  await carrier.result();

  const shown: unknown = await carrier.query('__temporal_workflow_metadata');

  expect(shown).toMatchObject({
    currentDetails: expect.stringMatching(
      /^\*\*rolled-back\*\*: rollback: I looked at it\n[\s\S]*\*\*pass: [\s\S]*logE[\s\S]*- promoted v1 over /,
    ) as string,
  });
});

test('a candidate that was no different goes to its canary by force alone', async () => {
  const world = aWorld('is no different');
  world.learning.policy = { ...world.learning.policy, maxPairs: 30 };
  const carrier = await house.startReflection(world, 'e1');
  await until('a verdict', () =>
    Promise.resolve(world.learning.verdicts.length > 0 ? true : undefined),
  );
  const [verdict] = world.learning.verdicts;
  await reach(carrier, 'waiting');

  await carrier.executeUpdate(force, { args: [OWNER] });
  await stored(world, 'canary');

  expect(verdict?.summary.verdict).toBe('inconclusive');
  expect(world.learning.active).toBe(BASELINE);
});

test('a force while it is evaluated stops the pairs and starts the canary', async () => {
  const world = aWorld();
  world.learning.pool = aPool(5);
  const carrier = await house.startReflection(world, 'e1');
  await until('the first draw', () =>
    Promise.resolve(world.learning.draws.length > 0 ? true : undefined),
  );

  await carrier.executeUpdate(force, { args: [OWNER] });
  await stored(world, 'canary');

  expect(world.learning.verdicts).toEqual([]);
  expect(world.learning.last('canary')).toMatchObject({
    actor: { id: 'olga', role: 'owner' },
    reason: 'canary at 25 %, forced: I looked at it',
  });
});

test.each([
  ['without a reason', { ...OWNER, reason: ' ' }, approve, 'reason: found an empty text'],
  ['by a user', { ...OWNER, role: 'user' as const }, approve, 'role: found user'],
  ['in the wrong state', OWNER, rollback, 'waiting, expected one that is canary or probation'],
] as const)('refuses a word %s and writes nothing', async (_why, decision, update, message) => {
  const world = aWorld();
  world.learning.plan = { permission: 'approve' };
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');
  const before = world.learning.audit.length;

  const refusal = await refusalOf(carrier.executeUpdate(update, { args: [decision] }));

  expect(refusal).toContain(message);
  expect(world.learning.audit).toHaveLength(before);
  expect((await carrier.query(candidateProgress)).stage).toBe('waiting');
});

test('refuses a word on a version that is active no more, and changes nothing', async () => {
  const world = aWorld();
  world.learning.plan = { permission: 'approve', rollout: SHORT_ROLLOUT };
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');
  const before = world.learning.audit.length;
  const stale = { ...OWNER, expectedVersion: 'v-earlier' };

  const refusals = [];
  for (const update of [approve, veto, force, abort]) {
    refusals.push(await refusalOf(carrier.executeUpdate(update, { args: [stale] })));
  }
  const pinned = { ...stale, version: BASELINE };
  refusals.push(
    await refusalOf(house.learnerOf(world).executeUpdate(pin, { args: [pinned] })),
    await refusalOf(house.learnerOf(world).executeUpdate(freeze, { args: [stale] })),
  );

  const words = ['approve', 'veto', 'force', 'abort', 'pin', 'freeze'];
  expect(refusals).toEqual(
    words.map(
      (word) => `${word}: found version v0 active, expected v-earlier; look again and decide anew`,
    ),
  );
  expect(world.learning.audit).toHaveLength(before);
  expect(world.learning).toMatchObject({ frozen: false, pinned: null });
  expect((await carrier.query(candidateProgress)).stage).toBe('waiting');
});

test('takes a word on the version that is active', async () => {
  const world = aWorld();
  world.learning.plan = { permission: 'approve', rollout: SHORT_ROLLOUT };
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');

  await carrier.executeUpdate(approve, { args: [{ ...OWNER, expectedVersion: BASELINE }] });
  await stored(world, 'canary');

  expect(world.learning.last('passed')?.actor.id).toBe('olga');
});

test('an approval of what waits for its canary does not take it out of its turn', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await until('a learner', () =>
    Promise.resolve(world.learning.candidates.size > 0 ? true : undefined),
  );
  await house.learnerOf(world).executeUpdate(freeze, { args: [OWNER] });
  await reach(carrier, 'passed');

  await carrier.executeUpdate(approve, { args: [OWNER] });
  const waiting = await carrier.query(candidateProgress);
  await until('the veto is taken', () =>
    carrier.executeUpdate(veto, { args: [OWNER] }).then(
      () => true as const,
      () => undefined,
    ),
  );
  const { end } = await carrier.result();

  expect(waiting.stage).toBe('passed');
  expect(end).toBe('rejected');
});

test('one of a veto and an approval that race wins, and the other is refused', async () => {
  const world = aWorld();
  world.learning.plan = { permission: 'approve', rollout: SHORT_ROLLOUT };
  const carrier = await house.startReflection(world, 'e1');
  await reach(carrier, 'waiting');

  const answers = await Promise.allSettled([
    carrier.executeUpdate(veto, { args: [{ ...OWNER, actor: 'vera' }] }),
    carrier.executeUpdate(approve, { args: [{ ...OWNER, actor: 'anna' }] }),
  ]);
  await until('its consequence', () =>
    Promise.resolve(world.learning.states().length > 2 ? true : undefined),
  );

  const [vetoed] = answers;
  const winner = vetoed.status === 'fulfilled' ? 'vera' : 'anna';
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(world.learning.states()[2]).toBe(winner === 'vera' ? 'rejected' : 'passed');
  expect(world.learning.audit[2]?.actor.id).toBe(winner);
});

test('an alarm in the canary rolls the candidate back', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await canaryTraffic(world, 40, { canary: 0, control: 1 });
  const result = await carrier.result();

  expect(result.end).toBe('rolled-back');
  expect(result.reason).toMatch(/^alarm in canary on all tasks/);
  expect(world.learning.last('rolled-back')).toMatchObject({
    actor: { id: 'ratchet', role: 'system' },
    detail: { stage: 'canary', automatic: true },
  });
  expect(world.learning.states()).toEqual(['evaluating', 'passed', 'canary', 'rolled-back']);
});

test('a veto ends a candidate whose granted canary cannot start', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'evaluating');
  // Frozen where the learner has not seen it: granted, and then refused by the pointer.
  world.learning.frozen = true;
  await reach(carrier, 'canary');

  await carrier.executeUpdate(veto, { args: [OWNER] });
  const result = await carrier.result();

  expect(world.learning.states()).toEqual(['evaluating', 'passed', result.end]);
  expect(result.end).toBe('rejected');
});

test('a pin aborts an open canary', async () => {
  const world = aWorld();
  const carrier = await house.startReflection(world, 'e1');
  await stored(world, 'canary');

  await house.learnerOf(world).executeUpdate(pin, { args: [{ ...OWNER, version: BASELINE }] });
  const result = await carrier.result();

  expect(result.end).toBe('aborted');
  expect(world.learning.states()).toEqual(['evaluating', 'passed', 'canary', 'aborted']);
  expect(world.learning.last('aborted')?.actor.id).toBe('olga');
});
