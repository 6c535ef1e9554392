import { parseRows, type ReprValue } from './python-repr.js';
import type { SqlAnswer } from './sql-engine.js';

/**
 * Whether a query really run gave what the recording says: the same rows whatever their order,
 * numbers to three places, text without case; or an error in both.
 */
export function answersAlike(answer: SqlAnswer, observation: string): boolean {
  const recorded = parseRows(observation);
  if (recorded === undefined || !answer.ok) return recorded === undefined && !answer.ok;
  if (recorded.rows.length !== answer.rows.length) return false;
  const ours = answer.rows.map(rowKey).sort();
  const theirs = recorded.rows.map(rowKey).sort();
  return ours.every((key, at) => key === theirs[at]);
}

function rowKey(row: readonly ReprValue[]): string {
  return JSON.stringify(row.map(valueKey));
}

function valueKey(value: ReprValue): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return numberKey(value);
  if (typeof value === 'string') return `'${value.toLowerCase()}`;
  return `date ${value.date}`;
}

function numberKey(value: number): string {
  // Adding 0 turns -0, which rounding may leave, into 0.
  return String(Math.round(value * 1_000) / 1_000 + 0);
}
