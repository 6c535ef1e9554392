import { runOverhead, type OverheadOptions } from '../../bench/overhead.js';
import type { CommandContext } from '../command.js';
import { withQuietTemporal } from '../temporal-logs.js';

export function runBenchOverhead(
  options: OverheadOptions,
  { config, io, signal }: CommandContext,
): Promise<number> {
  return withQuietTemporal(config, () => runOverhead(options, config, io, signal));
}
