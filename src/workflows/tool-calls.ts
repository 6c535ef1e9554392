import { ApplicationFailure } from '@temporalio/common';

import type {
  CallAnswer,
  OfferedTool,
  TaskContext,
  TaskStart,
  ToolAnswer,
  ToolRequest,
  TravellingCall,
} from '../activities/task-activities.js';
import type { PlannedCall } from '../domain/turn.js';
import type { PersonDesk } from './person-desk.js';
import { answerCall, callTool } from './task-steps.js';

/** What every call of a task has in common. */
export interface CallSetting {
  readonly start: Pick<TaskStart, 'tenant' | 'agent' | 'task' | 'mode'>;
  readonly context: TaskContext;
  readonly ask: PersonDesk['ask'];
}

/**
 * Carries out one call of the model: the tool itself, a refusal, a question to a person, or a tool that a
 * person has to allow first. Whatever becomes of it is answered to the model.
 */
export async function runCall(
  setting: CallSetting,
  planned: PlannedCall<TravellingCall>,
): Promise<ToolAnswer['kind']> {
  const { start, context, ask } = setting;
  const { call } = planned;
  const reply = replyTo(setting, planned);
  if (planned.kind === 'refuse') {
    await reply({ ok: false, code: planned.code, content: planned.message });
    return 'refused';
  }
  if (call.tool === 'ask_person') {
    const given = await ask(call, 'text', call.arguments);
    await reply({ ok: true, content: given.text ?? '' });
    return 'done';
  }
  const tool = toolOf(context, call.tool);
  if (tool.needsApproval && start.mode === 'live') {
    const given = await ask(call, 'allow', `May ${call.tool} run with ${call.arguments}?`);
    if (given.allow !== true) {
      const reason = given.text ?? 'a person refused this call';
      await reply({ ok: false, code: 'DENIED', content: reason });
      return 'failed';
    }
  }
  return callUntilKnown(setting, tool, planned);
}

/** Calls a tool; where nobody can tell whether its effect happened, a person says. */
async function callUntilKnown(
  setting: CallSetting,
  tool: OfferedTool,
  planned: PlannedCall<TravellingCall>,
): Promise<ToolAnswer['kind']> {
  const { context, ask } = setting;
  const { call } = planned;
  const reply = replyTo(setting, planned);
  const request = requestOf(setting, planned);
  let done = await callTool(context, tool, request);
  for (let again = 1; done.kind === 'unknown-effect'; again += 1) {
    const given = await ask(
      call,
      'allow-or-text',
      `Did ${call.tool} (${request.effectKey}) happen? Say with what result, or whether it is to be made again.`,
    );
    if (given.allow === true) {
      done = await callTool(context, tool, { ...request, again });
      continue;
    }
    if (given.allow === false) {
      const reason = given.text ?? 'it did not happen, and a person does not want it to';
      await reply({ ok: false, code: 'DENIED', content: reason });
      return 'failed';
    }
    await reply({ ok: true, content: given.text ?? 'A person confirmed this call.' });
    return 'done';
  }
  return done.kind;
}

function replyTo(
  { start, context }: CallSetting,
  { call, step }: PlannedCall<TravellingCall>,
): (result: CallAnswer['result']) => Promise<void> {
  const { tenant } = start;
  return (result) => answerCall({ tenant, episode: context.episode, step, call, result });
}

function requestOf(
  { start, context }: CallSetting,
  { call, step }: PlannedCall<TravellingCall>,
): ToolRequest {
  const { tenant, agent, task, mode } = start;
  const { episode } = context;
  const effectKey = `${tenant}:${agent}:${task}:${String(step)}:${call.id}`;
  return { tenant, agent, episode, task, mode, step, call, effectKey };
}

function toolOf(context: TaskContext, name: string): OfferedTool {
  const tool = context.tools.find((offered) => offered.name === name);
  if (tool === undefined) throw ApplicationFailure.nonRetryable(`No tool ${name}`, 'TOOL_UNKNOWN');
  if (!tool.isAllowed) {
    throw ApplicationFailure.nonRetryable(
      `Tool ${tool.name} has no sandbox; give it one or keep its tasks out of shadow evaluation`,
      'SHADOW_UNMOCKED',
    );
  }
  return tool;
}
