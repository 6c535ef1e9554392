import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

import type { AgentId, EpisodeId, TaskId, TenantId, VersionId } from '../domain/ids.js';
import type { LessonContent } from '../domain/lesson.js';
import type { StrategyContent } from '../domain/strategy.js';
import { episodeId, versionId } from '../contracts/ids.js';

/** Canonical JSON (RFC 8785): equal values are equal text, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('a value without JSON form has no digest');
  return text;
}

/** SHA-256 of the canonical JSON, 64 hexadecimal digits. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** What a lesson's content hash covers: kind, title, trigger and body, and nothing beside it. */
export function contentHashOf({ kind, title, trigger, body }: LessonContent): string {
  return digestOf({ kind, title, trigger, body });
}

/** Lessons may come in any order. */
export function versionIdOf(content: StrategyContent): VersionId {
  const lessons = content.lessons
    .map(({ lesson, revision }) => ({ lesson, revision }))
    .sort((a, b) => (a.lesson < b.lesson ? -1 : Number(a.lesson > b.lesson)));
  return versionId(`v-${digestOf({ ...content, lessons }).slice(0, 16)}`);
}

/** The episode of a live task; the same task is the same episode, however often it is accepted. */
export function episodeIdOf(tenant: TenantId, agent: AgentId, task: TaskId): EpisodeId {
  const hash = createHash('sha256').update(`${tenant}/${agent}/${task}`).digest('hex');
  return episodeId(`e-${hash.slice(0, 20)}`);
}
