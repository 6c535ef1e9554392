import type { LessonId } from './ids.js';

/** One thing a bundle does: it puts a lesson's revision in, or takes a lesson away. */
export interface BundleItem {
  readonly lesson: LessonId;
  /** Null takes the lesson away. */
  readonly revision: number | null;
  /** What it has in common with others, from the widest kinship to the closest: equal texts stay together. */
  readonly kin: readonly string[];
  /** The lesson that it is never parted from: what takes the place of a lesson taken away. */
  readonly goesWith: LessonId | null;
}

/** A committed pair, with the lessons of the bundle that made its two prompts differ. */
export interface BundlePair {
  /** Score of the candidate less that of the baseline, in [-1, 1]. */
  readonly difference: number;
  readonly slices: Readonly<Record<string, string>>;
  readonly topUpFor: string | null;
  readonly categories: { readonly baseline: string; readonly candidate: string };
  readonly lessons: readonly LessonId[];
}

/** A bundle that its gate rejected. */
export interface RejectedBundle {
  /** The gate's reason, a slice or category after a colon. */
  readonly reason: string;
  readonly items: readonly BundleItem[];
  readonly pairs: readonly BundlePair[];
  /** How often what it came from was parted before, and into how many candidates in all. */
  readonly depth: number;
  readonly parts: number;
}

export interface Halves {
  /** What the evidence speaks for, or does not speak against; tried first. */
  readonly cleaner: readonly BundleItem[];
  readonly suspect: readonly BundleItem[];
  /** `blame`: by the pairs they lost and won; `kinship`: the pairs do not tell them apart. */
  readonly by: 'blame' | 'kinship';
}

/** A bundle of sixteen is down to single lessons after four. */
export const MAX_DEPTH = 4;
/** Candidates that one bundle may cost after itself: each spends its share of the error ledger. */
export const MAX_PARTS = 8;
/** One pair may be lost or won by chance. */
const MIN_LOST = 2;
const MIN_WON = 2;
/** Pairs won, less those lost, by what is set free. */
const MIN_GAIN = 1;

/**
 * Parts a bundle that was rejected by evidence of harm, where the same evidence says that some of it helps.
 * The parts are not empty, have nothing in common, and hold everything the bundle held. Each is a candidate of
 * its own, with its own pairs and its own alpha.
 *
 * Null where there is nothing to part (one lesson, or lessons never parted), where nothing was won or nothing
 * lost (what is futile without harm is tried again beside later notes, `second-try.ts`), and where the
 * bundle it came from has cost enough.
 */
export function bisectBundle(bundle: RejectedBundle): Halves | null {
  const { reason, pairs, depth, parts } = bundle;
  if (depth >= MAX_DEPTH || parts + 2 > MAX_PARTS) return null;
  const blamed = pairs.map((pair) => ({ ...pair, weight: weightOf(pair, reason) }));
  const lost = blamed.filter(({ weight }) => weight < 0).length;
  const won = pairs.filter(({ difference }) => difference > 0).length;
  if (lost < MIN_LOST || won < MIN_WON) return null;

  const levels = groupings(bundle.items);
  for (const groups of levels) {
    const halves = byBlame(groups, blamed);
    if (halves !== null) return halves;
  }
  // A futile bundle that won as often as it lost, for no reason that can be named, is no mixture to part.
  if (reason === 'futile' && lost <= won) return null;
  for (const groups of levels) {
    const halves = byKinship(groups, blamed);
    if (halves !== null) return halves;
  }
  return null;
}

type Group = readonly BundleItem[];
interface Blamed extends BundlePair {
  readonly weight: number;
}

/** What a pair says of the harm that the gate found; a win elsewhere stays a win. */
function weightOf(
  { difference, slices, topUpFor, categories }: BundlePair,
  reason: string,
): number {
  const [kind = '', name = ''] = reason.split(/: (.*)/s);
  if (kind === 'failure-category-grew') {
    return categories.candidate === name && categories.baseline !== name ? -1 : difference;
  }
  if (kind !== 'slice-regression' || difference >= 0) return difference;
  const names = Object.entries(slices).map(([key, value]) => `${key}=${value}`);
  // The remainder of a partition has no name of its own.
  const isOf = name.includes('=') ? names.includes(name) : true;
  return isOf || topUpFor === name ? difference : 0;
}

/** The bundle in groups that stay together, from the widest kinship down to single lessons. */
function groupings(items: readonly BundleItem[]): readonly (readonly Group[])[] {
  const levels = Math.max(0, ...items.map(({ kin }) => kin.length));
  const keyed = Array.from({ length: levels }, (_none, level) =>
    grouped(items, ({ kin, lesson }) => kin.slice(0, level + 1).join('\n') || lesson),
  );
  return [...keyed, grouped(items, ({ lesson }) => lesson)];
}

function grouped(items: readonly BundleItem[], keyOf: (item: BundleItem) => string): Group[] {
  const byLesson = new Map(items.map((item) => [item.lesson, item]));
  const leaderOf = (item: BundleItem): BundleItem =>
    (item.goesWith === null ? undefined : byLesson.get(item.goesWith)) ?? item;
  const groups = new Map<string, BundleItem[]>();
  for (const item of items) {
    const key = keyOf(leaderOf(item));
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
}

/** What lost more than it won on one side, the rest on the other, where the rest won something. */
function byBlame(groups: readonly Group[], pairs: readonly Blamed[]): Halves | null {
  const scored = groups.map((group) => ({ group, score: scoreOf(group, pairs) }));
  const suspect = scored.filter(({ score }) => score < 0);
  const cleaner = scored.filter(({ score }) => score >= 0);
  const gain = cleaner.reduce((total, { score }) => total + score, 0);
  if (suspect.length === 0 || gain < MIN_GAIN - TOLERANCE) return null;
  return {
    cleaner: cleaner.flatMap(({ group }) => group),
    suspect: suspect.flatMap(({ group }) => group),
    by: 'blame',
  };
}

/** The lessons of lost and won pairs, the worst in one half; those of no such pair stay with the others. */
function byKinship(groups: readonly Group[], pairs: readonly Blamed[]): Halves | null {
  const decided = pairs.filter(({ weight }) => weight !== 0);
  const involved = groups
    .filter((group) => decided.some((pair) => shareOf(group, pair) > 0))
    .map((group) => ({ group, score: scoreOf(group, pairs) }))
    .sort((left, right) => right.score - left.score)
    .map(({ group }) => group);
  if (involved.length < 2) return null;
  const aside = groups.filter((group) => !involved.includes(group));
  const size = involved.flat().length;
  const cut = involved.findIndex(
    (_group, index) => involved.slice(0, index + 1).flat().length * 2 >= size,
  );
  const first = Math.min(cut + 1, involved.length - 1);
  return {
    cleaner: [...involved.slice(0, first), ...aside].flat(),
    suspect: involved.slice(first).flat(),
    by: 'kinship',
  };
}

/** Shares are sums of fractions. */
const TOLERANCE = 1e-9;

/** Pairs won less pairs lost, each divided evenly among the lessons that were in play. */
function scoreOf(group: Group, pairs: readonly Blamed[]): number {
  const score = pairs.reduce((total, pair) => total + pair.weight * shareOf(group, pair), 0);
  return Math.abs(score) < TOLERANCE ? 0 : score;
}

function shareOf(group: Group, { lessons }: BundlePair): number {
  const own = lessons.filter((lesson) => group.some((item) => item.lesson === lesson));
  return lessons.length === 0 ? 0 : own.length / lessons.length;
}
