import { expect, test } from 'vitest';
import { z } from 'zod';

import { defineAgent } from '../../src/contracts/agent.js';
import { defineJudge } from '../../src/contracts/judge.js';
import { defineConfig } from '../../src/contracts/ratchet-config.js';
import { defineTool } from '../../src/contracts/tool.js';
import { InvalidInputError } from '../../src/domain/errors.js';

const lookUp = {
  name: 'look_up',
  description: 'Looks a row up.',
  input: z.strictObject({ id: z.string() }),
  effect: 'read',
  run: () => Promise.resolve('a row'),
};
const sameRows = { name: 'same-rows', source: 'checker', evaluate: () => Promise.resolve({}) };
const clerk = {
  id: 'clerk',
  instructions: 'Answer.',
  model: { name: 'm' },
  tools: [lookUp],
  evaluators: [sameRows],
};
const critic = { name: 'critic', model: { name: 'm' }, rubric: 'Good answers are short.' };

/** What a user without a type checker may write, and what the error says of it. */
function refusalOf(define: (value: never) => unknown, value: unknown): string {
  try {
    define(value as never);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    return error instanceof Error ? error.message : '';
  }
  return 'accepted';
}

test('accepts what fits', () => {
  expect(refusalOf(defineTool, lookUp)).toBe('accepted');
  expect(refusalOf(defineAgent, clerk)).toBe('accepted');
  expect(refusalOf(defineJudge, critic)).toBe('accepted');
  expect(
    refusalOf(defineAgent, {
      ...clerk,
      slices: undefined,
      learning: { layers: { policy: 'frozen' } },
    }),
  ).toBe('accepted');
  expect(refusalOf(defineConfig, { agents: [defineAgent(clerk as never)] })).toBe('accepted');
});

const TOOLS: readonly (readonly [Record<string, unknown>, string])[] = [
  [{ name: undefined }, 'tool.name: found nothing, expected a text'],
  [{ name: 'a b' }, 'tool "a b".name: found "a b", expected a letter, then up to 63'],
  [{ description: undefined }, 'tool "look_up".description: found nothing, expected a text'],
  [{ description: '' }, '.description: found "", expected a text of at least 1 characters'],
  [{ description: 3 }, '.description: found 3, expected a text'],
  [{ input: undefined }, '.input: found nothing, expected a zod object schema'],
  [{ input: { type: 'object' } }, '.input: found {"type":"object"}, expected a zod object schema'],
  [{ input: z.string() }, '.input: found a schema of "string", expected an object schema'],
  [{ input: z.strictObject({ day: z.date() }) }, '.input: found a schema without a JSON form'],
  [{ input: z.object({ constructor: z.string() }) }, '.input.constructor: found a reserved name'],
  [{ effect: undefined }, '.effect: found nothing, expected "read" | "keyed" | "queryable"'],
  [{ effect: 'write' }, '.effect: found "write", expected "read" | "keyed" | "queryable"'],
  [{ effect: 'queryable' }, '.query: found nothing, expected a function, since effect is'],
  [{ run: undefined }, '.run: found nothing, expected a function'],
  [{ run: 3 }, '.run: found 3, expected a function'],
  [{ sandbox: 'yes' }, '.sandbox: found "yes", expected "same" or a function'],
  [{ query: 3 }, '.query: found 3, expected a function'],
  [{ needsApproval: 'no' }, '.needsApproval: found "no", expected true or false'],
  [{ timeoutSeconds: -1 }, '.timeoutSeconds: found -1, expected a number of above 0'],
  [{ timeoutSeconds: Number.NaN }, '.timeoutSeconds: found NaN, expected a number'],
  [{ timeoutSeconds: '5' }, '.timeoutSeconds: found "5", expected a number'],
  [
    { timeoutSeconds: 1e9 },
    '.timeoutSeconds: found 1000000000, expected a number of at most 86400',
  ],
  [{ reveals: 3 }, '.reveals: found 3, expected a function'],
  [{ summarize: 'x' }, '.summarize: found "x", expected a function'],
  [
    { sandbx: 'same' },
    'tool "look_up": found unknown key sandbx, expected one of name, description',
  ],
];

test.each(TOOLS)('a tool with %o is refused by its field', (change, says) => {
  expect(refusalOf(defineTool, { ...lookUp, ...change })).toContain(says);
});

