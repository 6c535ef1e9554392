import type { RecordedTable, RecordedTask } from './dataset.js';

/** `table(column, column)` found in a text; names in lower case. */
export interface SchemaClaim {
  readonly table: string;
  readonly columns: readonly string[];
}

const CLAIM = /(\w+)\s*\(([^()]*)\)/g;

/**
 * The schema claims of a text: a word and, in brackets, names between commas, of each item the first
 * word. Brackets without any word claim nothing.
 */
export function schemaClaims(text: string): SchemaClaim[] {
  return [...text.matchAll(CLAIM)].flatMap(([, table = '', items = '']) => {
    const columns = items.split(',').flatMap((item) => /\w+/.exec(item)?.[0].toLowerCase() ?? []);
    return columns.length === 0 ? [] : [{ table: table.toLowerCase(), columns }];
  });
}

/**
 * The columns of one table that a query needs: every word of it outside quotes that is a column of
 * that table, whether or not an alias says that it comes from another one.
 */
export function goldColumns(goldSql: string, table: RecordedTable): Set<string> {
  const bare = goldSql.replaceAll('`', '').replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, ' ');
  const words = new Set((bare.match(/\w+/g) ?? []).map((word) => word.toLowerCase()));
  return new Set(
    table.columns.map(({ name }) => name.toLowerCase()).filter((name) => words.has(name)),
  );
}

/**
 * Whether lessons make the schema known that a task needs: each gold table has a claim that counts,
 * and its gold columns are among those claimed. A claim counts if its table is in the task's database
 * and every column it lists is in that table; one wrong column makes it void. Claims on one table
 * add up.
 */
export function schemaIsKnown(
  lessonTexts: readonly string[],
  task: Pick<RecordedTask, 'goldSql' | 'goldTables'>,
  tables: readonly RecordedTable[],
): boolean {
  const claimed = countingClaims(lessonTexts, tables);
  return task.goldTables.every((gold) => {
    const table = tables.find(({ name }) => name.toLowerCase() === gold.toLowerCase());
    const columns = claimed.get(gold.toLowerCase());
    if (table === undefined || columns === undefined) return false;
    return [...goldColumns(task.goldSql, table)].every((column) => columns.has(column));
  });
}

function countingClaims(
  lessonTexts: readonly string[],
  tables: readonly RecordedTable[],
): Map<string, Set<string>> {
  const real = new Map(
    tables.map(({ name, columns }) => [
      name.toLowerCase(),
      new Set(columns.map((column) => column.name.toLowerCase())),
    ]),
  );
  const claimed = new Map<string, Set<string>>();
  for (const { table, columns } of lessonTexts.flatMap(schemaClaims)) {
    const own = real.get(table);
    if (own === undefined || !columns.every((column) => own.has(column))) continue;
    claimed.set(table, new Set([...(claimed.get(table) ?? []), ...columns]));
  }
  return claimed;
}
