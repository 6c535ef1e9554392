import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

import type { AgentId, CandidateId, EpisodeId, LessonId, Scope, TenantId } from '../domain/ids.js';
import type { LessonContent } from '../domain/lesson.js';
import { candidateId, episodeId, lessonId } from './ids.js';

/**
 * Canonical JSON (RFC 8785): equal values are equal text, whatever the order of their keys. Half of a
 * surrogate pair, which has no place in it, stands as the replacement character, as it is stored.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(hasLoneSurrogate(value) ? wellFormed(value) : value);
  if (text === undefined) throw new TypeError('a value without JSON form has no digest');
  return text;
}

const LONE_SURROGATE = /\p{Surrogate}/gu;
/** How `JSON.stringify` writes one; a whole pair it leaves as it is. */
const ESCAPED_SURROGATE = /\\ud[89a-f]/;

function hasLoneSurrogate(value: unknown): boolean {
  return ESCAPED_SURROGATE.test(JSON.stringify(value));
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(LONE_SURROGATE, '\uFFFD');
  if (Array.isArray(value)) return value.map(wellFormed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [wellFormed(key), wellFormed(inner)]),
  );
}

/** SHA-256 of a text, 64 hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** SHA-256 of the canonical JSON, 64 hexadecimal digits. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** What a lesson's content hash covers: kind, title, trigger and body, and nothing beside it. */
export function contentHashOf({ kind, title, trigger, body }: LessonContent): string {
  return digestOf({ kind, title, trigger, body });
}

/** A lesson keeps its id over revisions; the tenant is no part of it, so that ties break alike everywhere. */
export function lessonIdOf(agent: AgentId, key: string): LessonId {
  return lessonId(`l-${sha256(`${agent}/${key}`).slice(0, 12)}`);
}

/** The episode of a shadow or explore run, named after what it is run for. */
export function runEpisodeIdOf(...parts: readonly string[]): EpisodeId {
  return episodeId(`s-${sha256(parts.join('/')).slice(0, 20)}`);
}

/** Under which candidate an agent's A/A checks run, one after the other; no candidate of the store has this id. */
export function aaCandidateOf({ tenant, agent }: Scope): CandidateId {
  return candidateId(`${tenant}.${agent}.aa`);
}

const IMPORTED = 'i-';

/** The episode of an imported run: the same run is the same episode, however often it is imported. */
export function importedEpisodeIdOf(tenant: TenantId, runId: string): EpisodeId {
  return episodeId(`${IMPORTED}${sha256(`${tenant}/${runId}`).slice(0, 20)}`);
}

/** Whether an episode was imported: no workflow ran it, and none of its own reflects on it. */
export function isImportedEpisode(id: EpisodeId): boolean {
  return id.startsWith(IMPORTED);
}