const AGENTS: readonly (readonly [Record<string, unknown>, string])[] = [
  [{ id: undefined }, 'agent.id: found nothing, expected a text'],
  [{ id: 'A B' }, 'agent "A B".id: found "A B", expected lower-case letters, digits and -'],
  [{ instructions: '' }, 'agent "clerk".instructions: found "", expected a text of at least 1'],
  [{ instructions: ['x'] }, '.instructions: found ["x"], expected a text'],
  [{ model: undefined }, '.model: found nothing, expected an object'],
  [{ model: 'm' }, '.model: found "m", expected an object'],
  [{ model: { name: 'm', temp: 1 } }, '.model: found unknown key temp, expected one of name, temp'],
  [
    { model: { name: 'm', temperature: 3 } },
    '.model.temperature: found 3, expected a number of at',
  ],
  [{ tools: undefined }, '.tools: found nothing, expected a list'],
  [{ tools: [3] }, '.tools.0: found 3, expected an object'],
  [{ tools: [{ ...lookUp, run: null }] }, '.tools.0.run: found null, expected a function'],
  [{ tools: [lookUp, lookUp] }, '.tools: found the name "look_up" twice or reserved'],
  [{ tools: [{ ...lookUp, name: 'ask_person' }] }, '.tools: found the name "ask_person" twice or'],
  [{ evaluators: undefined }, '.evaluators: found nothing, expected a list'],
  [{ evaluators: [{}] }, '.evaluators.0.name: found nothing, expected a text'],
  [
    { evaluators: [{ ...sameRows, source: 'oracle' }] },
    '.evaluators.0.source: found "oracle", expected "checker" | "environment" | "judge"',
  ],
  [{ evaluators: [{ ...sameRows, evaluate: 'x' }] }, '.evaluators.0.evaluate: found "x", expected'],
  [{ slices: 'x' }, '.slices: found "x", expected a function'],
  [{ prompt: 'x' }, '.prompt: found "x", expected a function'],
  [{ resources: {} }, '.resources: found {}, expected a function'],
  [{ judge: 3 }, '.judge: found 3, expected what defineJudge returns'],
  [{ judge: critic }, '.judge: found {"name":"critic"'],
  [{ limits: { tokens: -1 } }, '.limits.tokens: found -1, expected a number of at least 1'],
  [{ limits: { modelCalls: 1.5 } }, '.limits.modelCalls: found 1.5, expected a whole number'],
  [{ recallLimit: 21 }, '.recallLimit: found 21, expected a number of at most 20'],
  [{ minTrust: 'some' }, '.minTrust: found "some", expected "low" | "medium" | "high"'],
  [{ mayAsk: 'yes' }, '.mayAsk: found "yes", expected true or false'],
  [{ learning: { layers: { policy: 'auto' } } }, '.layers.policy: found "auto", expected "frozen"'],
  [{ learning: { layers: { rule: 'auto' } } }, '.layers: found unknown key rule, expected one of'],
  [{ learning: { replays: 2 } }, '.learning.replays: found 2, expected 0, or 3 to 20'],
  [{ learning: { rollout: { stages: [] } } }, '.rollout.stages: found [], expected a list of at'],
  [{ learning: { gate: { maxPairs: 3 } } }, '.gate.maxPairs: found 3, expected a number of at'],
  [
    { learning: { parameters: { temperature: { min: 1, max: 0 } } } },
    '.parameters.temperature: found {"min":1,"max":0}, expected a min that is not above max',
  ],
  [{ extra: 1 }, 'agent "clerk": found unknown key extra, expected one of id, instructions'],
];

test.each(AGENTS)('an agent with %o is refused by its field', (change, says) => {
  expect(refusalOf(defineAgent, { ...clerk, ...change })).toContain(says);
});

test.each([
  [{ name: 'A B' }, 'judge "A B".name: found "A B", expected lower-case letters, digits and -'],
  [{ rubric: '' }, 'judge "critic".rubric: found "", expected a text of at least 1 characters'],
  [{ second: critic }, '.second: found {"name":"critic"'],
  [{ auditor: {} }, '.auditor.name: found nothing, expected a text'],
])('a judge with %o is refused by its field', (change, says) => {
  expect(refusalOf(defineJudge, { ...critic, ...change })).toContain(says);
});

test.each([
  [{}, 'ratchet.config.agents: found nothing, expected a list'],
  [{ agents: [] }, 'ratchet.config.agents: found [], expected a list of at least 1 entries'],
  [{ agents: [clerk] }, 'ratchet.config.agents.0: found {"id":"clerk"'],
  [
    { agents: [defineAgent(clerk as never)], people: { ann: 'boss' } },
    'ratchet.config.people.ann: found "boss", expected "',
  ],
  [
    { agents: [defineAgent(clerk as never)], agent: 1 },
    'ratchet.config: found unknown key agent, expected one of agents, people',
  ],
  [
    { agents: [defineAgent(clerk as never), defineAgent(clerk as never)] },
    'ratchet.config.agents: found the id clerk twice',
  ],
])('a configuration of %o is refused by its field', (config, says) => {
  expect(refusalOf(defineConfig, config)).toContain(says);
});

test.each([undefined, null, 3, 'x', []])('%o in place of a definition is refused', (value) => {
  for (const define of [defineTool, defineAgent, defineJudge, defineConfig]) {
    expect(refusalOf(define, value)).toMatch(/: found .+, expected an object$/);
  }
});
