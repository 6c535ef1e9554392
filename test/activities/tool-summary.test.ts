import { expect, test } from 'vitest';

import { summarized } from '../../src/activities/tool-summary.js';
import type { AnyTool } from '../../src/contracts/tool.js';
import { anAgent, CountingTool } from '../support/tools.js';

const call = { id: 'c', tool: 'add_row', arguments: '{"name":"ann"}' };
const agentWhose = (summarize: AnyTool['summarize']) =>
  anAgent({ tools: [new CountingTool().tool(summarize === undefined ? {} : { summarize })] });

test('a tool says what the Temporal UI shows of a call', async () => {
  const agent = agentWhose((args) => `adds\n${JSON.stringify(args)}`);

  expect(await summarized(call, agent)).toEqual({ ...call, summary: 'adds {"name":"ann"}' });
});

test('what it says is cut to 200 characters and holds no secret and no address', async () => {
  const long = await summarized(
    call,
    agentWhose(() => 'x'.repeat(500)),
  );
  const told = await summarized(
    call,
    agentWhose(() => 'ann@example.com sk-live-1234567890abcdef'),
  );

  expect(long.summary).toHaveLength(200);
  expect(told.summary).not.toMatch(/ann@|1234567890/);
});

test.each([
  [
    'throws',
    agentWhose(() => {
      throw new Error('no');
    }),
    call,
  ],
  ['says nothing', agentWhose(() => ' '), call],
  ['has no word for it', agentWhose(undefined), call],
  ['got other arguments', agentWhose(() => 'adds'), { ...call, arguments: '{"nam' }],
  ['does not exist', agentWhose(() => 'adds'), { ...call, tool: 'drop' }],
])('a call whose tool %s is left as it is', async (_, agent, made) => {
  expect(await summarized(made, agent)).toEqual(made);
});
