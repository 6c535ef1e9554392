/** Columns of text: numbers to the right, the rest to the left, two spaces between. */
export function textTable(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = [heads, ...rows].map((row) => row.map((cell) => firstLine(String(cell))));
  const widths = heads.map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  const isNumber = heads.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return isNumber[column] === true ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const WIDEST = 80;

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  const isCut = line.length > WIDEST || line !== text;
  return isCut ? `${line.slice(0, WIDEST - 1)}…` : line;
}
