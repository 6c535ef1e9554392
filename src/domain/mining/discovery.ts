import type { Evidence, LessonDraft } from '../lesson.js';
import type { SchemaFact } from '../schema-fact.js';
import { claimTexts } from './schema-claim.js';

/** What an observation revealed, where it was seen and by which tool. `E` points at the steps. */
export interface Discovery<E> {
  readonly tool: string;
  readonly fact: SchemaFact;
  readonly evidence: E;
}

/** All that is known of one thing behind one tool: what the note about it is written from. */
export interface Known<E> {
  /** The same for every observation of the same thing: tool, scope and name without case. */
  readonly key: string;
  readonly tool: string;
  readonly fact: SchemaFact;
  /** The observations that the fact was made from, and no others. */
  readonly evidence: readonly E[];
  /** Columns that an earlier state of this knowledge had and a newer complete one has not. */
  readonly supersedes: readonly string[];
}

/** A note as text, before it is a lesson: one a part where the cap splits it. */
export interface DiscoveryNote<E> {
  readonly key: string;
  readonly title: string;
  readonly text: string;
  readonly known: Known<E>;
}

/** Which note a fact belongs to. Names differ by case from one observation to the next. */
export function discoveryKey(tool: string, fact: Pick<SchemaFact, 'about' | 'scope'>): string {
  const scope = Object.entries(fact.scope)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  return `discovery/${tool}/${scope}/${fact.about.toLowerCase()}`;
}

/**
 * Folds an observation into what is known of the same thing. Returns `known` itself when it adds
 * nothing, so that a note gets a new revision only where its text changes.
 *
 * A complete fact beats a partial one, whichever came first, and a complete one with other columns
 * replaces the one before it: the thing was changed. Partial facts add up, and one says nothing
 * against a complete one: a guess read off a query would void the whole note.
 */
export function learnFact<E>(known: Known<E> | undefined, discovery: Discovery<E>): Known<E> {
  const { tool, fact, evidence } = discovery;
  if (known === undefined) {
    const key = discoveryKey(tool, fact);
    // That a thing exists is worth remembering, but no text is made from it.
    const saysNothing = fact.columns.length === 0 && fact.gloss === undefined;
    const used = saysNothing ? [] : [evidence];
    return { key, tool, fact: withoutDoubles(fact), evidence: used, supersedes: [] };
  }
  if (fact.complete) return learnComplete(known, withoutDoubles(fact), evidence);
  const merged = known.fact.complete
    ? withGlosses(known.fact, fact)
    : withGlosses({ ...known.fact, columns: union(known.fact.columns, fact.columns) }, fact);
  if (sameFact(known.fact, merged)) return known;
  return { ...known, fact: merged, evidence: [...known.evidence, evidence] };
}

function learnComplete<E>(known: Known<E>, fact: SchemaFact, evidence: E): Known<E> {
  const glossed = withGlosses(fact, known.fact);
  const kept = new Set(fact.columns.map(({ name }) => name.toLowerCase()));
  const gone = known.fact.columns.filter(({ name }) => !kept.has(name.toLowerCase()));
  const isSame = gone.length === 0 && known.fact.columns.length === fact.columns.length;
  if (known.fact.complete && isSame) {
    // The same thing again is no news, however its columns were ordered, unless it says more.
    const richer = withGlosses(known.fact, fact);
    if (sameFact(known.fact, richer)) return known;
    return { ...known, fact: richer, evidence: [...known.evidence, evidence] };
  }
  // Glosses that came from earlier observations keep those as evidence.
  const usesEarlier = !sameFact(glossed, fact);
  return {
    ...known,
    fact: glossed,
    evidence: usesEarlier ? [...known.evidence, evidence] : [evidence],
    supersedes: known.fact.complete ? gone.map(({ name }) => name) : [],
  };
}

/** The notes to write about one thing; none where nothing of it can be claimed. */
export function notesOf<E>(known: Known<E>, maxCharacters?: number): DiscoveryNote<E>[] {
  return claimTexts(known.fact, maxCharacters).map((text, part) => ({
    key: part === 0 ? known.key : `${known.key}/${String(part + 1)}`,
    title: known.fact.about,
    text,
    known,
  }));
}

/**
 * What one episode discovered, as lesson drafts: a draft for each thing of which more is known than
 * before. `earlier` holds what the notes so far were written from, by key.
 */
export function mineDiscoveries(
  discoveries: readonly Discovery<Evidence>[],
  earlier: ReadonlyMap<string, Known<Evidence>>,
  toolDigests: Readonly<Record<string, string>>,
): LessonDraft[] {
  const changed = new Map<string, Known<Evidence>>();
  for (const discovery of discoveries) {
    const key = discoveryKey(discovery.tool, discovery.fact);
    const before = changed.get(key) ?? earlier.get(key);
    const after = learnFact(before, discovery);
    if (after !== before) changed.set(key, after);
  }
  return [...changed.values()].flatMap((known) =>
    notesOf(known).map((note) => draftOf(note, toolDigests)),
  );
}

function draftOf(
  { key, title, text, known }: DiscoveryNote<Evidence>,
  toolDigests: Readonly<Record<string, string>>,
): LessonDraft {
  const digest = toolDigests[known.tool];
  const replaced = known.supersedes.join(', ');
  return {
    key,
    kind: 'tool-note',
    title,
    trigger: {
      predicates: Object.entries(known.fact.scope)
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([field, value]) => ({ field, op: 'eq', value })),
      when: '',
      notWhen: '',
    },
    body: { form: 'text', text },
    rationale:
      `${known.tool} showed ${known.fact.complete ? 'all' : 'some'} columns of ${title}` +
      (replaced === '' ? '' : `, among them no longer ${replaced}`),
    evidence: known.evidence,
    sources: [{ channel: 'tool_output', principal: known.tool, authority: 0 }],
    trust: 'low',
    toolVersions: digest === undefined ? {} : { [known.tool]: digest },
    fact: known.fact,
  };
}

type Column = SchemaFact['columns'][number];

/** The first columns, then those of the second that the first has not. */
function union(first: readonly Column[], second: readonly Column[]): Column[] {
  const columns = new Map<string, Column>();
  for (const column of [...first, ...second]) {
    const name = column.name.toLowerCase();
    if (!columns.has(name)) columns.set(name, column);
  }
  return [...columns.values()];
}

function withoutDoubles(fact: SchemaFact): SchemaFact {
  return { ...fact, columns: union(fact.columns, []) };
}

/** Fills in the glosses that a fact lacks from another fact of the same thing. */
function withGlosses(fact: SchemaFact, other: SchemaFact): SchemaFact {
  const glosses = new Map(
    other.columns.flatMap(({ name, gloss }) =>
      gloss === undefined ? [] : [[name.toLowerCase(), gloss]],
    ),
  );
  const gloss = fact.gloss ?? other.gloss;
  return {
    ...fact,
    ...(gloss === undefined ? {} : { gloss }),
    columns: fact.columns.map((column) => {
      const found = column.gloss ?? glosses.get(column.name.toLowerCase());
      return found === undefined ? column : { name: column.name, gloss: found };
    }),
  };
}

function sameFact(left: SchemaFact, right: SchemaFact): boolean {
  return (
    left.gloss === right.gloss &&
    left.columns.length === right.columns.length &&
    left.columns.every((column, at) => {
      const other = right.columns[at];
      return other !== undefined && column.name === other.name && column.gloss === other.gloss;
    })
  );
}
