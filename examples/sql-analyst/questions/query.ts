import type { CurrentNames } from '../company/names.js';

/** What a question asks, in keys of the conceptual schema: the gold answer before it has any names. */
export interface Query {
  readonly from: string;
  readonly join?: { readonly through: string; readonly to: string };
  readonly select: readonly Selected[];
  readonly where?: Filter;
  readonly groupBy?: ColumnKey;
  readonly top?: {
    readonly column: ColumnKey;
    readonly order: 'asc' | 'desc';
    readonly limit: number;
  };
}

export interface ColumnKey {
  readonly table: string;
  readonly column: string;
}

export type Aggregate = 'avg' | 'sum' | 'min' | 'max';

type Selected =
  | { readonly kind: 'column'; readonly column: ColumnKey }
  | { readonly kind: 'count' }
  | { readonly kind: 'aggregate'; readonly use: Aggregate; readonly column: ColumnKey };

export interface Filter {
  readonly column: ColumnKey;
  readonly op: '=' | '>' | '>=' | '<' | '<=';
  readonly value: string | number;
}

/** The gold statement under the names of the moment. */
export function goldSql(query: Query, names: CurrentNames): string {
  const column = ({ table, column: key }: ColumnKey): string =>
    `${names.table(table)}.${names.column(table, key)}`;
  const selected = query.select.map((item) => {
    switch (item.kind) {
      case 'column':
        return column(item.column);
      case 'count':
        return 'count(*)';
      case 'aggregate':
        return `${item.use}(${column(item.column)})`;
    }
  });
  const { join, where, groupBy, top } = query;
  return [
    `select ${selected.join(', ')} from ${names.table(query.from)}`,
    ...(join === undefined
      ? []
      : [
          `join ${names.table(join.to)} on ${column({ table: query.from, column: join.through })} = ${column({ table: join.to, column: 'number' })}`,
        ]),
    ...(where === undefined
      ? []
      : [`where ${column(where.column)} ${where.op} ${literal(where.value)}`]),
    ...(groupBy === undefined ? [] : [`group by ${column(groupBy)}`]),
    ...(top === undefined
      ? []
      : [`order by ${column(top.column)} ${top.order} limit ${String(top.limit)}`]),
  ].join(' ');
}

function literal(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
