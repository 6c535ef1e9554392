import type { Command } from 'commander';

import type { Invoke } from './command.js';
import type { GateEvaluateOptions } from './evaluate/gate-options.js';

/** `gate evaluate`, `monitor evaluate` and `attribute`: what the loop decides with, on anybody's data. */
export function registerEvaluating(program: Command, invoke: Invoke): void {
  program
    .command('gate')
    .description('the gate, on pairs of your own')
    .command('evaluate')
    .description('pairs as JSON lines on standard input, the verdict on standard output')
    .option('--alpha <level>', 'chance of a false promotion (default: 0.05)')
    .option('--max-pairs <n>', 'pairs after which the effect test ends (default: 400)')
    .option(
      '--slice-key <key>',
      'a slice key that counts; may be repeated (default: all)',
      repeated,
    )
    .option('--config <file>', 'more settings, as JSON')
    .action((options: GateEvaluateOptions) =>
      invoke(async (context) =>
        (await import('./commands/gate-evaluate.js')).runGateEvaluate(options, context),
      ),
    );
  program
    .command('monitor')
    .description('the watch over a promotion, on outcomes of your own')
    .command('evaluate')
    .description('live outcomes as JSON lines on standard input, alarms on standard output')
    .action(() =>
      invoke(async (context) =>
        (await import('./commands/monitor-evaluate.js')).runMonitorEvaluate(context),
      ),
    );
  program
    .command('attribute')
    .description('failed trajectories as JSON lines on stdin, whom to blame for each on stdout')
    .action(() =>
      invoke(async (context) => (await import('./commands/attribute.js')).runAttribute(context)),
    );
}

function repeated(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
