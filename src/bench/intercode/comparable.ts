import type { RecordedStep } from '../../model/recorded/dataset.js';
import { isCut, readAction } from './action.js';

/**
 * The SQL of a recorded step that can be run again and compared: a SELECT whose text and answer were
 * kept whole and whose answer holds no date, which Python and SQLite write in different ways.
 */
export function comparableSelect({ action, observation }: RecordedStep): string | undefined {
  const read = readAction(action);
  if (read.kind !== 'sql' || !/^\(?\s*select\b/i.test(read.sql)) return undefined;
  if (isCut(action) || isCut(observation) || observation.includes('datetime.')) return undefined;
  return read.sql;
}
