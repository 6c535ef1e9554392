import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { TrajectoryStep } from '../../../src/domain/attribution/failed-trajectory.js';
import { blameStep, LEAST_CONFIDENCE } from '../../../src/domain/attribution/step-score.js';
import { aChat, QUESTION } from './chats.js';

const PLAN = `We answer: ${QUESTION} Count the lighthouses on Gotland built before 1900.`;

test('blames the agent that makes facts up where the others only ask and end', () => {
  const chat = aChat([
    ['Planner', PLAN],
    ['Archivist', 'I looked by hand: there are 47 of them, assuming the sample of 1893 is right.'],
    ['Planner', 'Thank you.'],
    ['Archivist', 'TERMINATE'],
  ]);

  expect(blameStep(chat)).toMatchObject({ step: 1, agent: 'Archivist', method: 'step-score' });
});

test('blames an opening plan that is about something else', () => {
  const opening = (plan: string) =>
    aChat([
      ['Planner', `${QUESTION}\n${plan}`],
      ['Coder', 'Sure, we will see.'],
      ['Planner', 'TERMINATE'],
    ]);
  const chanceOfPlan = (plan: string): number => {
    const blame = blameStep(opening(plan));
    const all = blame.step === null ? [] : [blame, ...blame.alternatives];
    return all.find(({ step }) => step === 0)?.confidence ?? 0;
  };

  const off = chanceOfPlan('Debug the unit tests of the parser and report the exit code.');

  expect(off).toBeGreaterThan(
    chanceOfPlan('List the lighthouses of Gotland and count how many were built before 1900.'),
  );
});

test('blames the code whose run failed rather than a run that did not', () => {
  const code = '```python\nprint(count())\n```';
  const chat = aChat([
    ['Planner', PLAN],
    ['Coder', code],
    ['Computer_terminal', 'exitcode: 1 (execution failed)\nTraceback: NameError'],
    ['Coder', `Another way. ${code}`],
    ['Computer_terminal', 'exitcode: 0 (execution succeeded)\nCode output: lighthouse'],
    ['Coder', 'TERMINATE'],
  ]);

  expect(blameStep(chat)).toMatchObject({ step: 1, agent: 'Coder' });
});

test('an error that a tool call met counts like a failed run', () => {
  const steps = (error: string | null) =>
    aChat([
      ['Planner', PLAN],
      ['Searcher', 'Searching.', { tool: { name: 'search', arguments: {}, error } }],
      ['Planner', 'Fine.'],
      ['Searcher', 'Done.'],
    ]);
  const chance = (error: string | null): number => {
    const blame = blameStep(steps(error));
    const all = blame.step === null ? [] : [blame, ...blame.alternatives];
    return all.find(({ step }) => step === 1)?.confidence ?? 0;
  };

  expect(chance('HTTP 500')).toBeGreaterThan(chance(null));
});

test('answers with the number and the bare name of the step', () => {
  const chat = aChat([
    ['human', QUESTION, { i: 10, role: 'human' }],
    ['Orchestrator (thought)', 'Initial plan: ask the web.', { i: 20, role: 'assistant' }],
  ]);

  const blame = blameStep(chat);

  expect(blame).toMatchObject({ step: 20, agent: 'Orchestrator', confidence: 1, alternatives: [] });
});

test.each([
  ['no step', []],
  ['only a person', [['human', QUESTION, { role: 'human' }]]],
  [
    'a person and a tool',
    [
      ['user', QUESTION, { role: 'user' }],
      ['search', 'nothing', { role: 'tool' }],
    ],
  ],
] as const)('a trajectory with %s has nobody to blame', (_, messages) => {
  expect(blameStep(aChat(messages))).toEqual({ step: null, method: 'unknown' });
});

test('says unknown where many steps are alike', () => {
  const chat = aChat(
    Array.from({ length: 60 }, (_, index) => [`Worker${String(index)}`, 'We go on.'] as const),
  );

  expect(blameStep(chat)).toEqual({ step: null, method: 'unknown' });
});

test('reads a hundred thousand short steps without running out of stack', () => {
  const chat = aChat(Array.from({ length: 100_000 }, () => ['Worker', 'On.'] as const));

  expect(blameStep(chat).method).toBe('unknown');
});

const anyStep = fc.record({
  agent: fc.constantFrom('Ann', 'Bob (thought)', 'human', 'Computer_terminal', 'Orchestrator'),
  role: fc.constantFrom('assistant', 'user', 'tool', 'human'),
  content: fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.constantFrom('TERMINATE', 'Updated Ledger: {}', 'exitcode: 1', '```x```', 'FINAL ANSWER: 4'),
  ),
});

test('names a step of an agent, and probabilities that do not pass 1, whatever the trajectory', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 12 }), fc.string(), (drawn, question) => {
      const steps: readonly TrajectoryStep[] = drawn.map((step, i) => ({ i, ...step }));
      const blame = blameStep({ question, steps });
      if (blame.step === null) return;
      const suspects = [blame, ...blame.alternatives];

      expect(blame.confidence).toBeGreaterThanOrEqual(LEAST_CONFIDENCE);
      expect(suspects.reduce((sum, each) => sum + each.confidence, 0)).toBeLessThan(1.001);
      for (const { step, agent } of suspects) {
        expect(steps[step]?.agent.startsWith(agent)).toBe(true);
        expect(['human', 'Computer_terminal']).not.toContain(agent);
      }
    }),
  );
});

test('an answer depends on nothing but the trajectory', () => {
  const chat = aChat([
    ['Planner', PLAN],
    ['Archivist', 'There are 47.'],
    ['Planner', 'TERMINATE'],
  ]);

  expect(blameStep(chat)).toEqual(blameStep(structuredClone(chat)));
});
