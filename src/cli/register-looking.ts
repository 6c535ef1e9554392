import { Option, type Command } from 'commander';

import { InvalidInputError } from '../domain/errors.js';
import type { CommandContext, Invoke } from './command.js';
import type { AuditOptions } from './commands/audit.js';
import type { EpisodesOptions } from './commands/episodes.js';
import type { OfAgent } from './commands/lessons.js';
import { countFromOne } from './option-values.js';

type List = (options: OfAgent, context: CommandContext) => Promise<number>;
type Show = (id: string, options: OfAgent, context: CommandContext) => Promise<number>;

const load = {
  episodes: () => import('./commands/episodes.js'),
  lessons: () => import('./commands/lessons.js'),
  candidates: () => import('./commands/candidates.js'),
  versions: () => import('./commands/versions.js'),
  why: () => import('./commands/why.js'),
  audit: () => import('./commands/audit.js'),
};

/** Commands that look: they need the database alone, and `lessons check` not even that. */
export function registerLooking(program: Command, invoke: Invoke): void {
  registerEpisodes(program, invoke);
  registerAudit(program, invoke);
  const noun = (
    name: string,
    description: string,
    list: () => Promise<List>,
    show: () => Promise<Show>,
  ) =>
    program
      .command(name)
      .description(description)
      .argument('[action]', 'list, or show with an id')
      .argument('[id]', 'or the beginning of one')
      .option('--agent <agent>', 'of this agent alone')
      .action((action: string | undefined, id: string | undefined, options: OfAgent) =>
        invoke(async (context) => {
          const shown = idToShow(name, action, id);
          if (shown === undefined) return (await list())(options, context);
          return (await show())(shown, options, context);
        }),
      );
  noun(
    'lessons',
    'what was learned, with where it was seen',
    async () => (await load.lessons()).listLessons,
    async () => (await load.lessons()).showLesson,
  )
    .command('check')
    .description('lessons as JSON lines on stdin, whether each may stand in a prompt on stdout')
    .action(() =>
      invoke(async (context) =>
        (await import('./commands/lessons-check.js')).runLessonsCheck(context),
      ),
    );
  noun(
    'candidates',
    'proposed changes, with verdicts and evidence; c3 is candidate number 3',
    async () => (await load.candidates()).listCandidates,
    async () => (await load.candidates()).showCandidate,
  );
  noun(
    'versions',
    'strategy versions, and when they served',
    async () => (await load.versions()).listVersions,
    async () => (await load.versions()).showVersion,
  );
  program
    .command('diff')
    .description('what one strategy version changes against another')
    .argument('<from>')
    .argument('<to>')
    .option('--agent <agent>', 'whose versions they are')
    .action((from: string, to: string, options: OfAgent) =>
      invoke(async (context) =>
        (await load.versions()).diffTwoVersions(from, to, options, context),
      ),
    );
  program
    .command('why')
    .description('version, lessons, evidence, verdicts and people behind an episode')
    .argument('<episode>', 'its id or the beginning of it, or a task')
    .action((id: string) => invoke(async (context) => (await load.why()).whyEpisode(id, context)));
}

function registerAudit(program: Command, invoke: Invoke): void {
  program
    .command('audit')
    .description(
      'check the chain of audit entries and what was anchored of it before, or a receipt',
    )
    .argument('<action>', 'verify, or receipt')
    .argument('[file]', 'the receipt of an erasure')
    .option(
      '--anchor <file>',
      'heads written down outside (default: audit-anchors in RATCHET_HOME)',
    )
    .action((action: string, file: string | undefined, options: AuditOptions) =>
      invoke(async (context) => {
        if (action === 'verify') return (await load.audit()).verifyChains(options, context);
        if (action === 'receipt') {
          return (await import('./commands/receipt.js')).verifyReceipt(file, context);
        }
        throw new InvalidInputError('audit', JSON.stringify(action), 'verify or receipt');
      }),
    );
}

function registerEpisodes(program: Command, invoke: Invoke): void {
  program
    .command('episodes')
    .description('what agents did')
    .argument('[action]', 'list, or show with an id')
    .argument('[id]', 'of an episode or the beginning of it, a task, or an imported run')
    .option('--agent <agent>', 'of this agent alone')
    .addOption(
      new Option('--mode <mode>', 'which runs (default: live and imported ones)').choices([
        'live',
        'shadow',
        'explore',
        'imported',
      ]),
    )
    .option('--limit <n>', 'the newest ones', countFromOne, 50)
    .addOption(new Option('--group-by <key>', 'count them instead').choices(['slice']))
    .action((action: string | undefined, id: string | undefined, options: EpisodesOptions) =>
      invoke(async (context) => {
        const shown = idToShow('episodes', action, id);
        const { listEpisodes, showEpisode } = await load.episodes();
        if (shown === undefined) return listEpisodes(options, context);
        return showEpisode(shown, context);
      }),
    );
}

/** `list` or nothing lists; `show ID` shows. */
function idToShow(
  name: string,
  action: string | undefined,
  id: string | undefined,
): string | undefined {
  if (action === 'show') {
    if (id !== undefined) return id;
    throw new InvalidInputError(`${name} show`, 'no id', `one of \`ratchet ${name}\``);
  }
  if (action !== undefined && action !== 'list') {
    throw new InvalidInputError(name, JSON.stringify(action), 'list or show ID');
  }
  if (id === undefined) return undefined;
  throw new InvalidInputError(
    `${name} list`,
    JSON.stringify(id),
    'nothing more; show ID shows one',
  );
}
