import { people } from './people.js';
import { sales } from './sales.js';
import { stock } from './stock.js';
import type { Column, Table } from './table.js';

/**
 * The conceptual schema of an invented garden supplier, beside the names its database really uses.
 *
 * The names say nothing on purpose; the comments do. Questions and gold answers are written against the
 * keys of this file, so that they survive a migration that renames columns.
 */

export const tables: readonly Table[] = [...sales, ...people, ...stock];

/** A table by its key; an unknown key is a mistake in this example, not in its input. */
export function tableOf(key: string): Table {
  const found = tables.find((candidate) => candidate.key === key);
  if (found === undefined) throw new RangeError(`No table has the key ${key}`);
  return found;
}

export function columnOf(owner: Table, key: string): Column {
  const found = owner.columns.find((candidate) => candidate.key === key);
  if (found === undefined) throw new RangeError(`${owner.key} has no column with the key ${key}`);
  return found;
}
