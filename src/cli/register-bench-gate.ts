import type { Command } from 'commander';

import type { BenchGateOptions } from '../bench/gate/bench-gate.js';
import type { Invoke } from './command.js';
import { wholeNumber } from './option-values.js';

/** `bench gate`: what the gate and the monitor are published to do, simulated here. */
export function registerBenchGate(bench: Command, invoke: Invoke): void {
  bench
    .command('gate')
    .description('the tables and curves of the gate from seeded simulation, beside the published')
    .option('--seed <n>', 'of every draw', wholeNumber, 1)
    .option('--quick', 'a twentieth of the published runs')
    .option('--out <directory>', 'write the curves there, as SVG')
    .option('--data <directory>', 'recorded outcomes of real configurations to try it on')
    .action((options: BenchGateOptions) =>
      invoke(async (context) =>
        (await import('../bench/gate/bench-gate.js')).runBenchGate(options, context),
      ),
    );
}
