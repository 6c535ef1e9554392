import { DEFAULT_PERMISSIONS } from '../../domain/strategy.js';
import { permissionsOf } from '../../contracts/agent.js';
import { agentId, tenantId } from '../../contracts/ids.js';
import { InvalidInputError } from '../../domain/errors.js';
import { PRIOR_RELIABILITY } from '../../domain/feedback.js';
import { IMPORT_FORMATS, type ImportFormat } from '../../domain/imported-run.js';
import type { Redaction } from '../../domain/redaction.js';
import type { SeedAuthor } from '../../contracts/import/seed-lessons.js';
import type { RatchetConfig } from '../../contracts/ratchet-config.js';
import { createImports } from '../../store/imports.js';
import { pseudonyms } from '../../security/pseudonyms.js';
import { launchLog, type CommandContext } from '../command.js';
import { homeSecret } from '../home-secret.js';
import { findConfiguration } from '../configuration.js';
import { EXIT } from '../exit-codes.js';
import { openDatabase } from '../house.js';
import { runImport, type ImportAnswer } from '../import/run-import.js';
import { importSource } from '../import/source.js';
import { personOf } from '../person.js';

export interface ImportOptions {
  readonly strict?: boolean;
  readonly agent?: string;
  readonly redact: Redaction;
}

/** Other names that people know the formats by. */
const ALIASES: Readonly<Record<string, ImportFormat>> = {
  openai: 'openai-chat',
  chat: 'openai-chat',
  altk: 'altk-evolve',
  evolve: 'altk-evolve',
  phoenix: 'openinference',
  otel: 'otel-genai',
  otlp: 'otel-genai',
  tau: 'tau-bench',
  'intercode-sql': 'intercode',
  'dynamic-cheatsheet': 'cheatsheet-memory',
  markdown: 'lessons',
};

/** Reads runs or lessons that were recorded elsewhere into the database; Temporal is not needed. */
export async function runImportCommand(
  name: string,
  file: string,
  options: ImportOptions,
  context: CommandContext,
): Promise<number> {
  const { config, io, input, signal, shared, directory } = context;
  const format = formatNamed(name);
  const agent = options.agent === undefined ? null : agentId(options.agent);
  const tenant = tenantId(shared.tenant ?? config.tenant);
  const isStrict = options.strict === true;
  const source = await importSource(file, input, signal, isStrict);
  const configuration = format === 'lessons' ? await findConfiguration(config, directory) : null;
  const database = await openDatabase({ config, log: launchLog(context, true), signal });
  try {
    const answer = await runImport(
      source,
      {
        format,
        agent,
        isStrict,
        redaction: options.redact,
        pseudonymOf: pseudonyms(await redactionKey(options.redact, config), tenant),
        author: authorOf(context, configuration, database.isEmbedded),
        lessonsFor: lessonsFor(configuration, agent),
      },
      { tenant, imports: createImports(database.pool), proposals: database.store },
      io,
    );
    io.result(answer, textOf(answer, agent));
    return isStrict && answer.errors.length > 0 ? EXIT.usage : EXIT.ok;
  } finally {
    await database.close();
  }
}

/** The key is made only where it is used. */
async function redactionKey(what: Redaction, config: CommandContext['config']): Promise<string> {
  if (what === 'secrets') return '';
  return config.redactionKey ?? (await homeSecret(config.home, 'redaction.key'));
}

function formatNamed(name: string): ImportFormat {
  const wanted = name.toLowerCase().replaceAll('_', '-');
  const format = IMPORT_FORMATS.find((each) => each === wanted) ?? aliasNamed(wanted);
  if (format !== undefined) return format;
  const known = IMPORT_FORMATS.map((each) => {
    const others = Object.keys(ALIASES).filter((alias) => ALIASES[alias] === each);
    return others.length === 0 ? each : `${each} (${others.join(', ')})`;
  });
  throw new InvalidInputError('FORMAT', JSON.stringify(name), `one of ${known.join(', ')}`);
}

function aliasNamed(name: string): ImportFormat | undefined {
  return Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
}

/** A list of lessons is the word of a person who owns the agents or knows the matter. */
function authorOf(
  { config, shared }: CommandContext,
  configuration: RatchetConfig | null,
  isEmbedded: boolean,
): SeedAuthor | null {
  const { actor, role } = personOf(shared, config, configuration?.people, isEmbedded);
  if (role === 'user') return null;
  const authority = PRIOR_RELIABILITY[role];
  return { source: { channel: 'operator', principal: actor, authority }, trust: 'high' };
}

/** Lessons of an agent that the configuration names are held against its permissions and tools. */
function lessonsFor(configuration: RatchetConfig | null, agent: string | null) {
  const known = configuration?.agents.find(({ id }) => id === agent);
  if (known === undefined) return { permissions: DEFAULT_PERMISSIONS, tools: [] };
  return { permissions: permissionsOf(known), tools: known.tools.map(({ name }) => name) };
}

const SHOWN_FAULTS = 20;

function textOf(
  { format, read, added, skipped, errors }: ImportAnswer,
  agent: string | null,
): string {
  const more = errors.length - SHOWN_FAULTS;
  return [
    `${format}: ${String(read)} read, ${String(added)} added, ${String(skipped)} skipped, ${String(errors.length)} bad`,
    ...errors.slice(0, SHOWN_FAULTS).map(({ line, message }) => `line ${String(line)}: ${message}`),
    ...(format === 'lessons' && added > 0
      ? [`Next: ratchet reflect --agent ${agent ?? 'A'} tells the learner of them.`]
      : []),
    ...(more > 0 ? [`and ${String(more)} more; --json lists them`] : []),
  ].join('\n');
}
