import { currentNames } from './company/names.js';
import { goldSql } from './questions/query.js';
import { questionOf } from './questions/questions.js';
import { executeSql } from './tools.js';
import type pg from 'pg';

/** How an answer was graded. */
export interface Grade {
  readonly score: 0 | 1;
  readonly category: 'ok' | 'wrong-rows' | 'sql-error' | 'no-sql';
  readonly detail: string;
}

/**
 * Runs the statement in the answer beside the gold statement. The same rows, as often and in any order,
 * are right; numbers may differ in the ninth digit.
 */
export async function gradeAnswer(db: pg.Pool, question: string, output: string): Promise<Grade> {
  const asked = questionOf(question);
  if (asked === undefined) throw new RangeError(`No gold answer is known for: ${question}`);
  const sql = sqlIn(output);
  if (sql === undefined) return { score: 0, category: 'no-sql', detail: 'The answer has no SQL' };
  const gold = await executeSql(db, { sql: goldSql(asked.query, await currentNames(db)) });
  try {
    const produced = await executeSql(db, { sql });
    return sameRows(produced.rows, gold.rows)
      ? { score: 1, category: 'ok', detail: `${String(gold.rows.length)} rows alike` }
      : {
          score: 0,
          category: 'wrong-rows',
          detail: 'The rows are not those of the gold statement',
        };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { score: 0, category: 'sql-error', detail: message };
  }
}

/** The statement in a text: in a fence, or the text itself where it begins like one. */
export function sqlIn(output: string): string | undefined {
  const fenced = /```(?:sql)?\s*([\s\S]*?)```/i.exec(output)?.[1];
  const text = (fenced ?? output).trim();
  return /^(?:select|with)\b/i.test(text) ? text : undefined;
}

function sameRows(left: readonly unknown[][], right: readonly unknown[][]): boolean {
  if (left.length !== right.length) return false;
  const leftRows = left.map(canonical).sort();
  const rightRows = right.map(canonical).sort();
  return leftRows.every((row, index) => row === rightRows[index]);
}

function canonical(row: readonly unknown[]): string {
  return JSON.stringify(row.map(canonicalValue));
}

function canonicalValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  const isNumeric = typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value);
  if (typeof value === 'number' || isNumeric) return Number(value).toPrecision(9);
  return value;
}
