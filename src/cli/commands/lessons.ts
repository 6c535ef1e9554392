import type { DisputedLesson } from '../../activities/store.js';
import { LAYER_OF_KIND, lessonText, type LessonRevision } from '../../domain/lesson.js';
import type { CommandContext } from '../command.js';
import { findLesson } from '../finding.js';
import { looking, scopesOf } from '../looking.js';
import { textTable } from '../text-table.js';

export interface OfAgent {
  readonly agent?: string;
}

export function listLessons(options: OfAgent, context: CommandContext): Promise<number> {
  return looking(context, async (look) => {
    const lessons = [];
    const disputes: (DisputedLesson & { readonly agent: string })[] = [];
    for (const scope of await scopesOf(look, options.agent)) {
      const serving = await servedRevisions(look, scope);
      disputes.push(...(await openDisputes(look, scope)));
      for (const lesson of await look.queries.lessons(scope)) {
        lessons.push({
          agent: scope.agent,
          ...lesson,
          layer: LAYER_OF_KIND[lesson.kind],
          text: lessonText(lesson.body),
          serving: serving.get(lesson.id) ?? null,
        });
      }
    }
    const rows = lessons.map((lesson) => [
      `${lesson.id}@${String(lesson.revision)}`,
      lesson.kind,
      lesson.status,
      lesson.trust,
      lesson.evidence.length,
      lesson.text,
    ]);
    const text =
      rows.length === 0
        ? 'No lesson yet: they come from episodes that failed, recovered or were corrected.'
        : textTable(['lesson', 'kind', 'status', 'trust', 'evidence', 'text'], rows);
    const shown = [text, ...disputeLines(disputes)].join('\n');
    context.io.result({ tenant: look.tenant, lessons, disputes }, shown);
    return 0;
  });
}

async function openDisputes(look: Look, scope: AgentScope) {
  const all = await look.store.disputes(scope);
  return all
    .filter(({ kept }) => kept === null)
    .map((disputed) => ({ agent: scope.agent, ...disputed }));
}

/** What waits for a person: lessons that contradict each other, all of them out. */
function disputeLines(disputes: readonly DisputedLesson[]): string[] {
  if (disputes.length === 0) return [];
  const [first] = disputes;
  const names = disputes.map(
    ({ dispute, lesson, revision, side, reason }) =>
      `  ${dispute}: ${lesson}@${String(revision)} (${side}), ${reason}`,
  );
  const example = `${first?.lesson ?? ''}@${String(first?.revision ?? 1)}`;
  return [
    '',
    `${String(disputes.length)} lessons are disputed and wait for a person; none of them serves:`,
    ...names,
    `say which stands: \`ratchet approve ${example} --reason R\``,
  ];
}

type Look = Parameters<Parameters<typeof looking>[1]>[0];
type AgentScope = Awaited<ReturnType<typeof scopesOf>>[number];

/** Which revision of each lesson the active version holds. */
async function servedRevisions(
  { store }: Look,
  scope: AgentScope,
): Promise<ReadonlyMap<string, number>> {
  const pointer = await store.pointer(scope);
  if (pointer === null) return new Map();
  const served = await store.lessonsServing(scope, pointer.active);
  return new Map(served.map(({ id, revision }) => [id, revision]));
}

export function showLesson(
  text: string,
  options: OfAgent,
  context: CommandContext,
): Promise<number> {
  return looking(context, async (look) => {
    const { scope, id } = await findLesson(look, text, options.agent);
    const revisions = await look.queries.revisions(scope, id);
    const disputes = (await openDisputes(look, scope)).filter(({ dispute }, _index, all) =>
      all.some((one) => one.dispute === dispute && one.lesson === id),
    );
    const shown = [revisions.map(revisionText).join('\n\n'), ...disputeLines(disputes)].join('\n');
    context.io.result({ ...scope, id, revisions, disputes }, shown);
    return 0;
  });
}

function revisionText(lesson: LessonRevision): string {
  const { trigger } = lesson;
  const where = trigger.predicates.map(
    ({ field, op, value }) =>
      `${field} ${op} ${typeof value === 'string' ? value : value.join(', ')}`,
  );
  return [
    `${lesson.id}@${String(lesson.revision)} ${lesson.title}`,
    `${lesson.kind}, ${lesson.status}, trust ${lesson.trust}${where.length === 0 ? '' : `, where ${where.join(' and ')}`}`,
    lessonText(lesson.body).replace(/^/gm, '  '),
    ...(trigger.when === '' ? [] : [`when ${trigger.when}`]),
    ...(trigger.notWhen === '' ? [] : [`not when ${trigger.notWhen}`]),
    lesson.rationale,
    ...lesson.sources.map(({ channel, principal }) => `from ${channel} of ${principal}`),
    ...lesson.evidence.map(
      ({ episode, steps, role }) => `seen in ${episode}, steps ${steps.join(', ')} (${role})`,
    ),
  ].join('\n');
}
