/** One word, string, number or sign of a SQL text in MySQL's grammar. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'sign';
  /** A string or back-quoted name without its quotes and escapes; anything else as written. */
  readonly text: string;
  /** Upper case of a word, the sign itself; empty for what is quoted, so that no keyword hides there. */
  readonly key: string;
}

const SPACE = /\s+|#[^\n]*|--(?:[ \t][^\n]*|$|(?=\n))|\/\*[\s\S]*?\*\//y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])/y;
const WORD = /[\p{L}\p{N}_$@]+/uy;
const SIGN = /<=>|<=|>=|<>|!=|\|\||&&|:=|[^\s\w]/uy;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  '%': '\\%',
  _: '\\_',
};

/** Takes a MySQL text apart. An open quote has no end and no answer: `undefined`. */
export function tokenize(sql: string): Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  while (at < sql.length) {
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const quote = sql[at] ?? '';
    if (quote === "'" || quote === '"' || quote === '`') {
      const quoted = readQuoted(sql, at, quote);
      if (quoted === undefined) return undefined;
      tokens.push({ kind: quote === '`' ? 'name' : 'string', text: quoted.text, key: '' });
      at = quoted.end;
      continue;
    }
    const number = match(NUMBER);
    const word = number === undefined ? match(WORD) : undefined;
    const text = number ?? word ?? match(SIGN) ?? quote;
    const kind = number !== undefined ? 'number' : word !== undefined ? 'word' : 'sign';
    tokens.push({ kind, text, key: text.toUpperCase() });
    at += text.length;
  }
  return tokens;
}

function readQuoted(
  sql: string,
  start: number,
  quote: string,
): { text: string; end: number } | undefined {
  let text = '';
  for (let at = start + 1; at < sql.length; at += 1) {
    const character = sql[at] ?? '';
    const next = sql[at + 1];
    if (character === quote && next === quote) {
      text += quote;
      at += 1;
    } else if (character === quote) {
      return { text, end: at + 1 };
    } else if (character === '\\' && quote !== '`' && next !== undefined) {
      text += ESCAPES[next] ?? next;
      at += 1;
    } else {
      text += character;
    }
  }
  return undefined;
}

/** Where the bracket that opens at `open` closes; the end of the text where it does not. */
export function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    const key = tokens[at]?.key;
    if (key === '(') depth += 1;
    if (key === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return tokens.length;
}

/** The tokens between commas that stand in no bracket. */
export function splitAtCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.key === '(') depth += 1;
    if (token.key === ')') depth -= 1;
    if (token.key === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}
