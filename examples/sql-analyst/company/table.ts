export type Area = 'sales' | 'people' | 'stock';

/** What fills a column. `measure` values are distinct within a table where `ranked`. */
export type Content =
  | { readonly kind: 'id' }
  | { readonly kind: 'refers'; readonly table: string }
  | {
      readonly kind: 'label';
      readonly first: readonly string[];
      readonly second: readonly string[];
    }
  | { readonly kind: 'category'; readonly of: readonly string[] }
  | {
      readonly kind: 'measure';
      readonly from: number;
      readonly to: number;
      readonly step: number;
      readonly ranked: boolean;
    }
  | { readonly kind: 'date'; readonly year: number };

export interface Column {
  readonly key: string;
  /** The name in the database before the migration. */
  readonly name: string;
  readonly comment: string;
  /** How questions call it; the first one is the usual wording. */
  readonly say: readonly string[];
  readonly content: Content;
}

export interface Table {
  readonly key: string;
  readonly name: string;
  readonly area: Area;
  readonly comment: string;
  readonly one: string;
  readonly many: string;
  readonly rows: number;
  /** Hash-partitioned by its first column, as the big tables of this company are. */
  readonly partitioned: boolean;
  readonly columns: readonly Column[];
}

type ColumnSpec = readonly [
  key: string,
  name: string,
  comment: string,
  say: string,
  content: Content,
];

/** A table of the company; those of the stock area are partitioned. */
export function table(
  spec: Omit<Table, 'columns' | 'partitioned'>,
  columns: readonly ColumnSpec[],
): Table {
  return {
    ...spec,
    partitioned: spec.area === 'stock',
    columns: columns.map(([key, name, comment, say, content]) => ({
      key,
      name,
      comment,
      say: say.split('|'),
      content,
    })),
  };
}

/** 1, 2, 3 …: the primary key. */
export const id: Content = { kind: 'id' };
/** The number of a row of another table. */
export const refers = (key: string): Content => ({ kind: 'refers', table: key });
/** One of a few words. */
export const one = (...of: readonly string[]): Content => ({ kind: 'category', of });
/** A name of two parts, no two alike. */
export const label = (first: readonly string[], second: readonly string[]): Content => ({
  kind: 'label',
  first,
  second,
});
/** A number that no other row has, so that rankings have no ties. */
export const ranked = (from: number, to: number, step: number): Content => ({
  kind: 'measure',
  from,
  to,
  step,
  ranked: true,
});
/** A number that rows may share. */
export const coarse = (from: number, to: number, step: number): Content => ({
  kind: 'measure',
  from,
  to,
  step,
  ranked: false,
});
/** A day within two years from the first of January. */
export const date = (year: number): Content => ({ kind: 'date', year });
