import { benchImports, recordedFiles } from '../../bench/imports/bench-imports.js';
import type { CommandContext } from '../command.js';
import { openDatabase } from '../house.js';
import { textTable } from '../text-table.js';

/** Whether recordings are in the database as their source has them, and what a second import adds. */
export async function runBenchImports(
  { data }: { readonly data: string },
  { config, io, signal }: CommandContext,
): Promise<number> {
  const files = await recordedFiles(data);
  const database = await openDatabase({ config, log: io.note, signal });
  try {
    const report = await benchImports(data, files, database, io, signal);
    const rows = report.rows.map(({ name, runs, equal, bad, addedAgain, seconds }) => [
      name,
      runs,
      equal,
      bad,
      addedAgain,
      seconds,
    ]);
    const heads = ['source', 'runs', 'equal', 'bad', 'added again', 'seconds'];
    io.result(report, textTable(heads, rows));
    return 0;
  } finally {
    await database.close();
  }
}
