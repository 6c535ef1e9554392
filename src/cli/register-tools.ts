import { Option, type Command } from 'commander';

import type { Invoke } from './command.js';
import type { ModelServerOptions } from './commands/model-server.js';
import type { ReproduceOptions } from './commands/reproduce.js';
import { countFromOne, port, score, wholeNumber } from './option-values.js';
import { registerBenchGate } from './register-bench-gate.js';
import { registerBenchInterCode } from './register-bench-intercode.js';
import { registerBenchMeasures } from './register-bench-measures.js';
import { registerRecall } from './register-recall.js';

/** Commands that check: what was decided, this machine, and how well it all works. */
export function registerTools(program: Command, invoke: Invoke): void {
  program
    .command('reproduce')
    .description('replay a history on this code, derive every decision again, and compare')
    .argument('[id]', 'an episode or a candidate')
    .option('--all', 'every candidate of the agent, and every episode that ran here')
    .option('--agent <agent>', 'whose')
    .action((id: string | undefined, options: ReproduceOptions) =>
      invoke(async (context) =>
        (await import('./commands/reproduce.js')).reproduce(id, options, context),
      ),
    );
  program
    .command('doctor')
    .description('every dependency with its state, and the fix')
    .action(() =>
      invoke(async (context) => (await import('./commands/doctor.js')).runDoctor(context)),
    );
  registerRecall(program, invoke);
  registerModelServer(program, invoke);
  const bench = program.command('bench').description('benchmarks and experiments');
  registerBenchGate(bench, invoke);
  registerBenchInterCode(bench, invoke);
  registerBenchMeasures(bench, invoke);
}

function registerModelServer(program: Command, invoke: Invoke): void {
  program
    .command('model-server')
    .description('a stand-in for a model, as an OpenAI-compatible endpoint on the loopback')
    .argument('[kind]', 'simulated; or --recorded DIR')
    .option('--recorded <directory>', 'replay recorded runs of real models')
    .addOption(
      new Option(
        '--mode <mode>',
        'S: informed where the lessons tell the schema; D: from a task on',
      )
        .choices(['S', 'R', 'P', 'D'])
        .default('S'),
    )
    .option('--plain <config>', 'the configuration without lessons', 'gpt-3.5-1t')
    .option('--informed <config>', 'the configuration that knows the schema', 'gpt-3.5-1t-schema')
    .option('--explore <config>', 'one more to have at hand')
    .option('--change-at <task>', 'mode D: from which task on, counted from 1', countFromOne)
    .option('--port <port>', '0 for a free one', port, 0)
    .option('--latency-ms <ms>', 'waited before each reply of the simulated model', wholeNumber, 0)
    .option('--seed <n>', 'of its draws and faults', wholeNumber, 1)
    .option(
      '--faults <share>',
      'how many requests fail: 429, 500, timeout, half body, twice',
      score,
    )
    .action((kind: string | undefined, options: ModelServerOptions) =>
      invoke(async (context) =>
        (await import('./commands/model-server.js')).runModelServer(kind, options, context),
      ),
    );
}
