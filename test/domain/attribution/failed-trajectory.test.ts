import { expect, test } from 'vitest';

import { agentName, speakersOf } from '../../../src/domain/attribution/failed-trajectory.js';

const step = (agent: string, role: string) => ({ i: 0, agent, role, content: '' });

test.each([
  ['Computer_terminal', 'user', 'environment'],
  ['ComputerTerminal', 'ComputerTerminal', 'environment'],
  ['search', 'tool', 'environment'],
  ['anyone', 'system', 'environment'],
  ['human', 'human', 'person'],
  ['User_Proxy', 'assistant', 'person'],
  ['WebSurfer', 'WebSurfer', 'agent'],
  ['Orchestrator (thought)', 'Orchestrator (thought)', 'agent'],
] as const)('%s in the role %s is of kind %s', (agent, role, kind) => {
  expect(speakersOf([step('First', 'assistant'), step(agent, role)])[1]).toBe(kind);
});

test('in a chat that an assistant opens, who speaks as user is an agent too', () => {
  const steps = [step('Planner', 'assistant'), step('Coder', 'user')];

  expect(speakersOf(steps)).toEqual(['agent', 'agent']);
});

test('in a chat that a user opens, who speaks as user is a person', () => {
  const steps = [step('alice', 'user'), step('Coder', 'assistant'), step('alice', 'user')];

  expect(speakersOf(steps)).toEqual(['person', 'agent', 'person']);
});

test.each([
  ['Orchestrator (-> WebSurfer)', 'Orchestrator'],
  ['Orchestrator (termination condition)', 'Orchestrator'],
  ['Coder', 'Coder'],
  ['(thought)', '(thought)'],
])('%s is the agent %s', (written, name) => {
  expect(agentName(step(written, 'assistant'))).toBe(name);
});
