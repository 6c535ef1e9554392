import { z } from 'zod';

import type {
  AgentId,
  CandidateId,
  EpisodeId,
  LessonId,
  TaskId,
  TenantId,
  VersionId,
} from '../domain/ids.js';
import { parseOr } from './parse.js';

/** Ids stand in workflow ids and URLs: no slash, no space, no control character. */
const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/, {
  error: 'a letter or digit, then up to 127 of A-Z a-z 0-9 . _ : @ -',
});

function mint<T extends string>(field: string): (value: unknown) => T {
  return (value) => parseOr(Name, value, field) as T;
}

export const tenantId = mint<TenantId>('tenant');
export const agentId = mint<AgentId>('agent');
export const taskId = mint<TaskId>('task');
export const episodeId = mint<EpisodeId>('episode');
export const candidateId = mint<CandidateId>('candidate');
export const lessonId = mint<LessonId>('lesson');
export const versionId = mint<VersionId>('version');
