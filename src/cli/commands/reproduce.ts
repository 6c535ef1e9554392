import { InvalidInputError } from '../../domain/errors.js';
import { workflowBundleOf } from '../../worker.js';
import { launchLog, type CommandContext } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { openHouse, type House } from '../house.js';
import { viewOf } from '../looking.js';
import {
  ahead,
  historiesOf,
  listedRuns,
  replay,
  type FoundHistory,
} from '../reproduce/histories.js';
import { Subjects, type Subject } from '../reproduce/subjects.js';
import { withQuietTemporal } from '../temporal-logs.js';

export interface ReproduceOptions {
  readonly agent?: string;
  /** Every candidate of the agent, and every episode of it that ran here. */
  readonly all?: boolean;
}

interface Reproduction {
  readonly id: string;
  readonly result: 'identical' | 'different';
  readonly difference: string | null;
  readonly histories: number;
  readonly decisions: number;
}

/** Replays histories on this code, derives every decision again, and compares with what is stored. */
export function reproduce(
  text: string | undefined,
  options: ReproduceOptions,
  context: CommandContext,
): Promise<number> {
  return withQuietTemporal(context.config, () => again(text, options, context));
}

async function again(
  text: string | undefined,
  options: ReproduceOptions,
  context: CommandContext,
): Promise<number> {
  const { config, io, signal } = context;
  if (text === undefined && options.all !== true) {
    throw new InvalidInputError('reproduce', 'no id', 'an episode, a candidate, or --all');
  }
  const house = await openHouse({ config, log: launchLog(context, true), signal });
  try {
    const look = await viewOf(house, context);
    const subjects = new Subjects(house, look);
    const found =
      text === undefined
        ? await subjects.all(options.agent)
        : [await subjects.named(text, options.agent)];
    const results = await reproduceAll(house, found, context);
    const [only] = results;
    if (text !== undefined && only !== undefined) io.result(only, textOf(only));
    else io.result({ results, ...counted(results) }, summaryOf(results));
    return results.every(({ result }) => result === 'identical') ? EXIT.ok : EXIT.conflict;
  } finally {
    await house.close();
  }
}

/** Histories are read ahead of the one that is replayed, and none is kept. */
async function reproduceAll(
  house: House,
  found: readonly Subject[],
  { io, signal }: CommandContext,
): Promise<readonly Reproduction[]> {
  const counts = new Map<string, number>();
  const progress = io.progress(found.length);
  const [first] = found;
  // One list instead of one a workflow.
  const listed =
    found.length > 1 && first !== undefined
      ? await listedRuns(house.temporal, `RatchetTenant = "${first.scope.tenant}"`)
      : undefined;
  const histories = async function* (): AsyncGenerator<FoundHistory> {
    const wanted = new Map(
      found.flatMap(({ scope, workflowIds }) => workflowIds.map((id) => [id, scope.tenant])),
    );
    const read = ahead(wanted, async ([id, tenant]) => ({
      id,
      runs: await historiesOf(house.temporal, house.store, tenant, id, listed),
    }));
    for await (const { id, runs } of read) {
      signal.throwIfAborted();
      counts.set(id, runs.length);
      progress.update((counts.size * found.length) / wanted.size, 'replaying histories');
      yield* runs;
    }
  };
  const parted = await replay(await workflowBundleOf(), histories());
  const results: Reproduction[] = [];
  for (const [index, subject] of found.entries()) {
    signal.throwIfAborted();
    progress.update(index, 'deriving decisions');
    results.push(await compared(subject, counts, parted));
  }
  progress.end();
  return results;
}

async function compared(
  { id, workflowIds, derive }: Subject,
  histories: ReadonlyMap<string, number>,
  parted: ReadonlyMap<string, string>,
): Promise<Reproduction> {
  const count = workflowIds.reduce((sum, each) => sum + (histories.get(each) ?? 0), 0);
  const { decisions, difference } = await derive();
  const nothing =
    count === 0
      ? `history: found none${workflowIds.length === 0 ? '' : ` of ${workflowIds.join(', ')}`}, expected one`
      : undefined;
  const replayed = workflowIds.map((each) => parted.get(each)).find((each) => each !== undefined);
  const first = nothing ?? replayed ?? difference;
  const result = first === null ? 'identical' : 'different';
  return { id, result, difference: first, histories: count, decisions };
}

function textOf({ id, result, difference, histories, decisions }: Reproduction): string {
  const what = `${String(histories)} histories, ${String(decisions)} decisions`;
  return difference === null ? `${result}: ${id}, ${what}` : `${result}: ${id}\n  ${difference}`;
}

function counted(results: readonly Reproduction[]) {
  const identical = results.filter(({ result }) => result === 'identical').length;
  return { identical, different: results.length - identical };
}

function summaryOf(results: readonly Reproduction[]): string {
  const { identical, different } = counted(results);
  const parted = results.filter(({ result }) => result === 'different');
  return [
    ...parted.map(textOf),
    `${different === 0 ? 'identical' : 'different'}: ${String(identical)} of ${String(results.length)} alike`,
  ].join('\n');
}
