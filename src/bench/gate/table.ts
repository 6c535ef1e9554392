/** One number of a table: as simulated here and, where there is one, as published. */
export interface Cell {
  readonly measured: number;
  readonly published: number | null;
}

export interface Table {
  /** Number of the section that publishes it. */
  readonly id: string;
  readonly title: string;
  readonly runs: number;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly label: string; readonly cells: readonly Cell[] }[];
}

export function cell(measured: number, published?: number): Cell {
  return { measured, published: published ?? null };
}

/** A table as text: the published figure in brackets beside the measured one. */
export function tableText({ id, title, runs, columns, rows }: Table): string {
  const lines = rows.map(({ label, cells }) => [label, ...cells.map(cellText)]);
  const heads = ['', ...columns];
  const widths = heads.map((head, at) =>
    Math.max(head.length, ...lines.map((line) => line[at]?.length ?? 0)),
  );
  const line = (values: readonly string[]): string =>
    values
      .map((value, at) => value.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [`${id} ${title} (${String(runs)} runs)`, line(heads), ...lines.map(line)].join('\n');
}

function cellText({ measured, published }: Cell): string {
  const text = numberText(measured);
  return published === null ? text : `${text} (${numberText(published)})`;
}

/** Shares to a tenth of a percent, counts to the unit. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return '-';
  return Math.abs(value) <= 1 ? value.toFixed(4) : String(Math.round(value));
}
