import type { RecordedTable } from '../../model/recorded/dataset.js';
import {
  bareReferences,
  hasAggregate,
  sourceOfReference,
  type ColumnReference,
  type ColumnsByTable,
} from './column-references.js';
import type { QueryBlock, SelectItem } from './query-blocks.js';
import type { Token } from './sql-tokens.js';

/** Columns by table and the primary keys, all in lower case. */
export interface TableKeys {
  readonly columns: ColumnsByTable;
  readonly primaryKeys: ReadonlyMap<string, readonly string[]>;
}

export function keysOf(tables: readonly RecordedTable[]): TableKeys {
  const lower = (names: readonly string[]): string[] => names.map((name) => name.toLowerCase());
  return {
    columns: new Map(
      tables.map(({ name, columns }) => [
        name.toLowerCase(),
        lower(columns.map((column) => column.name)),
      ]),
    ),
    primaryKeys: new Map(
      tables.map(({ name, primaryKey }) => [name.toLowerCase(), lower(primaryKey)]),
    ),
  };
}

/**
 * MySQL's ONLY_FULL_GROUP_BY: in a query that folds rows, what is selected or ordered by outside an
 * aggregate must have one value a group, because it is grouped by, equal to something that is, or
 * determined by a primary key. Gives the refusal, if any. A query over queries in brackets or over
 * tables that are not there is let through.
 */
export function groupingRefusal(block: QueryBlock, keys: TableKeys): string | undefined {
  if (block.sources.some(({ table }) => !keys.columns.has(table ?? ''))) return undefined;
  const isFolded =
    block.groupBy.length > 0 || block.items.some(({ expression }) => hasAggregate(expression));
  if (!isFolded) return undefined;

  const grouped = block.groupBy.map((expression) => resolved(expression, block, keys));
  const determined = determinedColumns(block, grouped, keys);
  const isOneValue = (expression: readonly Token[]): boolean =>
    grouped.some((each) => sameTokens(each, expression)) ||
    bareReferences(expression).every((reference) => {
      const key = columnKey(reference, block, keys);
      return key === undefined || determined.has(key);
    });
  const item = block.items.findIndex(
    ({ expression }) =>
      !isOneValue(expression) || starIsUndetermined(expression, block, determined, keys),
  );
  if (item !== -1) return notGrouped('SELECT list', item);
  const order = block.orderBy.findIndex(
    (expression) => selectItemOf(expression, block.items) === undefined && !isOneValue(expression),
  );
  return order === -1 ? undefined : notGrouped('ORDER BY clause', order);
}

/** HAVING sees what is selected or grouped by, and nothing else of the tables. */
export function havingRefusal(block: QueryBlock, keys: TableKeys): string | undefined {
  const selected = block.items.flatMap(({ expression }) => bareReferences(expression));
  const grouped = block.groupBy.flatMap((expression) => bareReferences(expression));
  const seen = new Set([...selected, ...grouped].map(({ column }) => column));
  const hidden = bareReferences(block.having).find(
    ({ column }) =>
      !seen.has(column) &&
      !block.items.some(({ alias }) => alias === column) &&
      block.sources.some(({ table }) => keys.columns.get(table ?? '')?.includes(column) === true),
  );
  const isStar = block.items.some(({ expression }) => expression.at(-1)?.key === '*');
  if (hidden === undefined || isStar) return undefined;
  return `Unknown column '${hidden.column}' in 'having clause'`;
}

function notGrouped(clause: string, at: number): string {
  const place = `Expression #${String(at + 1)} of ${clause}`;
  return `${place} is not in GROUP BY clause and contains nonaggregated column`;
}

/** A grouping by the name or number of a selected item is a grouping by its expression. */
function resolved(
  expression: readonly Token[],
  block: QueryBlock,
  keys: TableKeys,
): readonly Token[] {
  const [reference] = bareReferences(expression);
  const isColumn =
    expression.length > 1 ||
    (reference !== undefined && columnKey(reference, block, keys) !== undefined);
  return isColumn ? expression : (selectItemOf(expression, block.items)?.expression ?? expression);
}

