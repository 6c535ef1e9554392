import { pick, seeded, shuffled } from '../seeded.js';
import { tables } from './schema.js';
import type { Column, Table } from './table.js';

export type Value = string | number;
/** A row holds its values in the order of the table's columns. */
export type Row = readonly Value[];

const SEED = 20_240_229;

/** All rows by table key. The same in every run: the questions quote values that are really there. */
export const rows: ReadonlyMap<string, readonly Row[]> = fill();

/** The values of one column, in row order. */
export function valuesOf(table: Table, column: Column): readonly Value[] {
  const index = table.columns.indexOf(column);
  return (rows.get(table.key) ?? []).flatMap((row) => row[index] ?? []);
}

function fill(): ReadonlyMap<string, readonly Row[]> {
  const random = seeded(SEED);
  const counts = new Map(tables.map((table) => [table.key, table.rows]));
  return new Map(
    tables.map((table) => {
      const columns = table.columns.map((column) => columnValues(column, table, counts, random));
      return [
        table.key,
        Array.from({ length: table.rows }, (_, at) =>
          columns.flatMap((column) => column[at] ?? []),
        ),
      ];
    }),
  );
}

function columnValues(
  column: Column,
  table: Table,
  counts: ReadonlyMap<string, number>,
  random: () => number,
): readonly Value[] {
  const { content } = column;
  const each = <Result>(make: (at: number) => Result): readonly Result[] =>
    Array.from({ length: table.rows }, (_, at) => make(at));
  switch (content.kind) {
    case 'id':
      return each((at) => at + 1);
    case 'refers': {
      const count = counts.get(content.table) ?? 0;
      return each(() => 1 + Math.floor(random() * count));
    }
    case 'label':
      return shuffled(
        content.first.flatMap((first) => content.second.map((second) => `${first} ${second}`)),
        random,
      ).slice(0, table.rows);
    case 'category':
      return each(() => pick(content.of, random));
    case 'measure': {
      const steps = Math.floor((content.to - content.from) / content.step);
      const at = (step: number): number => Number((content.from + step * content.step).toFixed(2));
      if (!content.ranked) return each(() => at(Math.floor(random() * (steps + 1))));
      const all = shuffled(
        Array.from({ length: steps + 1 }, (_, step) => step),
        random,
      );
      return all.slice(0, table.rows).map(at);
    }
    case 'date':
      return each(() => {
        const day = new Date(Date.UTC(content.year, 0, 1 + Math.floor(random() * 700)));
        return day.toISOString().slice(0, 10);
      });
  }
}
