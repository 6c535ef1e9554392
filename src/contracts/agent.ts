import { z } from 'zod';

import type { Slices } from '../domain/episode.js';
import { InvalidInputError } from '../domain/errors.js';
import type { JsonObject } from '../domain/json.js';
import { DEFAULT_RETENTION } from '../domain/retention/plan.js';
import { DEFAULT_PERMISSIONS, LAYERS, type LayerPermissions } from '../domain/strategy.js';
import { EvaluatorShape, type Evaluator } from './evaluator.js';
import { JudgeShape, type Judge } from './judge.js';
import { functionOf, onlyKeys, settingsOf } from './object-of.js';
import { ParameterRanges } from './parameter-ranges.js';
import { parseOr, whereOf } from './parse.js';
import { ToolShape, type AnyTool } from './tool.js';

const Share = z.number().gt(0).lte(1);
const Count = z.int().min(1);

/**
 * The staged share of tasks that a passed candidate gets, and how long it is watched (GATE 2.6). A stage goes on
 * by outcomes that were compared with tasks beside it; a share of 1 leaves none, and goes on by outcomes alone.
 */
export const RolloutSettings = settingsOf({
  stages: z
    .array(
      settingsOf({
        share: Share,
        minOutcomes: Count,
        minDurationMs: z.int().min(0),
      }),
    )
    .min(1)
    .max(6)
    .default([
      { share: 0.05, minOutcomes: 30, minDurationMs: 3_600_000 },
      { share: 0.25, minOutcomes: 60, minDurationMs: 3_600_000 },
      { share: 0.5, minOutcomes: 60, minDurationMs: 3_600_000 },
    ]),
  probation: settingsOf({
    outcomes: Count,
    minOutcomes: Count,
    durationMs: z.int().min(1),
  }).default({ outcomes: 200, minOutcomes: 30, durationMs: 7 * 86_400_000 }),
});
export type RolloutSettings = z.infer<typeof RolloutSettings>;

export const GateSettings = settingsOf({
  maxPairs: z.int().min(20).max(2000).default(400),
  /** Slice keys that are gated; every key of the tasks unless told. */
  sliceKeys: z.array(z.string()).optional(),
  criticalSlices: z.array(z.string()).default([]),
  criticalCategories: z.array(z.string()).default([]),
  /**
   * Runs of each arm that a pair averages. More tasks tell more than more runs of one, unless setting a task
   * up is what costs; each run counts against the learning budget.
   */
  replicates: z.int().min(1).max(10).default(1),
  /** Whether a candidate must show that its cost is not up by more than a tenth; it is only told unless so. */
  costBlocks: z.boolean().default(false),
  /** Pairs that run at the same time. */
  concurrency: z.int().min(1).max(64).default(8),
});
export type GateSettings = z.infer<typeof GateSettings>;

const LayerSettings = z
  .partialRecord(z.enum(LAYERS), z.enum(['frozen', 'approve', 'auto']), {
    error: onlyKeys(LAYERS, 'an object'),
  })
  .check(({ value, issues }) => {
    const { policy } = value;
    if (policy === undefined || policy === 'frozen') return;
    const message = '"frozen": what an agent is told to obey is written by people, never learned';
    issues.push({ code: 'custom', path: ['policy'], input: policy, message });
  });

export const LearningSettings = settingsOf({
  /** Which episodes start a reflection. */
  reflect: z.enum(['always', 'informative', 'never']).default('always'),
  layers: LayerSettings.default({}),
  /** Within what parameters may be learned; one that is not named here is not learned at all. */
  parameters: ParameterRanges.prefault({}),
  rollout: RolloutSettings.prefault({}),
  gate: GateSettings.prefault({}),
  /** After a failure with nothing to mine: a sandboxed run with this many model calls; 0 for none. */
  explorationModelCalls: z.int().min(0).max(200).default(0),
  /** The model of an exploration; the task's own unless told. */
  explorationModel: z.string().optional(),
  /** The model asked which step of a failed episode was critical, where no rung below is sure; none unless told. */
  reflectionModel: z.string().min(1).optional(),
  /** Runs in each arm of a forked replay, which tests the step that is blamed; 0 for none, else 3 or more. */
  replays: z
    .int()
    .max(20)
    .refine((runs) => runs === 0 || runs >= 3, '0, or 3 to 20: fewer runs verify nothing')
    .default(0),
  /** Hours after a live task's end in which its outcome may become known; then it counts as 0. */
  attributionHours: z
    .number()
    .gt(0)
    .max(24 * 30)
    .default(24),
  /**
   * How often a lesson that was found is held out of a live task, so that it can be compared with its
   * absence: at first, once it was shown to help, and while it seems to harm. A share of 0 switches it off,
   * and no lesson's worth is measured then.
   */
  holdOut: settingsOf({
    share: z.number().min(0).max(0.5).default(0.1),
    helpfulShare: z.number().min(0).max(0.5).default(0.02),
    suspectedShare: z.number().min(0).max(0.5).default(0.2),
  }).prefault({}),
  /**
   * Which lessons in service the maintenance proposes to take away: unused for so many days, or worth least where all
   * together hold more tokens than this; and how many at most in one candidate.
   */
  retention: settingsOf({
    idleDays: z.int().min(1).max(3650).default(DEFAULT_RETENTION.idleDays),
    capacityTokens: z.int().min(1).default(DEFAULT_RETENTION.capacityTokens),
    batch: z.int().min(1).max(500).default(DEFAULT_RETENTION.batch),
  }).prefault({}),
  /** Shadow runs (arms and explorations) an agent may spend a day. */
  shadowRunsPerDay: z.int().min(0).default(20_000),
  /**
   * Tokens and micro-dollars an agent may spend a day on model calls that serve nobody: of shadow runs,
   * explorations, reflections and judges of pairs. No limit unless set.
   */
  tokensPerDay: z.int().min(0).optional(),
  costMicroUsdPerDay: z.int().min(0).optional(),
  /**
   * Live outcomes a day that the agent's judge may be asked about, where no evaluator could tell. What it is not
   * asked about stays unknown, and counts as failed once `attributionHours` are over.
   */
  judgementsPerDay: z.int().min(0).default(20_000),
  /** How long a candidate waits for a person before it expires to reject. */
  approvalTimeoutMs: z
    .int()
    .min(1)
    .default(72 * 3_600_000),
});
export type LearningSettings = z.infer<typeof LearningSettings>;

