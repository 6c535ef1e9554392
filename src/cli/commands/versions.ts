import { InvalidInputError } from '../../domain/errors.js';
import { lessonText } from '../../domain/lesson.js';
import type { VersionDiff } from '../../store/strategy-queries.js';
import type { CommandContext } from '../command.js';
import { findVersion } from '../finding.js';
import { looking, scopesOf } from '../looking.js';
import { instant } from '../numbers.js';
import { textTable } from '../text-table.js';
import type { OfAgent } from './lessons.js';

export function listVersions(options: OfAgent, context: CommandContext): Promise<number> {
  return looking(context, async (look) => {
    const versions = [];
    for (const scope of await scopesOf(look, options.agent)) {
      const pointer = await look.store.pointer(scope);
      for (const version of await look.queries.versions(scope)) {
        const isActive = version.id === pointer?.active;
        const isCanary = version.id === pointer?.canary?.version;
        const serves = isActive ? 'active' : isCanary ? 'canary' : null;
        versions.push({ agent: scope.agent, ...version, activeSpans: version.active, serves });
      }
    }
    const rows = versions.map((version) => [
      version.id,
      version.agent,
      version.serves ?? '',
      version.put,
      version.removed,
      version.parent ?? '',
      instant(version.createdAt),
    ]);
    const text =
      rows.length === 0
        ? 'No version yet. Next: ratchet run --agent A --input JSON'
        : textTable(['version', 'agent', 'serves', 'put', 'removed', 'parent', 'UTC'], rows);
    context.io.result({ tenant: look.tenant, versions }, text);
    return 0;
  });
}

export function showVersion(
  text: string,
  options: OfAgent,
  context: CommandContext,
): Promise<number> {
  return looking(context, async (look) => {
    const { scope, id } = await findVersion(look, text, options.agent);
    const version = await look.store.version(scope, id);
    const lessons = await look.store.lessonsServing(scope, id);
    const changes = (await look.queries.pointerHistory(scope)).filter(
      ({ active }) => active === id,
    );
    const instructions = await look.queries.instructions(scope, id);
    const shown = [
      `version ${id} of ${scope.agent}${version?.parent == null ? '' : `, from ${version.parent}`}`,
      JSON.stringify(version?.parameters),
      ...changes.map(
        ({ at, number, action, actor, reason }) =>
          `${instant(at)} pointer ${String(number)}: ${action} by ${actor.id}: ${reason}`,
      ),
      `${String(lessons.length)} lessons`,
      ...lessons.map(
        (lesson) => `- [${lesson.id}@${String(lesson.revision)}] ${lessonText(lesson.body)}`,
      ),
    ].join('\n');
    context.io.result({ ...scope, ...version, instructions, lessons, changes }, shown);
    return 0;
  });
}

export function diffTwoVersions(
  from: string,
  to: string,
  options: OfAgent,
  context: CommandContext,
): Promise<number> {
  return looking(context, async (look) => {
    const before = await findVersion(look, from, options.agent);
    const after = await findVersion(look, to, options.agent);
    if (before.scope.agent !== after.scope.agent) {
      throw new InvalidInputError(
        'versions',
        `one of ${before.scope.agent} and one of ${after.scope.agent}`,
        'two versions of one agent',
      );
    }
    const diff = await look.queries.diffVersions(before.scope, before.id, after.id);
    context.io.result({ ...before.scope, ...diff }, diffText(diff));
    return 0;
  });
}

/** A difference as people read it: `+` comes, `-` goes. */
export function diffText(diff: VersionDiff): string {
  const lines = [
    ...diff.added.map(
      (lesson) => `+ [${lesson.id}@${String(lesson.revision)}] ${lessonText(lesson.body)}`,
    ),
    ...diff.removed.map(
      (lesson) => `- [${lesson.id}@${String(lesson.revision)}] ${lessonText(lesson.body)}`,
    ),
    ...diff.changed.flatMap(({ before, after }) => [
      `- [${before.id}@${String(before.revision)}] ${lessonText(before.body)}`,
      `+ [${after.id}@${String(after.revision)}] ${lessonText(after.body)}`,
    ]),
    ...diff.parameters.map(
      ({ name, before, after }) =>
        `~ ${name}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`,
    ),
    ...(diff.instructionsChanged ? ['~ instructions'] : []),
    ...diff.tools.map((name) => `~ tool ${name}`),
  ];
  return lines.length === 0 ? 'no difference' : lines.join('\n');
}