function selectItemOf(
  expression: readonly Token[],
  items: readonly SelectItem[],
): SelectItem | undefined {
  const [only] = expression;
  if (expression.length === 1 && only?.kind === 'number') return items[Number(only.text) - 1];
  if (expression.length === 1 && only !== undefined) {
    const named = items.find(({ alias }) => alias !== '' && alias === only.text.toLowerCase());
    if (named !== undefined) return named;
  }
  return items.find((item) => sameTokens(item.expression, expression));
}

function starIsUndetermined(
  expression: readonly Token[],
  block: QueryBlock,
  determined: ReadonlySet<string>,
  keys: TableKeys,
): boolean {
  if (expression.at(-1)?.key !== '*' || expression.length === 2 || expression.length > 3)
    return false;
  const qualifier = expression.length === 3 ? expression[0]?.text.toLowerCase() : undefined;
  return block.sources
    .filter(({ alias, table }) => qualifier === undefined || [alias, table].includes(qualifier))
    .some(({ alias, table }) =>
      (keys.columns.get(table ?? '') ?? []).some((column) => !determined.has(`${alias}.${column}`)),
    );
}

/** Every column with one value a group: grouped ones, and what equalities and keys make of them. */
function determinedColumns(
  block: QueryBlock,
  grouped: readonly (readonly Token[])[],
  keys: TableKeys,
): Set<string> {
  const determined = new Set<string>();
  for (const expression of grouped) {
    const key = onlyColumn(expression, block, keys);
    if (key !== undefined) determined.add(key);
  }
  const equalities = block.conditions.flatMap((condition) => equalityOf(condition, block, keys));
  for (const column of block.usingColumns) {
    const sides = block.sources.map(({ alias }) => `${alias}.${column}`);
    sides.forEach((side, at) => equalities.push([side, sides[at + 1] ?? side]));
  }
  for (let size = -1; size !== determined.size;) {
    size = determined.size;
    for (const [left, right] of equalities) {
      if (right === CONSTANT || determined.has(right)) determined.add(left);
      if (determined.has(left) && right !== CONSTANT) determined.add(right);
    }
    for (const { alias, table } of block.sources) {
      const primaryKey = keys.primaryKeys.get(table ?? '') ?? [];
      const isKnown = primaryKey.every((column) => determined.has(`${alias}.${column}`));
      if (primaryKey.length === 0 || !isKnown) continue;
      for (const column of keys.columns.get(table ?? '') ?? [])
        determined.add(`${alias}.${column}`);
    }
  }
  return determined;
}

const CONSTANT = '';

function equalityOf(
  condition: readonly Token[],
  block: QueryBlock,
  keys: TableKeys,
): [string, string][] {
  const at = condition.findIndex(({ key }) => key === '=');
  if (at === -1) return [];
  const sides = [condition.slice(0, at), condition.slice(at + 1)];
  const [left, right] = sides.map((side) => onlyColumn(side, block, keys));
  const [first, second] = sides.map(
    (side) => side.length === 1 && (side[0]?.kind === 'string' || side[0]?.kind === 'number'),
  );
  if (left !== undefined && right !== undefined) return [[left, right]];
  if (left !== undefined && second === true) return [[left, CONSTANT]];
  if (right !== undefined && first === true) return [[right, CONSTANT]];
  return [];
}

/** The column that an expression is, if it is nothing else. */
function onlyColumn(
  expression: readonly Token[],
  block: QueryBlock,
  keys: TableKeys,
): string | undefined {
  const [reference, ...others] = bareReferences(expression);
  if (reference === undefined || others.length > 0) return undefined;
  const length = reference.qualifier === '' ? 1 : 3;
  return expression.length === length ? columnKey(reference, block, keys) : undefined;
}

function columnKey(
  reference: ColumnReference,
  block: QueryBlock,
  keys: TableKeys,
): string | undefined {
  const source = sourceOfReference(reference, block, keys.columns);
  return source === undefined ? undefined : `${source.alias}.${reference.column}`;
}

function sameTokens(left: readonly Token[], right: readonly Token[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ text }, at) => text.toLowerCase() === right[at]?.text.toLowerCase())
  );
}
