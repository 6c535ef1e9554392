import { expect, test } from 'vitest';

import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { anAgent, CountingTool } from '../support/tools.js';

const tool = new CountingTool().tool();

test('an agent that the configuration does not name is not found, and those it names are listed', () => {
  const registry = createAgentRegistry([anAgent({ id: 'clerk' })]);

  expect(() => registry.agent('nobody')).toThrow('the configuration names: clerk');
});

test('one id stands for one agent', () => {
  expect(() => createAgentRegistry([anAgent(), anAgent()])).toThrow('one agent an id');
});

test('resources are made at first use and shared after', async () => {
  let made = 0;
  const agent = anAgent({ resources: async () => ({ number: (made += 1) }) });
  const registry = createAgentRegistry([agent]);

  const both = await Promise.all([registry.resources(agent.id), registry.resources(agent.id)]);

  expect(both).toEqual([{ number: 1 }, { number: 1 }]);
});

test('resources that could not be made are tried again', async () => {
  let tries = 0;
  const resources = async () => {
    tries += 1;
    if (tries === 1) throw new Error('no database');
    return { tries };
  };
  const agent = anAgent({ resources });
  const registry = createAgentRegistry([agent]);

  await expect(registry.resources(agent.id)).rejects.toMatchObject({
    name: 'UnavailableError',
    retryable: true,
  });

  expect(await registry.resources(agent.id)).toEqual({ tries: 2 });
});

test('digests change with what the agent is told and may do, and with nothing else', () => {
  const base = anAgent({ tools: [tool] });
  const digestsOf = (agent: typeof base) => createAgentRegistry([agent]).digests(agent.id);
  const before = digestsOf(base);

  const same = digestsOf(anAgent({ tools: [{ ...tool, timeoutSeconds: 5 }], recallLimit: 1 }));
  const told = digestsOf(anAgent({ tools: [tool], instructions: 'Be brief.' }));
  const described = digestsOf(anAgent({ tools: [{ ...tool, description: 'Other.' }] }));
  const effect = digestsOf(anAgent({ tools: [{ ...tool, effect: 'unsafe' }] }));

  expect(before.policyDigest).toMatch(/^[0-9a-f]{64}$/);
  expect(same).toEqual(before);
  expect(told.policyDigest).not.toBe(before.policyDigest);
  expect(told.toolDigests).toEqual(before.toolDigests);
  expect(described.toolDigests).not.toEqual(before.toolDigests);
  expect(effect.toolDigests).not.toEqual(before.toolDigests);
});
