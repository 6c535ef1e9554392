import { valuesOf } from '../company/rows.js';
import { tableOf } from '../company/schema.js';
import { pick } from '../seeded.js';
import type { Value } from '../company/rows.js';
import type { Column, Content, Table } from '../company/table.js';
import type { Aggregate, ColumnKey, Filter, Query } from './query.js';

/** A question in English and what it asks. */
interface Asked {
  readonly text: string;
  readonly query: Query;
}

/** Makes one question about a table, or none where the table lacks what the template needs. */
export type Template = (table: Table, random: () => number) => Asked | undefined;

/** A filter in words and in keys. `words` follows "have", "with" or "whose … is". */
interface Condition {
  readonly words: string;
  readonly filter: Filter;
}

const listWords = ['List the', 'Show the', 'Give the'] as const;
const aggregates: readonly (readonly [word: string, use: Aggregate])[] = [
  ['average', 'avg'],
  ['total', 'sum'],
  ['highest', 'max'],
  ['lowest', 'min'],
];

const countWhereEqual: Template = (table, random) =>
  countWith(table, equalCondition(table, random), random);

const countWhereCompared: Template = (table, random) =>
  countWith(table, comparedCondition(table, random), random);

const listWhereEqual: Template = (table, random) =>
  listWith(table, equalCondition(table, random), random);

const listWhereCompared: Template = (table, random) =>
  listWith(table, comparedCondition(table, random), random);

const aggregate: Template = (table, random) => {
  const measure = some(columnsOf(table, 'measure'), random);
  const condition = random() < 0.7 ? anyCondition(table, measure, random) : undefined;
  if (measure === undefined) return undefined;
  const [word, use] = pick(aggregates, random);
  const tail = condition === undefined ? '' : ` with the ${condition.words}`;
  return {
    text: `What is the ${word} ${sayOf(measure, random)} of the ${table.many}${tail}?`,
    query: {
      from: table.key,
      select: [{ kind: 'aggregate', use, column: keyOf(table, measure) }],
      ...(condition && { where: condition.filter }),
    },
  };
};

const group: Template = (table, random) => {
  const by = some(columnsOf(table, 'category'), random);
  if (by === undefined) return undefined;
  const counted = countOrAggregate(table, random);
  return {
    text: `${counted.text} for each ${sayOf(by, random)}?`,
    query: {
      from: table.key,
      select: [{ kind: 'column', column: keyOf(table, by) }, counted.selected],
      groupBy: keyOf(table, by),
    },
  };
};

const top: Template = (table, random) => {
  const measure = some(
    columnsOf(table, 'measure').filter(
      ({ content }) => content.kind === 'measure' && content.ranked,
    ),
    random,
  );
  if (measure === undefined) return undefined;
  const label = labelOf(table);
  const limit = pick([2, 3, 4, 5], random);
  const [word, order] = pick([['highest', 'desc'] as const, ['lowest', 'asc'] as const], random);
  return {
    text: `${pick(listWords, random)} ${sayOf(label, random)} of the ${String(limit)} ${table.many} with the ${word} ${sayOf(measure, random)}.`,
    query: {
      from: table.key,
      select: [{ kind: 'column', column: keyOf(table, label) }],
      top: { column: keyOf(table, measure), order, limit },
    },
  };
};

const joinCount: Template = (table, random) => {
  const joined = joinedTable(table, random);
  if (joined === undefined) return undefined;
  const condition = anyCondition(joined.table, undefined, random);
  if (condition === undefined) return undefined;
  const tie = pick(['belong to', 'are for'], random);
  const others = `${joined.table.many} with the ${condition.words}`;
  const text =
    random() < 0.5
      ? `How many ${table.many} ${tie} ${others}?`
      : `Count the ${table.many} that ${tie} ${others}.`;
  return {
    text,
    query: {
      from: table.key,
      join: joined.join,
      select: [{ kind: 'count' }],
      where: condition.filter,
    },
  };
};

const joinGroup: Template = (table, random) => {
  const joined = joinedTable(table, random);
  const by = joined && some(columnsOf(joined.table, 'category'), random);
  if (joined === undefined || by === undefined) return undefined;
  const counted = countOrAggregate(table, random);
  return {
    text: `${counted.text} for each ${sayOf(by, random)} of the ${joined.table.one}?`,
    query: {
      from: table.key,
      join: joined.join,
      select: [{ kind: 'column', column: keyOf(joined.table, by) }, counted.selected],
      groupBy: keyOf(joined.table, by),
    },
  };
};

/** One turn of the wheel: a template that stands here twice makes twice the questions. */
export const templates: readonly Template[] = [
  countWhereEqual,
  countWhereCompared,
  listWhereCompared,
  aggregate,
  joinCount,
  countWhereCompared,
  group,
  joinCount,
  listWhereEqual,
  joinGroup,
  top,
  listWhereCompared,
  aggregate,
];

