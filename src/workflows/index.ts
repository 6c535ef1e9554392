export { agentTask } from './agent-task.js';
export { learner } from './learner.js';
export { maintainMemory } from './maintain-memory.js';
export { reflectAndUpdate } from './reflect-and-update.js';
export { shadowEvaluation } from './shadow-evaluation.js';
