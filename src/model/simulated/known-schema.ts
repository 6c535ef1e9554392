import { z } from 'zod';
import { stemsOf } from './words.js';

/** A table as some text in the prompt describes it. */
export interface KnownTable {
  readonly name: string;
  readonly stems: readonly string[];
  readonly columns: readonly KnownColumn[];
  /** Notes are claims of an earlier day; observations were made in this conversation. */
  readonly source: 'note' | 'observation';
}

interface KnownColumn {
  readonly name: string;
  readonly stems: readonly string[];
}

const CLAIM = /(?<name>[a-z_]\w*)\((?<columns>[^()]*)\)(?: -- (?<gloss>[^\n;]*))?/gi;

/** The schema claims in a lesson: `table(column gloss, column gloss) -- gloss`. */
export function tablesClaimed(text: string): readonly KnownTable[] {
  return [...text.replace(/`[^`]*`/g, '').matchAll(CLAIM)].map(({ groups }) => ({
    name: groups?.['name'] ?? '',
    stems: stemsOf(groups?.['gloss'] ?? ''),
    columns: (groups?.['columns'] ?? '').split(',').flatMap((item) => {
      const [name, ...gloss] = item.trim().split(/\s+/);
      return name === undefined || name === '' ? [] : [{ name, stems: stemsOf(gloss.join(' ')) }];
    }),
    source: 'note',
  }));
}

const Described = z.object({
  table: z.string(),
  comment: z.string().nullish(),
  columns: z.array(z.object({ name: z.string(), comment: z.string().nullish() })),
});

/** A table as a tool described it, where the result has that form. */
export function tableDescribed(result: string): KnownTable | undefined {
  const described = Described.safeParse(jsonIn(result));
  if (!described.success) return undefined;
  const { table, comment, columns } = described.data;
  return {
    name: table,
    stems: stemsOf(comment ?? ''),
    columns: columns.map((column) => ({ name: column.name, stems: stemsOf(column.comment ?? '') })),
    source: 'observation',
  };
}

/** The names in a listing of tables: a JSON array of strings, or one name a line. */
export function namesListed(result: string): readonly string[] {
  const listed = z.array(z.string()).safeParse(jsonIn(result));
  if (listed.success) return listed.data;
  return result
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\w+$/.test(line));
}

/** The value of a JSON text; `undefined` for any other text. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Everything known of each table. What was observed in this conversation replaces a note on the same
 * table; claims of several notes on one table add up, the one recalled first counting first.
 */
export function knownTables(
  notes: readonly KnownTable[],
  observations: readonly KnownTable[],
): readonly KnownTable[] {
  const known = new Map<string, KnownTable>();
  for (const note of notes) {
    const before = known.get(note.name);
    known.set(
      note.name,
      before === undefined
        ? note
        : {
            ...before,
            stems: before.stems.length > 0 ? before.stems : note.stems,
            columns: [
              ...before.columns,
              ...note.columns.filter(
                ({ name }) => !before.columns.some((column) => column.name === name),
              ),
            ],
          },
    );
  }
  for (const observation of observations) known.set(observation.name, observation);
  return [...known.values()];
}
