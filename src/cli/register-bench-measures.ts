import type { Command } from 'commander';

import type { OverheadOptions } from '../bench/overhead.js';
import type { RecallOptions } from '../bench/recall.js';
import type { Invoke } from './command.js';
import { countFromOne, wholeNumber } from './option-values.js';

/** `bench overhead` and `bench recall`: what Ratchet costs, on the machine it runs on. */
export function registerBenchMeasures(bench: Command, invoke: Invoke): void {
  bench
    .command('overhead')
    .description('a task against a bare Temporal workflow that makes the same calls')
    .option('--n <runs>', 'of each', countFromOne, 100)
    .action((options: OverheadOptions) =>
      invoke(async (context) =>
        (await import('./commands/bench-overhead.js')).runBenchOverhead(options, context),
      ),
    );
  bench
    .command('recall')
    .description(
      'recall from a strategy version of many lessons, as the activity of a task does it',
    )
    .option('--lessons <n>', 'made for the measurement', countFromOne, 10_000)
    .option('--queries <n>', 'one after the other', countFromOne, 1_000)
    .option('--seed <n>', 'of lessons and questions', wholeNumber, 1)
    .action((options: RecallOptions) =>
      invoke(async ({ config, io, signal }) =>
        (await import('../bench/recall.js')).runRecall(options, config, io, signal),
      ),
    );
}
