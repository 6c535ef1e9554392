import type { ObservedCall } from '../../contracts/tool.js';
import type { SchemaFact } from '../../domain/schema-fact.js';
import { isCut, readAction, withoutCutMark } from './action.js';
import { allReferences } from './column-references.js';
import { parseRows, type ReprRows } from './python-repr.js';
import { queryBlocks, type QueryBlock, type QuerySource } from './query-blocks.js';
import { tokenize, type Token } from './sql-tokens.js';

/**
 * What a MySQL answer tells of the schema: SHOW TABLES that tables exist, DESC all columns of one, a
 * SELECT that returned rows the columns it named. An empty answer tells nothing: the recorder gave
 * one after some errors, and from an error nothing is read at all.
 */
export function revealedBySql(call: ObservedCall): SchemaFact[] {
  const database = call.taskInput['database'];
  const sql = sqlOf(call.arguments);
  if (!call.ok || typeof database !== 'string' || sql === undefined) return [];
  const action = readAction(sql);
  if (action.kind !== 'sql' || isCut(sql)) return [];
  const answer = parseRows(withoutCutMark(call.result));
  const tokens = tokenize(action.sql);
  if (answer === undefined || answer.rows.length === 0 || tokens === undefined) return [];
  const isWhole = answer.complete && !isCut(call.result);
  return factsOf(tokens, answer, isWhole, database).map((fact) => ({
    ...fact,
    scope: { database },
  }));
}

type UnscopedFact = Omit<SchemaFact, 'scope'>;

function factsOf(
  tokens: readonly Token[],
  answer: ReprRows,
  isWhole: boolean,
  database: string,
): UnscopedFact[] {
  const [first, second, third] = tokens;
  if (first?.key === 'SHOW' && second?.key === 'TABLES') return tablesShown(answer);
  const described = describedTable(tokens);
  if (described !== undefined) return describedColumns(described, answer, isWhole);
  if (first?.key === 'SELECT' || (first?.key === '(' && second?.key === 'SELECT')) {
    return namedColumns(tokens, database);
  }
  // `USE shop; SHOW TABLES` and the like: only the last statement was answered.
  return first?.key === 'USE' && third?.key === ';'
    ? factsOf(tokens.slice(3), answer, isWhole, database)
    : [];
}

function tablesShown({ rows }: ReprRows): UnscopedFact[] {
  return rows.flatMap(([name, ...others]) =>
    typeof name === 'string' && others.length === 0
      ? [{ about: name, columns: [], complete: false }]
      : [],
  );
}

/** The table of DESC, DESCRIBE or SHOW COLUMNS FROM. */
function describedTable(tokens: readonly Token[]): string | undefined {
  const at = describedAt(tokens);
  const name = at === undefined ? undefined : tokens[tokens[at + 1]?.key === '.' ? at + 2 : at];
  return name?.kind === 'word' || name?.kind === 'name' ? name.text : undefined;
}

function describedAt([first, second, third]: readonly Token[]): number | undefined {
  if (first?.key === 'DESC' || first?.key === 'DESCRIBE') return 1;
  const isColumns = second?.key === 'COLUMNS' || second?.key === 'FIELDS';
  return first?.key === 'SHOW' && isColumns && third?.key === 'FROM' ? 3 : undefined;
}

const DESC_WIDTH = 6;

function describedColumns(about: string, { rows }: ReprRows, isWhole: boolean): UnscopedFact[] {
  const columns = rows.flatMap(([name, ...others]) =>
    typeof name === 'string' && others.length === DESC_WIDTH - 1 ? [{ name }] : [],
  );
  if (columns.length !== rows.length) return [];
  return [{ about, columns, complete: isWhole }];
}

/**
 * The columns that a query names of each table: qualified ones by their alias, bare ones where the
 * query reads from one table only. A name made by AS is no column, and a bare name in an inner query
 * may be one of the outer query's.
 */
function namedColumns(tokens: readonly Token[], database: string): UnscopedFact[] {
  const columns = new Map<string, Set<string>>();
  for (const block of queryBlocks(tokens)) {
    for (const { table, column } of columnsOfBlock(block, database)) {
      columns.set(table, (columns.get(table) ?? new Set()).add(column));
    }
  }
  return [...columns].map(([about, names]) => ({
    about,
    columns: [...names].map((name) => ({ name })),
    complete: false,
  }));
}

function columnsOfBlock(block: QueryBlock, database: string): { table: string; column: string }[] {
  const made = new Set(block.items.map(({ alias }) => alias));
  const [only, ...others] = block.sources;
  const expressions = [
    ...block.items.map(({ expression }) => expression),
    ...block.conditions,
    ...block.groupBy,
    block.having,
    ...block.orderBy,
  ];
  return expressions.flatMap(allReferences).flatMap(({ qualifier, column }) => {
    const source =
      qualifier !== ''
        ? block.sources.find((each) => each.alias === qualifier || each.table === qualifier)
        : block.depth === 0 && others.length === 0 && !made.has(column)
          ? only
          : undefined;
    return source !== undefined && isTableOf(source, database)
      ? [{ table: source.table, column }]
      : [];
  });
}

function isTableOf(
  source: QuerySource,
  database: string,
): source is QuerySource & { readonly table: string } {
  const isHere = source.schema === undefined || source.schema === database.toLowerCase();
  return source.table !== undefined && isHere;
}

function sqlOf(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null || !('sql' in given)) return undefined;
  return typeof given.sql === 'string' ? given.sql : undefined;
}
