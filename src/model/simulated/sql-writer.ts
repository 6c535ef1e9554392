/** A statement with every name found: what is left is to write it down. */
export interface LinkedQuery {
  readonly table: string;
  readonly join?: { readonly table: string; readonly left: string; readonly right: string };
  readonly select: readonly SelectItem[];
  readonly where?: {
    readonly column: ColumnName;
    readonly op: Comparison;
    readonly value: string;
    readonly isText: boolean;
  };
  readonly groupBy?: ColumnName;
  readonly orderBy?: { readonly column: ColumnName; readonly order: 'asc' | 'desc' };
  readonly limit?: number;
}

export type Aggregate = 'avg' | 'sum' | 'min' | 'max';
export type Comparison = '=' | '>' | '>=' | '<' | '<=';
export interface ColumnName {
  readonly table: string;
  readonly column: string;
}
export type SelectItem =
  | { readonly kind: 'count' }
  | { readonly kind: 'column'; readonly column: ColumnName }
  | { readonly kind: 'aggregate'; readonly use: Aggregate; readonly column: ColumnName };

/** One statement in lower case; columns are qualified only where two tables are joined. */
export function writeSql(query: LinkedQuery): string {
  const { join, where, groupBy, orderBy, limit } = query;
  const name = ({ table, column }: ColumnName): string =>
    join === undefined ? column : `${table}.${column}`;
  const clauses = [
    `select ${query.select.map((item) => written(item, name)).join(', ')} from ${query.table}`,
  ];
  if (join !== undefined) {
    clauses.push(`join ${join.table} on ${query.table}.${join.left} = ${join.table}.${join.right}`);
  }
  if (where !== undefined) {
    const value = where.isText ? `'${where.value.replaceAll("'", "''")}'` : where.value;
    clauses.push(`where ${name(where.column)} ${where.op} ${value}`);
  }
  if (groupBy !== undefined) clauses.push(`group by ${name(groupBy)}`);
  if (orderBy !== undefined) clauses.push(`order by ${name(orderBy.column)} ${orderBy.order}`);
  if (limit !== undefined) clauses.push(`limit ${String(limit)}`);
  return clauses.join(' ');
}

function written(item: SelectItem, name: (column: ColumnName) => string): string {
  switch (item.kind) {
    case 'count':
      return 'count(*)';
    case 'column':
      return name(item.column);
    case 'aggregate':
      return `${item.use}(${name(item.column)})`;
  }
}
