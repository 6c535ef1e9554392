import { closingOf, splitAtCommas, type Token } from './sql-tokens.js';

/** Something that a query reads from: a table, or a query in brackets. */
export interface QuerySource {
  /** Lower case; absent for a query in brackets. */
  readonly table?: string;
  /** The database it is qualified with, in lower case. */
  readonly schema?: string;
  /** What columns of it are qualified with, in lower case; empty where a query has no name. */
  readonly alias: string;
}

/** One SELECT, taken apart into its clauses; the queries in its brackets are blocks of their own. */
export interface QueryBlock {
  /** 0 for a query that stands in no other one. */
  readonly depth: number;
  readonly isDistinct: boolean;
  readonly items: readonly SelectItem[];
  readonly sources: readonly QuerySource[];
  /** WHERE and every ON, one after the other, each as its conjuncts. */
  readonly conditions: readonly (readonly Token[])[];
  readonly usingColumns: readonly string[];
  readonly groupBy: readonly (readonly Token[])[];
  readonly having: readonly Token[];
  readonly orderBy: readonly (readonly Token[])[];
  readonly hasLimit: boolean;
}

export interface SelectItem {
  readonly expression: readonly Token[];
  /** Lower case; empty where the item has none. */
  readonly alias: string;
}

type Clause = 'SELECT' | 'FROM' | 'WHERE' | 'GROUP' | 'HAVING' | 'ORDER' | 'LIMIT';
const CLAUSES: ReadonlySet<string> = new Set<Clause>([
  'SELECT',
  'FROM',
  'WHERE',
  'GROUP',
  'HAVING',
  'ORDER',
  'LIMIT',
]);
const SET_OPERATIONS: ReadonlySet<string> = new Set(['UNION', 'INTERSECT', 'EXCEPT']);
const JOIN_WORDS: ReadonlySet<string> = new Set(
  'JOIN INNER LEFT RIGHT OUTER CROSS NATURAL STRAIGHT_JOIN FULL'.split(' '),
);

/** Every SELECT of a statement, outer ones first. */
export function queryBlocks(tokens: readonly Token[], depth = 0): QueryBlock[] {
  const blocks: QueryBlock[] = [];
  for (const part of splitAtSetOperations(tokens)) {
    if (part[0]?.key === 'SELECT') blocks.push(blockOf(part, depth));
    part.forEach((token, at) => {
      if (token.key !== '(' || !isOutermost(part, at)) return;
      // Brackets around a whole query do not make it an inner one.
      const inner = at === 0 ? depth : depth + 1;
      blocks.push(...queryBlocks(part.slice(at + 1, closingOf(part, at)), inner));
    });
  }
  return blocks;
}

function isOutermost(tokens: readonly Token[], at: number): boolean {
  let depth = 0;
  for (const { key } of tokens.slice(0, at)) {
    if (key === '(') depth += 1;
    if (key === ')') depth -= 1;
  }
  return depth === 0;
}

function splitAtSetOperations(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.key === '(') depth += 1;
    if (token.key === ')') depth -= 1;
    const isNew = depth === 0 && SET_OPERATIONS.has(token.key);
    if (isNew) parts.push([]);
    else if (!(token.key === 'ALL' && parts.at(-1)?.length === 0)) parts.at(-1)?.push(token);
  }
  return parts;
}

function blockOf(tokens: readonly Token[], depth: number): QueryBlock {
  const clauses = clausesOf(tokens);
  const select = clauses.get('SELECT') ?? [];
  const isDistinct = select[0]?.key === 'DISTINCT';
  const from = readFrom(clauses.get('FROM') ?? []);
  return {
    depth,
    isDistinct,
    items: splitAtCommas(isDistinct ? select.slice(1) : select).map(itemOf),
    sources: from.sources,
    conditions: [clauses.get('WHERE') ?? [], ...from.conditions].flatMap(conjuncts),
    usingColumns: from.usingColumns,
    groupBy: expressions(clauses.get('GROUP') ?? []),
    having: clauses.get('HAVING') ?? [],
    orderBy: expressions(clauses.get('ORDER') ?? []),
    hasLimit: clauses.has('LIMIT'),
  };
}

