export { agentTask, learner, reflectAndUpdate, shadowEvaluation } from '../../workflows/index.js';
export { bareLoop } from './bare-loop.js';
