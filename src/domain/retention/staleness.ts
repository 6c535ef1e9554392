import type { LessonDraft } from '../lesson.js';

/**
 * Whether a lesson speaks of a tool as it no longer is: the tool is gone, or its schema has another
 * digest. Such a lesson serves nothing until it is learned or looked at again.
 */
export function isStale(
  { toolVersions }: Pick<LessonDraft, 'toolVersions'>,
  { toolDigests }: { readonly toolDigests: Readonly<Record<string, string>> },
): boolean {
  return Object.entries(toolVersions).some(([tool, digest]) => toolDigests[tool] !== digest);
}
