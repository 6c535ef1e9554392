import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import {
  agentsMarkdown,
  jsonLinesOf,
  skillOf,
  type ExportedFile,
  type ExportedStrategy,
  type ExportForm,
} from '../../contracts/lesson-export.js';
import { NotFoundError } from '../../domain/errors.js';
import type { CommandContext } from '../command.js';
import { findVersion } from '../finding.js';
import { looking, oneScope } from '../looking.js';
import { countOf } from '../numbers.js';
import { assertWritableDirectory } from '../output-file.js';

export interface ExportOptions {
  readonly agent?: string;
  readonly form: ExportForm;
  readonly out: string;
  readonly version?: string;
}

/** Writes the lessons that serve, or those of a version that is named, for others to read. */
export function exportLessons(options: ExportOptions, context: CommandContext): Promise<number> {
  return looking(context, async (look) => {
    const scope = await oneScope(look, options.agent);
    const pointer = await look.store.pointer(scope);
    const version =
      options.version === undefined
        ? pointer?.active
        : (await findVersion(look, options.version, options.agent)).id;
    if (version === undefined) {
      throw new NotFoundError('a serving version of', scope.agent, 'run a task, or name --version');
    }
    const lessons = await look.store.lessonsServing(scope, version);
    const strategy = { agent: scope.agent, version, lessons };
    const files = await filesOf(strategy, options);
    await assertWritableDirectory('--out', options.out);
    for (const { path, content } of files) {
      const target = join(options.out, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    const paths = files.map(({ path }) => join(options.out, path));
    context.io.result(
      { ...scope, version, form: options.form, lessons: lessons.length, files: paths },
      `${countOf(lessons.length, 'lesson')} of ${scope.agent} (${version}): ${paths.join(', ')}`,
    );
    return 0;
  });
}

async function filesOf(
  strategy: ExportedStrategy,
  { form, out }: ExportOptions,
): Promise<readonly ExportedFile[]> {
  switch (form) {
    case 'jsonl':
      return jsonLinesOf(strategy);
    case 'skill':
      return skillOf(strategy);
    case 'agents-md': {
      const path = 'AGENTS.md';
      return [{ path, content: agentsMarkdown(strategy, await textOf(join(out, path))) }];
    }
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
