import { Option, type Command } from 'commander';

import type { Invoke } from './command.js';
import type { BenchInterCodeOptions } from './commands/bench-intercode.js';
import { wholeNumber } from './option-values.js';

/** `bench intercode`: recorded runs of real models, played through the loop. */
export function registerBenchInterCode(bench: Command, invoke: Invoke): void {
  bench
    .command('intercode')
    .description('the loop on recorded runs of real models on real databases')
    .option('--data <directory>', 'where the recordings are')
    .addOption(
      new Option(
        '--mode <mode>',
        'S: the loop; R: every run, its SQL run again; P: two put to the gate',
      )
        .choices(['S', 'R', 'P'])
        .default('S'),
    )
    .option('--plain <config>', 'the configuration without lessons, or the baseline')
    .option('--informed <config>', 'the configuration that has the schema, or the candidate')
    .option('--explore <config>', 'what plays in the sandbox after a failure, or "none"')
    .option('--seed <n>', 'of draws and bounds', wholeNumber, 1)
    .option('--out <file>', 'write the report there too')
    .action((options: BenchInterCodeOptions) =>
      invoke(async (context) =>
        (await import('./commands/bench-intercode.js')).runBenchInterCode(options, context),
      ),
    );
}