function countWith(
  table: Table,
  condition: Condition | undefined,
  random: () => number,
): Asked | undefined {
  if (condition === undefined) return undefined;
  const text =
    random() < 0.5
      ? `How many ${table.many} have the ${condition.words}?`
      : `Count the ${table.many} with the ${condition.words}.`;
  return {
    text,
    query: { from: table.key, select: [{ kind: 'count' }], where: condition.filter },
  };
}

function listWith(
  table: Table,
  condition: Condition | undefined,
  random: () => number,
): Asked | undefined {
  if (condition === undefined) return undefined;
  const label = labelOf(table);
  return {
    text: `${pick(listWords, random)} ${sayOf(label, random)} of all ${table.many} with the ${condition.words}.`,
    query: {
      from: table.key,
      select: [{ kind: 'column', column: keyOf(table, label) }],
      where: condition.filter,
    },
  };
}

function countOrAggregate(
  table: Table,
  random: () => number,
): { readonly text: string; readonly selected: Query['select'][number] } {
  const measure = some(columnsOf(table, 'measure'), random);
  if (measure === undefined || random() < 0.35) {
    return { text: `How many ${table.many} are there`, selected: { kind: 'count' } };
  }
  const [word, use] = pick(aggregates, random);
  return {
    text: `What is the ${word} ${sayOf(measure, random)} of the ${table.many}`,
    selected: { kind: 'aggregate', use, column: keyOf(table, measure) },
  };
}

function anyCondition(
  table: Table,
  not: Column | undefined,
  random: () => number,
): Condition | undefined {
  const compared = random() < 0.4 ? comparedCondition(table, random) : undefined;
  if (compared !== undefined && compared.filter.column.column !== not?.key) return compared;
  return equalCondition(table, random);
}

function equalCondition(table: Table, random: () => number): Condition | undefined {
  const column = some(columnsOf(table, 'category'), random);
  if (column === undefined) return undefined;
  const value = pick(valuesOf(table, column), random);
  return {
    words: `${sayOf(column, random)} '${String(value)}'`,
    filter: { column: keyOf(table, column), op: '=', value },
  };
}

/** Thresholds are values that occur, in the third quarter of the column: a boundary always matters. */
function comparedCondition(table: Table, random: () => number): Condition | undefined {
  const column = some([...columnsOf(table, 'measure'), ...columnsOf(table, 'date')], random);
  if (column === undefined) return undefined;
  const sorted = [...valuesOf(table, column)].sort(byValue);
  const isDate = column.content.kind === 'date';
  const isUpper = random() < 0.7;
  const at = (share: number): Value => sorted[Math.floor(sorted.length * share)] ?? 0;
  const value = isUpper ? at(0.55 + 0.3 * random()) : at(0.15 + 0.3 * random());
  const strict = random() < 0.75;
  const [op, words] = isUpper
    ? strict
      ? (['>', isDate ? ['after'] : ['of more than', 'above', 'over']] as const)
      : (['>=', isDate ? ['on or after'] : ['of at least']] as const)
    : strict
      ? (['<', isDate ? ['before'] : ['below', 'under', 'of less than']] as const)
      : (['<=', isDate ? ['on or before'] : ['of at most']] as const);
  return {
    words: `${sayOf(column, random)} ${pick(words, random)} ${String(value)}`,
    filter: { column: keyOf(table, column), op, value },
  };
}

function byValue(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return String(left) < String(right) ? -1 : 1;
}

function joinedTable(
  table: Table,
  random: () => number,
): { readonly table: Table; readonly join: NonNullable<Query['join']> } | undefined {
  const through = some(columnsOf(table, 'refers'), random);
  if (through?.content.kind !== 'refers') return undefined;
  const to = tableOf(through.content.table);
  return { table: to, join: { through: through.key, to: to.key } };
}

function columnsOf(table: Table, kind: Content['kind']): readonly Column[] {
  return table.columns.filter(({ content }) => content.kind === kind);
}

/** What rows of the table are called by: their label, or their number where they have none. */
function labelOf(table: Table): Column {
  const [label] = [...columnsOf(table, 'label'), ...columnsOf(table, 'id')];
  if (label === undefined) throw new RangeError(`${table.key} has neither label nor number`);
  return label;
}

function sayOf(column: Column, random: () => number): string {
  return pick(column.say, random);
}

function keyOf(table: Table, column: Column): ColumnKey {
  return { table: table.key, column: column.key };
}

function some<Item>(items: readonly Item[], random: () => number): Item | undefined {
  return items.length === 0 ? undefined : pick(items, random);
}
