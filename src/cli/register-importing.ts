import { Option, type Command } from 'commander';

import type { Invoke } from './command.js';
import type { ExportOptions } from './commands/export.js';
import type { ImportOptions } from './commands/import.js';
import type { ReflectOptions } from './commands/reflect.js';

/** Commands that bring in what was recorded elsewhere, and take out what was learned here. */
export function registerImporting(program: Command, invoke: Invoke): void {
  program
    .command('import')
    .description('runs of agents, or lessons, that were recorded elsewhere')
    .argument('<format>', 'an unknown one is answered by those there are')
    .argument('<file>', 'or - for standard input')
    .option('--agent <agent>', 'whose they are (default: what the source says)')
    .option('--strict', 'import nothing if any record is bad')
    .addOption(
      new Option('--redact <what>', 'taken out before the first write')
        .choices(['secrets', 'personal'])
        .default('secrets'),
    )
    .action((format: string, file: string, options: ImportOptions) =>
      invoke(async (context) =>
        (await import('./commands/import.js')).runImportCommand(format, file, options, context),
      ),
    );
  program
    .command('reflect')
    .description('mine the imported episodes of an agent for lessons; the gate decides on them')
    .requiredOption('--agent <agent>', 'one that the configuration names')
    .action((options: ReflectOptions) =>
      invoke(async (context) =>
        (await import('./commands/reflect.js')).runReflect(options, context),
      ),
    );
  program
    .command('export')
    .description('the lessons that serve, for others to read')
    .requiredOption('--out <directory>', 'where; AGENTS.md there keeps what others wrote in it')
    .addOption(
      new Option('--form <form>', 'lessons.jsonl with a manifest, SKILL.md or AGENTS.md')
        .choices(['jsonl', 'skill', 'agents-md'])
        .default('jsonl'),
    )
    .option('--agent <agent>', 'whose')
    .option('--version <version>', 'of this version (default: the one that serves)')
    .action((options: ExportOptions) =>
      invoke(async (context) =>
        (await import('./commands/export.js')).exportLessons(options, context),
      ),
    );
}
