import { Option, type Command } from 'commander';

import type { AnswerOptions } from './commands/answer.js';
import type { DecideOptions } from './commands/decide.js';
import type { EraseOptions } from './commands/erase.js';
import type { FeedbackOptions } from './commands/feedback.js';
import type { OverrideOptions, RollbackOptions } from './commands/override.js';
import type { Invoke } from './command.js';
import { reason, score } from './option-values.js';

const WORDS = [
  [
    'approve',
    'let a candidate that passed, and waits for a person, go on; of a disputed lesson: it stands',
  ],
  ['veto', 'reject a candidate'],
  ['force', 'promote a candidate whatever its gate says; the audit keeps who did'],
  ['abort', 'end a candidate'],
] as const;

const EXPECT_VERSION = ['--expect-version <version>', 'refuse when another one is active'] as const;

/** Commands by which people judge and decide. */
export function registerDeciding(program: Command, invoke: Invoke): void {
  program
    .command('feedback')
    .description(
      'judge what an agent did, or see what waits for a person; sent twice it is stored once',
    )
    .argument(
      '[episode]',
      'its id or the beginning of it, or a task; none: what waits for a person',
    )
    .option('--score <share>', '0 (wrong) to 1 (right)', score)
    .option('--correction <text>', 'what the output should have been')
    .option('--comment <text>', 'anything else')
    .option('--audit', 'a measure for others who judge: experts and owners')
    .option('--veto', "an owner's last word on the outcome; logged")
    .option('--group <name>', 'whom it errs with: a group has one voice (default: the actor alone)')
    .option('--id <id>', 'of the feedback (default: hash of who said what)')
    .action((episode: string | undefined, options: FeedbackOptions) =>
      invoke(async (context) =>
        (await import('./commands/feedback.js')).giveFeedback(episode, options, context),
      ),
    );
  program
    .command('answer')
    .description('answer a task that waits for a person')
    .argument('<task>')
    .option('--agent <agent>', 'whose task it is')
    .option('--text <text>', 'the answer, or the result of a call of unknown fate')
    .option('--allow', 'let the call run; one of unknown fate did not happen and is made again')
    .option('--deny', 'refuse it; one of unknown fate did not happen and shall not')
    .option('--call <id>', 'which call (default: the oldest that waits)')
    .action((task: string, options: AnswerOptions) =>
      invoke(async (context) =>
        (await import('./commands/answer.js')).answerTask(task, options, context),
      ),
    );
  program
    .command('erase')
    .description('erase what a person said of outcomes, and what was learned from it alone')
    .requiredOption('--subject <subject>', 'who')
    .addOption(
      new Option('--only <what>', 'what of it').choices(['feedback']).makeOptionMandatory(),
    )
    .requiredOption('--reason <text>', 'why', reason)
    .action((options: EraseOptions) =>
      invoke(async (context) => (await import('./commands/erase.js')).erase(options, context)),
    );
  for (const [word, description] of WORDS) {
    program
      .command(word)
      .description(description)
      .argument(
        '<candidate>',
        'its id or the beginning of it, or c3; with approve also lesson@revision',
      )
      .requiredOption('--reason <text>', 'why', reason)
      .option('--agent <agent>', 'whose candidate it is')
      .option(...EXPECT_VERSION)
      .action((candidate: string, options: DecideOptions) =>
        invoke(async (context) =>
          (await import('./commands/decide.js')).decide(word, candidate, options, context),
        ),
      );
  }
  registerOverrides(program, invoke);
}

function registerOverrides(program: Command, invoke: Invoke): void {
  program
    .command('rollback')
    .description('return to the last known-good version, to the one named, or from a candidate')
    .argument('[candidate]', 'the one to take back (default: the one that serves), or c3')
    .option('--agent <agent>', 'whose; needed where no candidate is named')
    .requiredOption('--reason <text>', 'why', reason)
    .option('--to <version>', 'or the beginning of its id')
    .option(...EXPECT_VERSION)
    .action((candidate: string | undefined, options: RollbackOptions) =>
      invoke(async (context) =>
        (await import('./commands/override.js')).rollback(candidate, options, context),
      ),
    );
  const overrides = [
    ['freeze', 'no canary starts or advances'],
    ['unfreeze', 'canaries go on'],
    ['rearm', 'candidates are promoted without a person again, after three rollbacks'],
    ['unpin', 'tasks get the active version and the canary again'],
  ] as const;
  for (const [kind, description] of overrides) {
    program
      .command(kind)
      .description(description)
      .requiredOption('--agent <agent>', 'whose')
      .requiredOption('--reason <text>', 'why', reason)
      .option(...EXPECT_VERSION)
      .action((options: OverrideOptions) =>
        invoke(async (context) =>
          (await import('./commands/override.js')).override(kind, options, context),
        ),
      );
  }
  program
    .command('pin')
    .description('one version serves every task')
    .requiredOption('--agent <agent>', 'whose')
    .requiredOption('--version <version>', 'or the beginning of its id')
    .requiredOption('--reason <text>', 'why', reason)
    .option(...EXPECT_VERSION)
    .action((options: OverrideOptions) =>
      invoke(async (context) =>
        (await import('./commands/override.js')).override('pin', options, context),
      ),
    );
}