export const AgentSettings = settingsOf({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and -'),
  instructions: z.string().min(1).max(100_000),
  model: settingsOf({
    name: z.string().min(1),
    temperature: z.number().min(0).max(2).default(0),
    timeoutSeconds: z.int().min(1).max(3600).default(60),
    /** Micro-dollars per million tokens, for the cost budget. */
    inputCost: z.number().min(0).default(0),
    outputCost: z.number().min(0).default(0),
  }),
  limits: settingsOf({
    modelCalls: z.int().min(1).max(10_000).default(20),
    tokens: z.int().min(1).default(1_000_000),
    costMicroUsd: z.int().min(0).optional(),
    toolCallsPerTurn: z.int().min(1).max(64).default(16),
    /** Answers to malformed, unknown or repeated calls before the task fails. */
    badCalls: z.int().min(1).default(5),
    resultCharacters: z.int().min(100).default(20_000),
  }).prefault({}),
  /** Lessons recalled for a task, guardrails apart. */
  recallLimit: z.int().min(0).max(20).default(3),
  /** Lessons of lower trust are not recalled; tool notes learned from what tools answered are of low trust. */
  minTrust: z.enum(['low', 'medium', 'high']).default('low'),
  /** Whether the model may ask a person (`ask_person`) and keep notes (`scratchpad`). */
  mayAsk: z.boolean().default(false),
  scratchpad: z.boolean().default(false),
  learning: LearningSettings.prefault({}),
});
export type AgentSettings = z.infer<typeof AgentSettings>;

/** What a user writes; see the README for an example. */
export interface AgentDefinition extends z.input<typeof AgentSettings> {
  readonly tools: readonly AnyTool[];
  readonly evaluators: readonly Evaluator[];
  /** Asked where no evaluator can tell; see `defineJudge`. */
  readonly judge?: Judge;
  /** Names the parts of the traffic that the gate and the monitor watch on their own. */
  readonly slices?: (task: { readonly input: JsonObject }) => Slices;
  /** The user message of a task; `key: value` lines of its input unless told. */
  readonly prompt?: (input: JsonObject) => string;
  /** Pools and clients for tools and evaluators; called once a worker. */
  readonly resources?: () => Promise<Readonly<Record<string, unknown>>>;
}

/** An agent whose definition has been checked and completed with defaults. */
export interface Agent extends AgentSettings {
  readonly tools: readonly AnyTool[];
  readonly evaluators: readonly Evaluator[];
  readonly judge?: Judge;
  readonly slices: (task: { readonly input: JsonObject }) => Slices;
  readonly prompt: (input: JsonObject) => string;
  readonly resources: () => Promise<Readonly<Record<string, unknown>>>;
}

/** What `defineAgent` takes beside its settings. */
const AgentParts = {
  tools: z.array(ToolShape),
  evaluators: z.array(EvaluatorShape),
  judge: JudgeShape.optional(),
  slices: functionOf().optional(),
  prompt: functionOf().optional(),
  resources: functionOf().optional(),
};
const AgentDefinitionShape = settingsOf({ ...AgentSettings.shape, ...AgentParts });

/** What `defineAgent` returns. */
export const AgentShape = z.custom<Agent>(
  (value) => CompleteAgent.safeParse(value).success,
  'what defineAgent returns',
);
const CompleteAgent = settingsOf({
  ...AgentSettings.shape,
  ...AgentParts,
  slices: functionOf(),
  prompt: functionOf(),
  resources: functionOf(),
});

/** Names that are activities or tools of Ratchet's own. */
export const RESERVED_TOOL_NAMES = ['ask_person', 'scratchpad'];

/** Checks and completes an agent; every fault is named with its field. */
export function defineAgent(definition: AgentDefinition): Agent {
  const where = whereOf('agent', definition, 'id');
  parseOr(AgentDefinitionShape, definition, where);
  const { tools, evaluators, judge, slices, prompt, resources } = definition;
  const names = new Set<string>(RESERVED_TOOL_NAMES);
  for (const tool of tools) {
    if (names.has(tool.name)) {
      throw new InvalidInputError(
        `${where}.tools`,
        `the name ${JSON.stringify(tool.name)} twice or reserved`,
        'one tool a name',
      );
    }
    names.add(tool.name);
  }
  return {
    ...AgentSettings.strip().parse(definition),
    tools,
    evaluators,
    ...(judge === undefined ? {} : { judge }),
    slices: slices ?? (() => ({})),
    prompt: prompt ?? renderInput,
    resources: resources ?? (() => Promise.resolve({})),
  };
}

/** `key: value` lines, strings as they are and everything else as JSON. */
export function renderInput(input: JsonObject): string {
  return Object.entries(input)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');
}

/** The permission of each layer for this agent; `policy` is frozen whatever the settings say. */
export function permissionsOf(agent: Pick<AgentSettings, 'learning'>): LayerPermissions {
  return { ...DEFAULT_PERMISSIONS, ...agent.learning.layers, policy: 'frozen' };
}