function clausesOf(tokens: readonly Token[]): Map<string, Token[]> {
  const clauses = new Map<string, Token[]>();
  let depth = 0;
  let current: Token[] = [];
  for (const token of tokens) {
    if (token.key === '(') depth += 1;
    if (token.key === ')') depth -= 1;
    if (depth === 0 && CLAUSES.has(token.key)) {
      current = [];
      clauses.set(token.key, current);
    } else {
      current.push(token);
    }
  }
  return clauses;
}

/** The expressions after GROUP BY or ORDER BY, without their directions. */
function expressions(clause: readonly Token[]): Token[][] {
  const list = clause[0]?.key === 'BY' ? clause.slice(1) : clause;
  if (list.length === 0) return [];
  return splitAtCommas(list).map((each) =>
    each.filter(({ key }, at) => !(at === each.length - 1 && (key === 'ASC' || key === 'DESC'))),
  );
}

function itemOf(tokens: readonly Token[]): SelectItem {
  const as = tokens.findIndex(
    ({ key }, at) => key === 'AS' && isOutermost(tokens, at) && at === tokens.length - 2,
  );
  if (as !== -1) return { expression: tokens.slice(0, as), alias: lower(tokens[as + 1]) };
  const last = tokens.at(-1);
  const before = tokens.at(-2);
  const isNamed = last?.kind === 'word' || last?.kind === 'name';
  const isAfterValue =
    before !== undefined &&
    (before.key === ')' || before.key === 'END' || before.kind !== 'sign') &&
    before.key !== 'DISTINCT';
  if (tokens.length > 1 && isNamed && last.key !== 'END' && isAfterValue) {
    return { expression: tokens.slice(0, -1), alias: lower(last) };
  }
  return { expression: tokens, alias: '' };
}

interface From {
  readonly sources: QuerySource[];
  readonly conditions: Token[][];
  readonly usingColumns: string[];
}

function readFrom(tokens: readonly Token[]): From {
  const from: From = { sources: [], conditions: [], usingColumns: [] };
  let part: Token[] = [];
  let state: 'source' | 'on' = 'source';
  const close = (): void => {
    if (part.length > 0 && state === 'source') from.sources.push(sourceOf(part));
    if (part.length > 0 && state === 'on') from.conditions.push(part);
    part = [];
    state = 'source';
  };
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    const end = token.key === '(' ? closingOf(tokens, at) : at;
    if (token.key === ',' || (JOIN_WORDS.has(token.key) && tokens[at + 1]?.key !== '(')) {
      close();
    } else if (token.key === 'ON') {
      close();
      state = 'on';
    } else if (token.key === 'USING') {
      close();
      const columns = tokens.slice(at + 2, closingOf(tokens, at + 1));
      from.usingColumns.push(...columns.filter(({ key }) => key !== ',').map(lower));
      at = closingOf(tokens, at + 1);
    } else {
      part.push(...tokens.slice(at, end + 1));
      at = end;
    }
  }
  close();
  return from;
}

function sourceOf(tokens: readonly Token[]): QuerySource {
  const last = tokens.at(-1);
  if (tokens[0]?.key === '(') {
    return { alias: last === undefined || last.key === ')' ? '' : lower(last) };
  }
  const isQualified = tokens[1]?.key === '.';
  const table = lower(isQualified ? tokens[2] : tokens[0]);
  const alias = lower(last);
  return isQualified ? { schema: lower(tokens[0]), table, alias } : { table, alias };
}

/** The parts of a condition that all must hold; none where an OR makes that uncertain. */
function conjuncts(condition: readonly Token[]): Token[][] {
  if (condition.some(({ key }, at) => key === 'OR' && isOutermost(condition, at))) return [];
  const parts: Token[][] = [[]];
  condition.forEach((token, at) => {
    if (token.key === 'AND' && isOutermost(condition, at)) parts.push([]);
    else parts.at(-1)?.push(token);
  });
  return parts.filter((part) => part.length > 0);
}

function lower(token: Token | undefined): string {
  return token?.text.toLowerCase() ?? '';
}
