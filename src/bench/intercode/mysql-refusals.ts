import type { RecordedTable } from '../../model/recorded/dataset.js';
import { groupingRefusal, havingRefusal, keysOf, type TableKeys } from './full-group-by.js';
import { queryBlocks, type QueryBlock } from './query-blocks.js';
import { closingOf, type Token } from './sql-tokens.js';

const LIMITED: ReadonlySet<string> = new Set(['IN', 'ANY', 'ALL', 'SOME']);

/** What MySQL 8 refuses and SQLite would answer. `undefined`: nothing of the kind. */
export function refusalOf(
  tokens: readonly Token[],
  tables: readonly RecordedTable[],
): string | undefined {
  if (hasLimitInSubquery(tokens)) {
    return "This version of MySQL doesn't yet support 'LIMIT & IN/ALL/ANY/SOME subquery'";
  }
  const keys = keysOf(tables);
  for (const block of queryBlocks(tokens)) {
    const refusal = blockRefusal(block, keys);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function blockRefusal(block: QueryBlock, keys: TableKeys): string | undefined {
  if (block.sources.some(({ alias }) => alias === '')) {
    return 'Every derived table must have its own alias';
  }
  const aliases = block.sources.map(({ alias }) => alias);
  const double = aliases.find((alias, at) => aliases.indexOf(alias) !== at);
  if (double !== undefined) return `Not unique table/alias: '${double}'`;
  return groupingRefusal(block, keys) ?? havingRefusal(block, keys);
}

function hasLimitInSubquery(tokens: readonly Token[]): boolean {
  return tokens.some(({ key }, at) => {
    const isSubquery = tokens[at + 1]?.key === '(' && tokens[at + 2]?.key === 'SELECT';
    if (!LIMITED.has(key) || !isSubquery) return false;
    const inner = tokens.slice(at + 2, closingOf(tokens, at + 1));
    return queryBlocks(inner)[0]?.hasLimit === true;
  });
}
