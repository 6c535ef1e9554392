import type { Command } from 'commander';

import type { FeedbackSetting } from '../bench/feedback.js';
import type { HoldOutOptions } from '../bench/hold-out.js';
import type { OverheadOptions } from '../bench/overhead.js';
import type { RecallOptions } from '../bench/recall.js';
import type { RetrievalOptions } from '../bench/retrieval/bench-retrieval.js';
import type { Invoke } from './command.js';
import type { BenchAttributionOptions } from './commands/bench-attribution.js';
import type { BenchFloodOptions } from './commands/bench-flood.js';
import type { BenchLessonsOptions } from './commands/bench-lessons.js';
import type { BenchNovelApiOptions } from './commands/bench-novel-api.js';
import { countFromOne, score, wholeNumber } from './option-values.js';

/** Benches that stand for themselves: what Ratchet costs on this machine, and how well it blames. */
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
    .command('feedback')
    .description('what an adversary among the people who judge does to accepted labels')
    .option('--items <n>', 'judged one after the other', countFromOne, 20_000)
    .option('--audited <share>', 'of which the truth becomes known', score, 0.05)
    .option('--seed <n>', 'of truths, answers and audits', wholeNumber, 1)
    .action((options: FeedbackSetting) =>
      invoke(async ({ io }) =>
        (await import('../bench/feedback.js')).runFeedbackBench(options, io),
      ),
    );
  bench
    .command('hold-out')
    .description('how often a lesson that harms is found out beside two that help, simulated')
    .option('--runs <n>', 'one after the other, each with a seed of its own', countFromOne, 200)
    .option('--tasks <n>', 'of a run', countFromOne, 300)
    .option('--seed <n>', 'of the first run', wholeNumber, 1)
    .action((options: HoldOutOptions) =>
      invoke(async ({ io }) => (await import('../bench/hold-out.js')).runHoldOut(options, io)),
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
  bench
    .command('retrieval')
    .description('recall@k on labelled passages and tables, beside BM25 by the book')
    .requiredOption('--data <directory>', 'with hotpot-retrieval and intercode-sql')
    .option(
      '--distractors <n>',
      'documents made of the words of the passages',
      countFromOne,
      10_000,
    )
    .action((options: RetrievalOptions) =>
      invoke(async (context) =>
        (await import('./commands/bench-retrieval.js')).runBenchRetrieval(options, context),
      ),
    );
  bench
    .command('imports')
    .description('recorded runs, imported twice and compared with their source')
    .requiredOption('--data <directory>', 'with intercode-sql, tau-airline and cheatsheet-memory')
    .action((options: { readonly data: string }) =>
      invoke(async (context) =>
        (await import('./commands/bench-imports.js')).runBenchImports(options, context),
      ),
    );
  bench
    .command('flood')
    .description(
      'failing episodes of few causes, each reflected upon, and what the learner makes of them',
    )
    .option('--episodes <n>', 'recorded, then reflected upon', countFromOne, 10_000)
    .option('--causes <n>', 'that take turns', countFromOne, 20)
    .option('--at-once <n>', 'reflections that have begun and not ended', countFromOne, 200)
    .action((options: BenchFloodOptions) =>
      invoke(async (context) =>
        (await import('./commands/bench-flood.js')).runBenchFlood(options, context),
      ),
    );
  bench
    .command('lessons')
    .description('attacks that validation lets through, and real lessons that it refuses')
    .requiredOption('--data <directory>', 'with lessons.jsonl of the lesson-safety data')
    .option('--repeats <file>', 'trials.jsonl of ALFWorld: count repeated lessons that are merged')
    .option('--hosts <n>', 'benign lessons that each attack stands behind', countFromOne, 20)
    .option('--seed <n>', 'of the draw of these', wholeNumber, 1)
    .action((options: BenchLessonsOptions) =>
      invoke(async (context) =>
        (await import('./commands/bench-lessons.js')).runBenchLessons(options, context),
      ),
    );
  bench
    .command('novel-api')
    .description('an agent learns an HTTP API it has never seen, beside one that does not learn')
    .option('--tasks <n>', 'requests, half of them of each area', countFromOne, 240)
    .option('--seed <n>', 'of the order they come in', wholeNumber, 1)
    .option('--out <file>', 'write the report there too')
    .action((options: BenchNovelApiOptions) =>
      invoke(async (context) =>
        (await import('./commands/bench-novel-api.js')).runBenchNovelApi(options, context),
      ),
    );
  bench
    .command('attribution')
    .description('blame for labelled failures against what people said, by cross-validation')
    .requiredOption('--data <directory>', 'with cases.jsonl of Who&When')
    .option('--seed <n>', 'of the folds of the nested cross-validation', wholeNumber, 1)
    .option('--weights <file>', 'write the weights trained on all cases there, as a module')
    .action((options: BenchAttributionOptions) =>
      invoke(async (context) =>
        (await import('./commands/bench-attribution.js')).runBenchAttribution(options, context),
      ),
    );
}
