import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import type { ToolRequest } from '../../src/activities/task-activities.js';
import { createToolActivities } from '../../src/activities/tool-activities.js';
import type { Agent } from '../../src/contracts/agent.js';
import type { AnyTool } from '../../src/contracts/tool.js';
import { createToolRuntime } from '../../src/tools/tool-runtime.js';
import { anActivityEnvironment, runIn } from './activity-environment.js';
import { AGENT, EPISODE, FakeStore, TASK, TENANT } from './fake-store.js';
import { anAgent, CountingTool } from './tools.js';

/** A call of `add_row` in a live task. */
export const TOOL_REQUEST: ToolRequest = {
  tenant: TENANT,
  agent: AGENT,
  episode: EPISODE,
  task: TASK,
  mode: 'live',
  step: 1,
  call: { id: 'c1', tool: 'add_row', arguments: '{"name":"a"}' },
  effectKey: 'acme:t-1:1:c1',
};

/** Store and activities around a counting tool that is changed as the test says. */
export function aToolBench(more: Partial<AnyTool> = {}, agents: readonly Agent[] = []) {
  const store = new FakeStore();
  const counter = new CountingTool();
  const own = anAgent({ tools: [counter.tool(more)], scratchpad: true });
  const activities = createToolActivities({
    store,
    agents: createAgentRegistry([own, ...agents]),
    runtime: createToolRuntime(),
  });
  const run = async (request: Partial<ToolRequest> = {}, info: { attempt?: number } = {}) => {
    const complete = { ...TOOL_REQUEST, ...request };
    const activity = activities[complete.call.tool];
    if (activity === undefined) throw new Error(`no activity ${complete.call.tool}`);
    return runIn(anActivityEnvironment(info), activity, complete);
  };
  const result = () => {
    const step = store.stepsOf(EPISODE).find(({ index }) => index === 1);
    return step?.kind === 'tool' ? step.result : undefined;
  };
  return { store, counter, activities, run, result };
}
