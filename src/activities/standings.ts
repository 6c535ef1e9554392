import type { Scope } from '../domain/ids.js';
import type { LessonDraft, LessonRevision } from '../domain/lesson.js';
import { upliftInterval } from '../domain/utility/uplift.js';
import type { Backing, Standing } from '../domain/validation/conflict.js';
import { revisionName, storedStanding } from '../domain/validation/conflict-check.js';
import type { Store } from './store.js';

export type StandingsStore = Pick<
  Store,
  'candidates' | 'bundlePairs' | 'utilities' | 'supportGroups'
>;

/** What speaks for stored lessons: who told them, what a replay, their gate, live tasks and hold-out showed. */
export async function standingsOf(
  store: StandingsStore,
  scope: Scope,
  lessons: readonly LessonRevision[],
): Promise<ReadonlyMap<string, Standing>> {
  if (lessons.length === 0) return new Map();
  const utilities = (await store.utilities(scope)).filter(({ slice }) => slice === '');
  const candidates = await store.candidates(scope);
  const standings = new Map<string, Standing>();
  for (const lesson of lessons) {
    const { id, revision } = lesson;
    const brought = candidates.filter(({ bundle }) =>
      bundle.put.some((ref) => ref.lesson === id && ref.revision === revision),
    );
    let isProven = brought.some(({ state }) => state === 'probation');
    for (const candidate of isProven ? [] : brought) {
      const pairs = (await store.bundlePairs(scope.tenant, candidate.id)).filter((pair) =>
        pair.lessons.includes(id),
      );
      const won = pairs.filter(({ difference }) => difference > 0).length;
      const lost = pairs.filter(({ difference }) => difference < 0).length;
      isProven ||= won > lost;
    }
    const counted = utilities.find((one) => one.lesson === id && one.revision === revision);
    const uplift = counted === undefined ? null : upliftInterval(counted.utility);
    standings.set(revisionName(lesson), { ...storedStanding(lesson), isProven, uplift });
  }
  return standings;
}

/** Who stands behind a draft: its own sources beside those of earlier proposals with the same key. */
export async function backingOf(
  store: Pick<Store, 'supportGroups'>,
  scope: Scope,
  { key, sources }: LessonDraft,
): Promise<Backing> {
  const principals = sources.map(({ principal }) => principal);
  const stored = await store.supportGroups(scope, key, principals);
  const isExpert = sources.some(({ authority }) => authority >= EXPERT);
  return { groups: stored.groups + 1, experts: Math.max(stored.experts, isExpert ? 1 : 0) };
}

/** Authority of an expert (GATE 2.8). */
const EXPERT = 0.9;
