import type { QueryBlock, QuerySource } from './query-blocks.js';
import { closingOf, type Token } from './sql-tokens.js';

/** A column as an expression names it, in lower case; `qualifier` is empty for a bare one. */
export interface ColumnReference {
  readonly qualifier: string;
  readonly column: string;
}

const AGGREGATES: ReadonlySet<string> = new Set(
  'COUNT SUM AVG MIN MAX GROUP_CONCAT STD STDDEV VARIANCE BIT_AND BIT_OR ANY_VALUE'.split(' '),
);
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'AND OR NOT IN IS NULL LIKE BETWEEN CASE WHEN THEN ELSE END DISTINCT AS EXISTS ALL ANY SOME TRUE ' +
    'FALSE INTERVAL DAY MONTH YEAR DIV MOD REGEXP RLIKE ESCAPE BINARY ASC DESC SELECT FROM'
  ).split(' '),
);

/** Whether an expression folds several rows into one, queries in brackets apart. */
export function hasAggregate(expression: readonly Token[]): boolean {
  let found = false;
  walk(expression, (token, at) => {
    if (isCall(expression, at) && AGGREGATES.has(token.key)) found = true;
    return false;
  });
  return found;
}

/** The columns that an expression names outside of aggregates and of queries in brackets. */
export function bareReferences(expression: readonly Token[]): ColumnReference[] {
  return referencesIn(expression, (token) => AGGREGATES.has(token.key));
}

/** The columns that an expression names, inside aggregates too. */
export function allReferences(expression: readonly Token[]): ColumnReference[] {
  return referencesIn(expression, () => false);
}

function referencesIn(
  expression: readonly Token[],
  isPassedOver: (call: Token) => boolean,
): ColumnReference[] {
  const references: ColumnReference[] = [];
  walk(expression, (token, at) => {
    if (isCall(expression, at)) return isPassedOver(token);
    const isName = token.kind === 'name' || (token.kind === 'word' && !KEYWORDS.has(token.key));
    const next = expression[at + 1];
    if (!isName || expression[at - 1]?.key === '.') return false;
    if (next?.key === '.') {
      const column = expression[at + 2];
      if (column !== undefined && column.key !== '*') {
        references.push({ qualifier: lower(token), column: lower(column) });
      }
      return false;
    }
    references.push({ qualifier: '', column: lower(token) });
    return false;
  });
  return references;
}

/** Visits tokens from left to right; `true` from the visitor passes over the call that begins there. */
function walk(tokens: readonly Token[], visit: (token: Token, at: number) => boolean): void {
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) return;
    if (token.key === '(' && tokens[at + 1]?.key === 'SELECT') at = closingOf(tokens, at);
    else if (visit(token, at)) at = closingOf(tokens, at + 1);
  }
}

function isCall(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.kind === 'word' && tokens[at + 1]?.key === '(';
}

/** The columns of tables, by table, all in lower case. */
export type ColumnsByTable = ReadonlyMap<string, readonly string[]>;

/**
 * The source a reference speaks of. `undefined` where none of the block has such a column (it may be
 * one of an outer query) or more than one does.
 */
export function sourceOfReference(
  { qualifier, column }: ColumnReference,
  block: Pick<QueryBlock, 'sources'>,
  tables: ColumnsByTable,
): QuerySource | undefined {
  const fitting = block.sources.filter(
    ({ alias, table }) =>
      (qualifier === '' || qualifier === alias || qualifier === table) &&
      tables.get(table ?? '')?.includes(column) === true,
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

function lower(token: Token): string {
  return token.text.toLowerCase();
}
