import { lessonText, type LessonRevision } from '../domain/lesson.js';
import { InvalidInputError } from '../domain/errors.js';
import type { AgentId, VersionId } from '../domain/ids.js';
import { sha256 } from './digest.js';

/** What is exported: the lessons that a version of an agent serves. */
export interface ExportedStrategy {
  readonly agent: AgentId;
  readonly version: VersionId;
  readonly lessons: readonly LessonRevision[];
}

/** A file of an export; the path is below the directory that was named. */
export interface ExportedFile {
  readonly path: string;
  readonly content: string;
}

export type ExportForm = 'jsonl' | 'skill' | 'agents-md';

/** A line a lesson, and a manifest that says what they are and how their file hashes. */
export function jsonLinesOf({
  agent,
  version,
  lessons,
}: ExportedStrategy): readonly ExportedFile[] {
  const content = lessons
    .map((lesson) => `${JSON.stringify({ agent, ...lesson, text: lessonText(lesson.body) })}\n`)
    .join('');
  const manifest = {
    format: 'ratchet-lessons/1',
    agent,
    version,
    lessons: lessons.length,
    files: [{ path: 'lessons.jsonl', sha256: sha256(content), lines: lessons.length }],
  };
  return [
    { path: 'lessons.jsonl', content },
    { path: 'manifest.json', content: `${JSON.stringify(manifest, null, 2)}\n` },
  ];
}

const MAX_SKILL_NAME = 64;
/** A skill's instructions are read whole: what is longer belongs into several. */
const MAX_SKILL_LINES = 480;

/** A skill as agentskills.io defines it: a folder of the skill's name with SKILL.md in it. */
export function skillOf({ agent, version, lessons }: ExportedStrategy): readonly ExportedFile[] {
  const name = agent
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, MAX_SKILL_NAME);
  const body = listOf(lessons);
  const lines = body.split('\n').length;
  if (lines > MAX_SKILL_LINES) {
    throw new InvalidInputError(
      '--form',
      `skill, whose ${String(lessons.length)} lessons take ${String(lines)} lines`,
      `at most ${String(MAX_SKILL_LINES)} lines; export them as jsonl`,
    );
  }
  const head = [
    '---',
    `name: ${name}`,
    `description: What ${agent} learned about its work, each lesson tested before it served. Use it for the tasks of ${agent}.`,
    'metadata:',
    `  ratchet-version: ${version}`,
    `  ratchet-lessons: "${String(lessons.length)}"`,
    '---',
  ];
  const content = `${head.join('\n')}\n\n# What ${agent} learned\n\n${body}\n`;
  return [{ path: `${name}/SKILL.md`, content }];
}

const BEGIN = '<!-- ratchet:lessons:begin -->';
const END = '<!-- ratchet:lessons:end -->';

/** AGENTS.md with the lessons between its markers; everything else of it stays as it was. */
export function agentsMarkdown(strategy: ExportedStrategy, before: string): string {
  const { agent, version, lessons } = strategy;
  const section = [
    BEGIN,
    `<!-- version ${version}; written by ratchet export, edits between the markers are lost -->`,
    `## What ${agent} learned`,
    '',
    listOf(lessons),
    END,
  ].join('\n');
  const from = before.indexOf(BEGIN);
  const to = before.indexOf(END);
  if (from >= 0 && to > from) {
    return before.slice(0, from) + section + before.slice(to + END.length);
  }
  const kept = before.trimEnd();
  return `${kept}${kept === '' ? '' : '\n\n'}${section}\n`;
}

/** A list item a lesson; where it comes from stands in a comment. */
function listOf(lessons: readonly LessonRevision[]): string {
  return lessons.length === 0
    ? 'Nothing yet.'
    : lessons
        .map(({ id, revision, contentHash, trigger, body }) => {
          const where = trigger.predicates.map(
            ({ field, op, value }) =>
              `${field} ${op === 'eq' ? 'is' : 'is one of'} ${typeof value === 'string' ? value : value.join(', ')}`,
          );
          const when = [...where, trigger.when].filter((part) => part !== '').join(', ');
          const text = lessonText(body).replaceAll('\n', '\n  ');
          const origin = `<!-- ${id}@${String(revision)} ${contentHash.slice(0, 12)} -->`;
          return `- ${when === '' ? '' : `When ${when}: `}${text} ${origin}`;
        })
        .join('\n');
}
