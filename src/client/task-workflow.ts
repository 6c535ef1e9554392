import type { Scope, TaskId } from '../domain/ids.js';

/** Which task of whom. */
export interface TaskName extends Scope {
  readonly task: TaskId;
}

export function taskWorkflowId({ tenant, agent, task }: TaskName): string {
  return `task/${tenant}/${agent}/${task}`;
}
