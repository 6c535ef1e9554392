import { runOverhead, type OverheadOptions } from '../../bench/overhead.js';
import type { CommandContext } from '../command.js';
import { quietTemporal } from '../temporal-logs.js';

export async function runBenchOverhead(
  options: OverheadOptions,
  { config, io, signal }: CommandContext,
): Promise<number> {
  quietTemporal(config);
  return runOverhead(options, config, io, signal);
}
