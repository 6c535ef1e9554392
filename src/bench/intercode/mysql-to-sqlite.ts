import { quoteName } from './sqlite-tables.js';
import { closingOf, splitAtCommas, type Token } from './sql-tokens.js';

/** What the translation has to know of the tables: MySQL compares text with numbers as numbers. */
export interface ColumnTypes {
  readonly databaseName: string;
  /** Names in lower case of columns that hold text in every table that has them. */
  readonly textColumns: ReadonlySet<string>;
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<', '>', '<=', '>=', '<>', '!=', '<=>']);

/** Writes a MySQL statement in SQLite's words. */
export function toSqlite(tokens: readonly Token[], types: ColumnTypes): string {
  return write(withMysqlComparisons(withoutDatabaseName(tokens, types.databaseName), types));
}

/** Table names may carry the name of the database before a dot; here there is only that one. */
function withoutDatabaseName(tokens: readonly Token[], databaseName: string): Token[] {
  const name = databaseName.toLowerCase();
  return tokens.filter((token, at) => {
    const isName = token.text.toLowerCase() === name && token.kind !== 'string';
    if (isName && tokens[at + 1]?.key === '.' && !isColumnOf(tokens, at)) return false;
    const before = tokens[at - 1];
    const isDot = token.key === '.' && before?.text.toLowerCase() === name;
    return !(isDot && before.kind !== 'string' && !isColumnOf(tokens, at - 1));
  });
}

/** A database and its table may be namesakes: only where a table is named is it the database. */
function isColumnOf(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.key;
  const isTablePlace =
    before === 'FROM' || before === 'JOIN' || before === 'INTO' || before === ',';
  const isThreePart = tokens[at + 3]?.key === '.';
  return !isTablePlace && !isThreePart;
}

/** Gives text columns MySQL's comparisons: with a number as numbers, with text without end spaces. */
function withMysqlComparisons(
  tokens: readonly Token[],
  { textColumns }: ColumnTypes,
): readonly Token[] {
  const written: Token[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const length = columnLength(tokens, at);
    const last = tokens[at + length - 1];
    const isText = length > 0 && last !== undefined && textColumns.has(last.text.toLowerCase());
    const column = tokens.slice(at, at + Math.max(1, length));
    const partner = isText ? comparedWith(tokens, at, length) : undefined;
    if (partner === 'number') {
      written.push(word('CAST'), sign('('), ...column, word('AS'), word('REAL'), sign(')'));
    } else if (partner === 'string') {
      written.push(word('rtrim'), sign('('), ...column, sign(')'), word('COLLATE'), word('NOCASE'));
    } else {
      written.push(...column);
    }
    at += Math.max(1, length) - 1;
  }
  return written;
}

function columnLength(tokens: readonly Token[], at: number): 0 | 1 | 3 {
  const isName = (token: Token | undefined): boolean =>
    token?.kind === 'word' || token?.kind === 'name';
  if (!isName(tokens[at]) || tokens[at - 1]?.key === '.') return 0;
  if (tokens[at + 1]?.key === '.') return isName(tokens[at + 2]) ? 3 : 0;
  return tokens[at + 1]?.key === '(' ? 0 : 1;
}

/** The kind of literal that a column is compared with, if it is one. */
function comparedWith(
  tokens: readonly Token[],
  at: number,
  length: number,
): Token['kind'] | undefined {
  const after = tokens[at + length]?.key ?? '';
  const next = tokens[at + length + 1];
  const before = tokens[at - 1]?.key ?? '';
  if (COMPARISONS.has(after) && isLiteral(next)) return next.kind;
  if (after === 'BETWEEN' && next?.kind === 'number') return 'number';
  if (after === 'IN' && tokens[at + length + 2]?.kind === 'string') return 'string';
  const previous = tokens[at - 2];
  return COMPARISONS.has(before) && isLiteral(previous) ? previous.kind : undefined;
}

function isLiteral(token: Token | undefined): token is Token {
  return token?.kind === 'number' || token?.kind === 'string';
}

function write(tokens: readonly Token[]): string {
  const words: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    const isCall = tokens[at + 1]?.key === '(';
    const end = isCall ? closingOf(tokens, at + 1) : at;
    const inner = tokens.slice(at + 2, end);
    const call = isCall && token.kind === 'word' ? writeCall(token.key, inner) : undefined;
    if (call !== undefined) {
      words.push(call);
      at = end;
      continue;
    }
    words.push(writeToken(token, tokens[at + 1]));
  }
  return words.join(' ');
}

/** A call that SQLite writes in another way; `undefined` where it needs no change. */
function writeCall(name: string, inner: readonly Token[]): string | undefined {
  const args = splitAtCommas(inner);
  const written = args.map((each) => write(each));
  const [first = '', second = '', third = ''] = written;
  switch (name) {
    case 'ANY_VALUE':
      return `min(${first})`;
    case 'COUNT': {
      const [head] = inner;
      if (head?.key !== 'DISTINCT' || args.length < 2) return undefined;
      const columns = [write(inner.slice(1, args[0]?.length ?? 1)), ...written.slice(1)];
      const joined = columns.map((column) => `lower(${column})`).join(` || char(0) || `);
      return `count(DISTINCT ${joined})`;
    }
    case 'CONCAT':
      return `(${written.map((each) => `(${each})`).join(' || ')})`;
    case 'IF':
      return `(CASE WHEN ${first} THEN ${second} ELSE ${third} END)`;
    case 'LEFT':
    case 'RIGHT':
      return `"${name.toLowerCase()}"(${written.join(', ')})`;
    case 'SUBSTRING':
    case 'MID':
      return `substr(${written.join(', ')})`;
    case 'LCASE':
      return `lower(${first})`;
    case 'UCASE':
      return `upper(${first})`;
    case 'CHARACTER_LENGTH':
      return `char_length(${first})`;
    case 'RAND':
      return '(abs(random()) / 9223372036854775808.0)';
    case 'TRUNCATE':
      return `(CAST((${first}) * power(10, ${second}) AS INTEGER) / power(10.0, ${second}))`;
    case 'DATABASE':
    case 'SCHEMA':
      return `'main'`;
    default:
      return undefined;
  }
}

function writeToken(token: Token, next: Token | undefined): string {
  switch (token.kind) {
    case 'string':
      // A string after LIKE keeps its backslashes: they escape wild cards.
      return `'${token.text.replaceAll("'", "''")}'`;
    case 'name':
      // In double quotes SQLite takes an unknown name for a string.
      return token.text.includes(']') ? quoteName(token.text) : `[${token.text}]`;
    case 'number':
      return token.text;
    case 'word':
      if (token.key === 'RLIKE') return 'REGEXP';
      if (token.key === 'DIV') return '/';
      if (token.key === 'XOR') return '<>';
      return token.text;
    case 'sign':
      if (token.key === '&&') return 'AND';
      if (token.key === '||') return 'OR';
      if (token.key === '<=>') return 'IS';
      // MySQL divides whole numbers into fractions.
      if (token.key === '/' && next !== undefined) return '* 1.0 /';
      return token.text;
  }
}

function word(text: string): Token {
  return { kind: 'word', text, key: text };
}

function sign(text: string): Token {
  return { kind: 'sign', text, key: text };
}
