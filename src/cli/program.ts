import { Command, Option } from 'commander';

import type { Invoke, Run, SharedOptions } from './command.js';
import type { DemoOptions } from './commands/demo.js';
import type { RunOptions } from './commands/run.js';
import type { ServeOptions } from './commands/serve.js';
import type { UpOptions } from './commands/up.js';
import type { WorkerOptions } from './commands/worker.js';
import type { Streams } from './io.js';
import { personName, port, wholeNumber } from './option-values.js';
import { registerDeciding } from './register-deciding.js';
import { registerEvaluating } from './register-evaluating.js';
import { registerImporting } from './register-importing.js';
import { registerLooking } from './register-looking.js';
import { registerTools } from './register-tools.js';

export interface ProgramSurroundings {
  readonly streams: Streams;
  readonly run: (command: Run, shared: SharedOptions) => Promise<void>;
}

/** The tree of commands: names, options and texts, and nothing of what they do. */
export function createProgram({ streams, run }: ProgramSurroundings): Command {
  const program = new Command('ratchet')
    .description('A durable learning loop for AI agents, on Temporal.')
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .option('--tenant <tenant>', 'whose agents (default: RATCHET_TENANT, else "default")')
    .option(
      '--actor <name>',
      'who acts (default: RATCHET_ACTOR, else the user of this machine)',
      personName,
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => streams.out.write(text),
      writeErr: (text) => streams.error.write(text),
    })
    .addHelpText('after', '\nratchet --version (or -V) says which one this is.')
    .showHelpAfterError('(ratchet --help shows the commands and options)')
    .exitOverride();
  const invoke: Invoke = (command) => run(command, program.opts<SharedOptions>());

  registerHouse(program, invoke);
  registerLooking(program, invoke);
  registerDeciding(program, invoke);
  registerImporting(program, invoke);
  registerEvaluating(program, invoke);
  registerTools(program, invoke);
  for (const command of program.commands) showUse(command, 'ratchet');
  return program;
}

/** After an error each command shows how it is called, with all it cannot do without. */
function showUse(command: Command, parent: string): void {
  const path = `${parent} ${command.name()}`;
  const given = command.registeredArguments.filter(({ required }) => required);
  const use = [
    path,
    ...given.map((argument) => argument.name().toUpperCase()),
    ...command.options.filter(({ mandatory }) => mandatory).map(({ flags }) => valueShown(flags)),
  ].join(' ');
  command.showHelpAfterError(`(as in: ${use}; ${path} --help shows all options)`);
  for (const each of command.commands) showUse(each, path);
}

function valueShown(flags: string): string {
  return flags.replace(/<(.+)>/, (_, name: string) => name.toUpperCase());
}

function registerHouse(program: Command, invoke: Invoke): void {
  program
    .command('up')
    .description(
      'Postgres, Temporal with its UI, workers and dashboard, all embedded; until Ctrl-C',
    )
    .option('--port <port>', 'of the dashboard (default: RATCHET_PORT, else 7400)', port)
    .action((options: UpOptions) =>
      invoke(async (context) => (await import('./commands/up.js')).runUp(options, context)),
    );
  program
    .command('demo')
    .description('the house and the story of the demonstration')
    .option('--once', 'end after the story', false)
    .addOption(new Option('--report <file>', 'write the report there').default(null, 'none'))
    .option('--seed <n>', 'which story', wholeNumber, 1)
    .action((options: DemoOptions) =>
      invoke(async ({ config, io, signal }) => {
        const { withQuietTemporal } = await import('./temporal-logs.js');
        const { runDemo } = await import('./commands/demo.js');
        return withQuietTemporal(config, () => runDemo(options, config, io, signal));
      }),
    );
  program
    .command('worker')
    .description('workers alone, against TEMPORAL_ADDRESS and DATABASE_URL')
    .addOption(new Option('--only <queue>', 'one queue of the two').choices(['live', 'shadow']))
    .action((options: WorkerOptions) =>
      invoke(async (context) => (await import('./commands/worker.js')).runWorker(options, context)),
    );
  program
    .command('serve')
    .description('API and dashboard alone, against TEMPORAL_ADDRESS and DATABASE_URL')
    .option('--port <port>', 'to listen on (default: RATCHET_PORT, else 7400)', port)
    .option('--host <address>', 'to listen on; beyond the loopback RATCHET_API_TOKEN is asked for')
    .action((options: ServeOptions) =>
      invoke(async (context) => (await import('./commands/serve.js')).runServe(options, context)),
    );
  program
    .command('run')
    .description('one task')
    .requiredOption('--agent <agent>', 'who does it')
    .requiredOption('--input <json>', 'what it is given, a JSON object')
    .option('--task <id>', 'its id; the same id with the same input is the same task')
    .option('--subject <subject>', 'the person it comes from')
    .option('--wait', 'until it has ended')
    .action((options: RunOptions) =>
      invoke(async (context) => (await import('./commands/run.js')).runTask(options, context)),
    );
}
