import { candidateId } from '../contracts/ids.js';
import { bisectBundle, type BundleItem } from '../domain/bisect.js';
import { SYSTEM } from '../domain/feedback.js';
import type { CandidateId, LessonId, Scope } from '../domain/ids.js';
import type { LessonRevision } from '../domain/lesson.js';
import { contradicts } from '../domain/validation/conflict.js';
import type { AgentRegistry } from './agent-registry.js';
import { candidateRow } from './candidate-reading.js';
import { closeOnActive } from './closing.js';
import type { CandidateRow, Store } from './store.js';

/**
 * Parts a candidate that its gate rejected, where part of it did harm and part of it helped. The halves stand
 * in line for their evaluation, the cleaner one first; a workflow of its own carries each. Idempotent.
 */
export async function bisect(
  { store, agents }: { readonly store: Store; readonly agents: AgentRegistry },
  scope: Scope,
  candidate: CandidateId,
): Promise<void> {
  const { tenant } = scope;
  const row = await candidateRow(store, tenant, candidate);
  const record = (await store.gateRecords(tenant, candidate))
    .filter(({ purpose }) => purpose === 'gate')
    .at(-1);
  if (row.state !== 'rejected' || record?.verdict !== 'reject') return;
  const items = await itemsOf(store, scope, row);
  if (items.length < 2) return;
  const { halves: opened } = await store.relativesOf(tenant, candidate);
  if (opened.length === 0) {
    const { depth, parts } = await store.descentOf(tenant, candidate);
    const pairs = await store.bundlePairs(tenant, candidate);
    const halves = bisectBundle({ reason: record.reason, items, pairs, depth, parts });
    if (halves === null) return;
    const parted = [halves.cleaner, halves.suspect].map((half, index) => ({
      id: candidateId(`${candidate}-${String(index + 1)}`),
      title: row.title,
      items: half,
    }));
    const reason = `part of it harms and part of it helps (${record.reason}): each half is tried by itself`;
    const held = parted.map(({ id, items: half }): [string, string[]] => [
      id,
      half.map(({ lesson }) => lesson),
    ]);
    const detail = { by: halves.by, halves: Object.fromEntries(held) };
    await store.openHalves(scope, candidate, parted, { actor: SYSTEM, reason, detail });
  }
  // An attempt that died between opening and closing goes on here.
  const { halves } = await store.relativesOf(tenant, candidate);
  for (const half of halves) {
    const { lessons, bundle } = await candidateRow(store, tenant, half);
    await closeOnActive(store, agents, scope, half, titleOf(lessons, bundle.remove));
  }
}

function titleOf(lessons: readonly LessonRevision[], removed: readonly LessonId[]): string {
  const titles = [...lessons.map(({ title }) => title), ...removed.map((id) => `without ${id}`)];
  const more = titles.length > 3 ? ` and ${String(titles.length - 3)} more` : '';
  return `${titles.slice(0, 3).join(', ')}${more}`.slice(0, 120);
}

async function itemsOf(
  store: Store,
  scope: Scope,
  { lessons, bundle }: CandidateRow,
): Promise<readonly BundleItem[]> {
  const put = lessons.map((lesson) => ({
    lesson: lesson.id,
    revision: lesson.revision,
    kin: kinOf(lesson),
    goesWith: null,
  }));
  const removed = await Promise.all(
    bundle.remove.map(async (id): Promise<BundleItem> => {
      const lesson = await store.latestRevision(scope, id);
      const successor = lessons.find((other) => lesson !== null && contradicts(other, lesson));
      const kin = lesson === null ? [] : kinOf(lesson);
      return { lesson: id, revision: null, kin, goesWith: successor?.id ?? null };
    }),
  );
  return [...put, ...removed];
}

/** Same kind and predicates, then same tools, then same words of when. */
function kinOf({ kind, trigger, toolVersions }: LessonRevision): readonly string[] {
  const { predicates, when } = trigger;
  return [
    `${kind} ${JSON.stringify(predicates)}`,
    Object.keys(toolVersions).sort().join(' '),
    when,
  ];
}
