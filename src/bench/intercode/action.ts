/** A model's action as recorded: SQL with or without wrapping, the end of a ReAct run, or prose. */
export type Action =
  | { readonly kind: 'sql'; readonly sql: string }
  | { readonly kind: 'submit' }
  | { readonly kind: 'prose' };

const FENCE = /```(?:\w+)?\s*\n?([\s\S]*?)```/;
const REACT = /^\s*execute\s*\[([\s\S]*)$/i;
const STATEMENT =
  /^\s*\(?\s*(?:SELECT|SHOW|DESC|DESCRIBE|EXPLAIN|WITH|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|USE|SET)\b/i;

/** Takes the SQL out of `execute[…]` and out of code fences. */
export function readAction(text: string): Action {
  if (/^\s*submit\b/i.test(text)) return { kind: 'submit' };
  const react = REACT.exec(text)?.[1];
  const inner = react === undefined ? text : withoutLastBracket(react);
  const sql = (FENCE.exec(inner)?.[1] ?? inner).trim().replace(/^`+|`+$/g, '');
  return STATEMENT.test(sql) ? { kind: 'sql', sql } : { kind: 'prose' };
}

function withoutLastBracket(text: string): string {
  const last = text.lastIndexOf(']');
  return last === -1 ? text : text.slice(0, last);
}

/** Whether a recorded text was cut: it then ends in `…[+N chars]`. */
export function isCut(text: string): boolean {
  return CUT.test(text);
}

/** The text as far as it was recorded. */
export function withoutCutMark(text: string): string {
  return text.replace(CUT, '');
}

const CUT = /…\[\+\d+ chars\]$/;
