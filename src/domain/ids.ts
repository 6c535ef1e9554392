declare const brand: unique symbol;

/** A string that cannot be passed for another kind of string. `contracts/ids.ts` is the only mint. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** An isolated customer. */
export type TenantId = Brand<string, 'TenantId'>;
export type AgentId = Brand<string, 'AgentId'>;
/** Unique within (tenant, agent); chosen by the caller, so that starting twice is harmless. */
export type TaskId = Brand<string, 'TaskId'>;
/** One run of an agent on a task; unique over tenants. */
export type EpisodeId = Brand<string, 'EpisodeId'>;
/** One proposed change of a strategy; unique over tenants. */
export type CandidateId = Brand<string, 'CandidateId'>;
/** Stable over revisions: derived from tenant, agent and the key of what the lesson is about. */
export type LessonId = Brand<string, 'LessonId'>;
/** Hash of the canonical JSON of everything a strategy holds. */
export type VersionId = Brand<string, 'VersionId'>;

/** What a workflow belongs to. */
export interface Scope {
  readonly tenant: TenantId;
  readonly agent: AgentId;
}
