import type { Command } from 'commander';

import type { OverheadOptions } from '../bench/overhead.js';
import type { Invoke } from './command.js';
import { countFromOne } from './option-values.js';

/** `bench overhead`: what Ratchet costs beside the loop alone. */
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
}
