import { coverage, likeness, stemsOf } from './words.js';
import type { KnownTable } from './known-schema.js';
import type { ParsedQuestion } from './question-grammar.js';
import type { ColumnName, LinkedQuery, SelectItem } from './sql-writer.js';

/** A reading of the question in names that were shown, and how well the words met them. */
export interface Link {
  readonly query: LinkedQuery;
  readonly tables: readonly string[];
  /** Nothing seen later is likely to fit better. */
  readonly isSure: boolean;
}

interface TableMatch {
  readonly table: KnownTable;
  readonly score: number;
}

interface Attempt extends Link {
  readonly score: number;
}

/** Chance that one irrelevant note draws the eye to the second best column, for each column sought. */
const SLIP_PER_IRRELEVANT_NOTE = 0.02;
const SURE_TABLE = 0.99;
const LIKELY_TABLE = 0.6;
const LEAST_TABLE = 0.5;
const SURE_COLUMN = 0.99;
const LIKELY_COLUMN = 0.5;

/**
 * Finds the names a question speaks of among the tables known, by their glosses alone. `undefined` where
 * some word meets nothing. `draw` is uniform on [0, 1) and depends on the irrelevant notes it is told.
 */
export function linkQuestion(
  question: ParsedQuestion,
  tables: readonly KnownTable[],
  draw: (irrelevant: readonly string[]) => number,
): Link | undefined {
  const subjects = matches(question.subject, tables);
  const others = question.other === undefined ? [undefined] : matches(question.other, tables);
  const attempts = subjects.flatMap((subject) =>
    others.flatMap((other) => attempt(question, subject, other) ?? []),
  );
  const [best] = attempts.sort((left, right) => right.score - left.score);
  if (best === undefined) return undefined;
  const irrelevant = tables
    .filter(({ name, source }) => source === 'note' && !best.tables.includes(name))
    .map(({ name }) => name)
    .sort();
  if (draw(irrelevant) >= irrelevant.length * SLIP_PER_IRRELEVANT_NOTE) return best;
  return slipped(question, best, tables) ?? best;
}

function matches(noun: string, tables: readonly KnownTable[]): readonly TableMatch[] {
  const stems = stemsOf(noun);
  return tables
    .map((table) => ({ table, score: likeness(stems, table.stems) }))
    .filter(({ score }) => score >= LEAST_TABLE);
}

/** Reads the question with these two tables; the second only where the question names another thing. */
function attempt(
  question: ParsedQuestion,
  subject: TableMatch,
  other: TableMatch | undefined,
): Attempt | undefined {
  if (other?.table === subject.table) return undefined;
  const scores: number[] = [];
  const find = (phrase: string, table: KnownTable): ColumnName | undefined => {
    const [best] = ranked(phrase, table);
    if (best === undefined) return undefined;
    scores.push(Math.min(1, best.score));
    return { table: table.name, column: best.name };
  };
  const parts = assemble(question, subject.table, other?.table, find);
  if (parts === undefined) return undefined;
  const tableScores = [subject.score, ...(other === undefined ? [] : [other.score])];
  const worstTable = Math.min(...tableScores);
  const worstColumn = Math.min(1, ...scores);
  const isSure =
    worstTable >= SURE_TABLE
      ? worstColumn >= LIKELY_COLUMN
      : worstTable >= LIKELY_TABLE && worstColumn >= SURE_COLUMN;
  const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
  return {
    query: parts,
    tables: [subject.table.name, ...(other === undefined ? [] : [other.table.name])],
    isSure,
    score: 2 * tableScores.reduce((sum, score) => sum + score, 0) + mean,
  };
}

type FindColumn = (phrase: string, table: KnownTable) => ColumnName | undefined;

function assemble(
  question: ParsedQuestion,
  subject: KnownTable,
  other: KnownTable | undefined,
  find: FindColumn,
): LinkedQuery | undefined {
  const { ask, condition, groupBy } = question;
  const join = other === undefined ? undefined : joinBetween(subject, other);
  if (other !== undefined && join === undefined) return undefined;
  const select: SelectItem[] = [];
  const group = groupBy === undefined ? undefined : find(groupBy, other ?? subject);
  if (groupBy !== undefined && group === undefined) return undefined;
  if (group !== undefined) select.push({ kind: 'column', column: group });
  if (ask.kind === 'count') select.push({ kind: 'count' });
  else {
    const column = find(ask.column, subject);
    if (column === undefined) return undefined;
    select.push(
      ask.kind === 'aggregate'
        ? { kind: 'aggregate', use: ask.use, column }
        : { kind: 'column', column },
    );
  }
  const by = ask.kind === 'top' ? find(ask.by, subject) : undefined;
  if (ask.kind === 'top' && by === undefined) return undefined;
  const filtered = condition && find(condition.column, other ?? subject);
  if (condition !== undefined && filtered === undefined) return undefined;
  return {
    table: subject.name,
    select,
    ...(join && { join }),
    ...(condition && filtered && { where: { ...condition, column: filtered } }),
    ...(group && { groupBy: group }),
    ...(ask.kind === 'top' &&
      by && { orderBy: { column: by, order: ask.order }, limit: ask.limit }),
  };
}

/** Columns of the two tables with one and the same gloss, about the joined thing, hold the same thing. */
function joinBetween(subject: KnownTable, other: KnownTable): LinkedQuery['join'] | undefined {
  const pairs = subject.columns.flatMap((left) =>
    other.columns
      .filter((right) => left.stems.length > 0 && likeness(left.stems, right.stems) === 1)
      .map((right) => ({ left, right, score: likeness(right.stems, other.stems) })),
  );
  const [best] = pairs.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
  return best && { table: other.name, left: best.left.name, right: best.right.name };
}

function ranked(
  phrase: string,
  table: KnownTable,
): readonly { readonly name: string; readonly score: number }[] {
  const stems = stemsOf(phrase);
  return table.columns
    .map((column) => ({ name: column.name, score: coverage(stems, column.stems) }))
    .filter(({ score }) => score > 0)
    .sort((left, right) => right.score - left.score);
}

/** The same reading with the asked or filtered column mistaken for another one of its table. */
function slipped(
  question: ParsedQuestion,
  link: Link,
  tables: readonly KnownTable[],
): Link | undefined {
  const mistaken = link.query.where?.column ?? link.query.groupBy;
  const table = tables.find(({ name }) => name === mistaken?.table);
  if (mistaken === undefined || table === undefined) return undefined;
  const phrase = question.condition?.column ?? question.groupBy ?? '';
  const [weaker] = [
    ...ranked(phrase, table).slice(1),
    ...table.columns.filter(({ name }) => name !== mistaken.column),
  ];
  if (weaker === undefined) return undefined;
  const column = { table: mistaken.table, column: weaker.name };
  const { where, groupBy } = link.query;
  return {
    ...link,
    query: {
      ...link.query,
      ...(where && { where: { ...where, column } }),
      ...(where === undefined && groupBy && { groupBy: column }),
    },
  };
}
