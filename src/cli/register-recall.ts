import type { Command } from 'commander';

import type { Invoke } from './command.js';
import type { RecallEvaluateOptions } from './commands/recall-evaluate.js';
import { countsFromOne } from './option-values.js';

/** `recall evaluate`: the ranking of live recall on somebody's labelled data. */
export function registerRecall(program: Command, invoke: Invoke): void {
  program
    .command('recall')
    .description('how lessons are found')
    .command('evaluate')
    .description('recall@k of the built-in ranking on labelled documents and queries, JSON lines')
    .requiredOption('--docs <file>', 'a line each: doc_id, text, title where there is one')
    .requiredOption('--queries <file>', 'a line each: query_id, question, relevant_ids')
    .option('--k <counts>', 'how many of the best are looked at', countsFromOne, [1, 2, 5, 10])
    .action((options: RecallEvaluateOptions) =>
      invoke(async (context) =>
        (await import('./commands/recall-evaluate.js')).runRecallEvaluate(options, context),
      ),
    );
}
