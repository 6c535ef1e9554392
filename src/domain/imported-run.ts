import type { Slices, Trajectory } from './episode.js';
import type { AgentId, TaskId } from './ids.js';
import type { JsonObject } from './json.js';

/** Kinds of recordings that can be read. */
export const IMPORT_FORMATS = [
  'openai-chat',
  'altk-evolve',
  'openinference',
  'otel-genai',
  'tau-bench',
  'intercode',
  'cheatsheet-memory',
  'lessons',
] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** What the source says about a run, kept beside the episode as it was told. */
export interface RecordedFacts {
  readonly format: ImportFormat;
  /** The task as the source names it; the episode's own id has no slash and no space. */
  readonly taskId: string;
  /** What the source said of the outcome; nobody here has checked it. Null where it said nothing. */
  readonly success: boolean | null;
  /** In the unit of the source. */
  readonly reward: number | null;
  /** Turns of the model as the source counts them. */
  readonly turns: number;
  /** Which way of working was recorded: a configuration, a prompt strategy. */
  readonly strategy: string;
  readonly trial?: number;
  /** Hash of the memory that was in force, as the source names it. */
  readonly memoryVersion?: string;
}

/** The memory an agent worked with, where the source kept it version by version. */
export interface RecordedMemory {
  readonly text: string;
}

/** One run of an agent that was recorded elsewhere. */
export interface ImportedRun {
  /** Names the run over all imports of a tenant: what is there already is skipped. */
  readonly runId: string;
  readonly agent: AgentId;
  readonly task: TaskId;
  readonly model: string;
  readonly input: JsonObject;
  readonly slices: Slices;
  /** The person it came from. */
  readonly subject: string | null;
  readonly system: string;
  readonly user: string;
  readonly steps: Trajectory;
  readonly output: string | null;
  /** Kind of failure where the source names one. */
  readonly category: string;
  readonly detail: string;
  readonly recorded: RecordedFacts;
  readonly memory?: RecordedMemory;
}

/** The tool name that stands for what the person said after the first message. */
export const USER_TURN = 'user';
