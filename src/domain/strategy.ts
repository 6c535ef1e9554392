import type { Json } from './json.js';
import type { LessonId, VersionId } from './ids.js';

/** Everything about how an agent works that may be versioned, by kind of content. */
export const LAYERS = [
  'policy',
  'toolNotes',
  'rules',
  'cases',
  'procedures',
  'parameters',
] as const;
export type Layer = (typeof LAYERS)[number];

/** `frozen`: cannot be learned; `approve`: gate, then a person; `auto`: the gate alone. */
export type Permission = 'frozen' | 'approve' | 'auto';
export type LayerPermissions = Readonly<Record<Layer, Permission>>;

export const DEFAULT_PERMISSIONS: LayerPermissions = {
  policy: 'frozen',
  toolNotes: 'auto',
  rules: 'auto',
  cases: 'auto',
  procedures: 'approve',
  parameters: 'approve',
};

/** Typed values a strategy may change within ranges that the agent's definition declares. */
export interface Parameters {
  readonly model: string;
  readonly temperature: number;
  /** Most model calls of one episode. */
  readonly maxModelCalls: number;
  /** Lessons recalled for a task, guardrails apart. */
  readonly recallLimit: number;
}

export interface LessonRef {
  readonly lesson: LessonId;
  readonly revision: number;
}

/** What the id of a strategy version is the hash of. */
export interface StrategyContent {
  readonly policyDigest: string;
  readonly toolDigests: Readonly<Record<string, string>>;
  readonly parameters: Parameters;
  /** Sorted by lesson id. */
  readonly lessons: readonly LessonRef[];
}

/** What one candidate changes together. */
export interface Bundle {
  readonly put: readonly LessonRef[];
  readonly remove: readonly LessonId[];
  readonly parameters: Readonly<Record<string, Json>>;
}

/** What a strategy version adds to, or takes from, the one it was derived from. */
export interface VersionRow {
  readonly id: VersionId;
  readonly parent: VersionId | null;
  readonly policyDigest: string;
  readonly toolDigests: Readonly<Record<string, string>>;
  readonly parameters: Parameters;
  /** What it came from: a definition that says something else is a deployment. */
  readonly definition: Definition;
}

/** What the agent's definition said before anything was learned. */
export interface Definition {
  readonly policyDigest: string;
  readonly toolDigests: Readonly<Record<string, string>>;
  readonly parameters: Parameters;
}

/** The permission that a bundle needs is the strictest of the layers it touches. */
export function strictestPermission(
  layers: readonly Layer[],
  permissions: LayerPermissions,
): Permission {
  const found = new Set(layers.map((layer) => permissions[layer]));
  if (found.has('frozen')) return 'frozen';
  return found.has('approve') ? 'approve' : 'auto';
}
