import type { LessonDraft, LessonRevision } from '../lesson.js';
import { discoveryKey, learnFact, mineDiscoveries, type Known } from './discovery.js';
import type { Evidence } from '../lesson.js';

/** What an earlier revision of a lesson holds against the same statement told again. */
const HAS_LEFT: readonly LessonRevision['status'][] = ['retired', 'quarantined', 'disputed'];

/** What a proposal comes to beside the lessons there are. */
export type Merged =
  | { readonly kind: 'support'; readonly of: LessonRevision }
  | { readonly kind: 'revisions'; readonly drafts: readonly LessonDraft[] }
  /** The same content did harm once; it does not come back by being told again. */
  | { readonly kind: 'quarantined'; readonly of: LessonRevision };

/** The knowledge a note was written from, where it still stands. */
export function knownOf(lesson: LessonRevision): Known<Evidence> | undefined {
  const { fact, sources, evidence } = lesson;
  const tool = sources[0]?.principal;
  if (fact === undefined || tool === undefined || HAS_LEFT.includes(lesson.status))
    return undefined;
  return { key: discoveryKey(tool, fact), tool, fact, evidence, supersedes: [] };
}

/**
 * Merges a draft into what is known: an observation that adds nothing is support, one that adds
 * something grows the note; anything else is new unless it is told in the same words.
 */
export function mergeDraft(
  draft: LessonDraft,
  sameContent: (draft: LessonDraft, lesson: LessonRevision) => boolean,
  latest: ReadonlyMap<string, LessonRevision>,
  toolDigests: Readonly<Record<string, string>>,
): Merged {
  const own = latest.get(draft.key);
  if (own !== undefined && sameContent(draft, own)) {
    if (own.status === 'quarantined') return { kind: 'quarantined', of: own };
    if (!HAS_LEFT.includes(own.status)) return { kind: 'support', of: own };
  }
  const tool = draft.sources[0]?.principal;
  const [evidence] = draft.evidence;
  if (draft.fact === undefined || tool === undefined || evidence === undefined) {
    return { kind: 'revisions', drafts: [draft] };
  }
  const key = discoveryKey(tool, draft.fact);
  const base = latest.get(key);
  const known = base === undefined ? undefined : knownOf(base);
  if (base === undefined || known === undefined) return { kind: 'revisions', drafts: [draft] };
  const discovery = { tool, fact: draft.fact, evidence };
  if (learnFact(known, discovery) === known) return { kind: 'support', of: base };
  const grown = mineDiscoveries([discovery], new Map([[key, known]]), toolDigests);
  return { kind: 'revisions', drafts: grown };
}
