/** A value as MySQL's Python driver printed it. Dates are kept as the text between their brackets. */
export type ReprValue = string | number | null | { readonly date: string };
export type ReprRow = readonly ReprValue[];

export interface ReprRows {
  readonly rows: readonly ReprRow[];
  /** False where the text ends within the list: the rows are those that were complete. */
  readonly complete: boolean;
}

/** Reads `[('a', 1), (None,)]`. `undefined` where the text is no list of tuples: an error, say. */
export function parseRows(text: string): ReprRows | undefined {
  const reader = new Reader(text.trim());
  if (!reader.take('[')) return undefined;
  const rows: ReprRow[] = [];
  if (reader.take(']')) return { rows, complete: true };
  for (;;) {
    const row = reader.tuple();
    if (row === undefined) return rows.length > 0 || reader.isCut() ? cut(rows) : undefined;
    rows.push(row);
    if (reader.take(']')) return { rows, complete: true };
    if (!reader.take(',')) return cut(rows);
  }
}

function cut(rows: readonly ReprRow[]): ReprRows {
  return { rows, complete: false };
}

/** A position in a text that only moves over what it understood. */
class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  isCut(): boolean {
    return this.text.startsWith('(', 1);
  }

  take(sign: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  tuple(): ReprRow | undefined {
    if (!this.take('(')) return undefined;
    const values: ReprValue[] = [];
    while (!this.take(')')) {
      const value = this.value();
      if (value === undefined) return undefined;
      values.push(value);
      if (!this.take(',')) return this.take(')') ? values : undefined;
    }
    return values;
  }

  private value(): ReprValue | undefined {
    this.skipSpace();
    const quote = this.text[this.at];
    if (quote === "'" || quote === '"') return this.string(quote);
    if (this.take('None')) return null;
    if (this.take('True')) return 1;
    if (this.take('False')) return 0;
    const decimal = this.matched(/Decimal\('([^']*)'\)/y)?.[1];
    if (decimal !== undefined) return Number(decimal);
    const date = this.matched(/datetime\.\w+\(([^)]*)\)/y)?.[1];
    if (date !== undefined) return { date };
    const number = this.matched(/-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?=[,)])/y)?.[0];
    return number === undefined ? undefined : Number(number);
  }

  private string(quote: string): string | undefined {
    let value = '';
    for (let at = this.at + 1; at < this.text.length; at += 1) {
      const character = this.text[at] ?? '';
      if (character === quote) {
        this.at = at + 1;
        return value;
      }
      if (character !== '\\') {
        value += character;
        continue;
      }
      const escaped = ESCAPE.exec(this.text.slice(at + 1, at + 10))?.[0] ?? '';
      value += unescaped(escaped);
      at += escaped.length;
    }
    return undefined;
  }

  private matched(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return undefined;
    this.at += found[0].length;
    return found;
  }

  private skipSpace(): void {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\n') this.at += 1;
  }
}

const ESCAPE = /^(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[\s\S])/;
const NAMED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function unescaped(escaped: string): string {
  if (escaped.length > 1) return String.fromCodePoint(Number.parseInt(escaped.slice(1), 16));
  return NAMED[escaped] ?? escaped;
}
