export { defineAgent } from './contracts/agent.js';
export type {
  Agent,
  AgentDefinition,
  Evaluation,
  EvaluationInput,
  Evaluator,
} from './contracts/agent.js';
export { defineJudge } from './contracts/judge.js';
export type { Judge, JudgeDefinition } from './contracts/judge.js';
export { defineConfig } from './contracts/ratchet-config.js';
export type { RatchetConfig } from './contracts/ratchet-config.js';
export { defineTool } from './contracts/tool.js';
export type { EffectClass, ObservedCall, ToolContext, ToolDefinition } from './contracts/tool.js';
export { RetryableToolError } from './contracts/tool-errors.js';
export type { SchemaFact } from './domain/schema-fact.js';
