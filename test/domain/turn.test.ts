import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { ToolCall } from '../../src/domain/episode.js';
import { NOTHING_SPENT, planTurn, stopReason, type TaskLimits } from '../../src/domain/turn.js';

const limits: TaskLimits = {
  modelCalls: 10,
  tokens: 1000,
  costMicroUsd: null,
  toolCallsPerTurn: 3,
  badCalls: 2,
};

function aCall(id: string, tool = 'look', text = '{}'): ToolCall {
  return { id, tool, arguments: text };
}

function codesOf(calls: readonly ToolCall[], tally = NOTHING_SPENT): string[] {
  return planTurn(calls, ['look'], tally, limits).planned.map((planned) =>
    planned.kind === 'run' ? 'run' : planned.code,
  );
}

test('runs calls of known tools and gives each a step of its own', () => {
  const { planned, tally } = planTurn([aCall('a'), aCall('b')], ['look'], NOTHING_SPENT, limits);

  expect(planned.map(({ kind, step }) => [kind, step])).toEqual([
    ['run', 0],
    ['run', 1],
  ]);
  expect(tally).toMatchObject({ toolCalls: 2, nextStep: 2, badCalls: 0 });
});

test('refuses a tool that does not exist and names those that do', () => {
  const { planned } = planTurn([aCall('a', 'fly')], ['look'], NOTHING_SPENT, limits);

  expect(planned[0]).toMatchObject({
    code: 'TOOL_UNKNOWN',
    message: 'no tool fly; there are: look',
  });
});

test('runs none of too many calls in one turn', () => {
  expect(codesOf(['a', 'b', 'c', 'd'].map((id) => aCall(id)))).toEqual(
    Array.from({ length: 4 }, () => 'TOO_MANY_TOOL_CALLS'),
  );
});

test('answers an id once, over turns too', () => {
  const { tally } = planTurn([aCall('a')], ['look'], NOTHING_SPENT, limits);

  expect(codesOf([aCall('a', 'look', '{"x":1}')], tally)).toEqual(['CALL_ID_DUPLICATE']);
  expect(codesOf([aCall('b'), aCall('b')])).toEqual(['run', 'CALL_ID_DUPLICATE']);
});

test('stops a call that is made for the fifth time', () => {
  let tally = NOTHING_SPENT;
  const codes = ['a', 'b', 'c', 'd', 'e'].flatMap((id) => {
    const found = codesOf([aCall(id)], tally);
    ({ tally } = planTurn([aCall(id)], ['look'], tally, limits));
    return found;
  });

  expect(codes).toEqual(['run', 'run', 'run', 'run', 'LOOP_DETECTED']);
});

test.each([
  ['bad-calls', { badCalls: 2 }],
  ['model-calls', { modelCalls: 10 }],
  ['tokens', { tokens: 1000 }],
] as const)('stops for %s', (reason, spent) => {
  expect(stopReason({ ...NOTHING_SPENT, ...spent }, limits)).toBe(reason);
});

test('stops for cost only where there is a limit', () => {
  const tally = { ...NOTHING_SPENT, costMicroUsd: 50 };

  expect(stopReason(tally, limits)).toBeUndefined();
  expect(stopReason(tally, { ...limits, costMicroUsd: 50 })).toBe('cost');
});

test('gives every call of any reply exactly one answer, at consecutive steps', () => {
  const call = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    tool: fc.constantFrom('look', 'fly'),
    arguments: fc.constantFrom('{}', '{"x":1}'),
  });

  fc.assert(
    fc.property(fc.array(call, { maxLength: 6 }), (calls) => {
      const { planned, tally } = planTurn(calls, ['look'], NOTHING_SPENT, limits);

      expect(planned.map(({ step }) => step)).toEqual(calls.map((_, index) => index));
      expect(tally.nextStep).toBe(calls.length);
      const ran = planned.flatMap((each) => (each.kind === 'run' ? [each.call.id] : []));
      expect(new Set(ran).size).toBe(ran.length);
    }),
  );
});
