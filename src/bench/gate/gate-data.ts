import { join } from 'node:path';

import { z } from 'zod';

import { readJson, readJsonLines } from '../../model/recorded/json-lines.js';

const ADVICE = 'the directory of recorded gate outcomes, given by --data DIR';

const Slices = z.record(z.string(), z.string());

const OutcomeRow = z.object({
  domain: z.string(),
  config: z.string(),
  item: z.string(),
  success: z.union([z.literal(0), z.literal(1)]),
  slices: Slices,
});

const PairRow = z.object({
  domain: z.string(),
  baseline: z.string(),
  candidate: z.string(),
  diff: z.number(),
  truth: z.enum(['improved', 'regressed', 'null', 'undetermined']),
  slices: z.record(z.string(), z.object({ diff: z.number() })),
});

const StreamRow = z.object({
  stream_id: z.string(),
  rows: z.array(z.tuple([z.string(), z.string(), z.string(), z.string(), z.number()])),
});

const KeyRow = z.object({
  stream_id: z.string(),
  kind: z.enum(['null', 'regression', 'improvement', 'slice_regression', 'mix_shift']),
  slice: z.string().nullable(),
  pair_diff: z.number(),
});

/** What one configuration did on one item. */
export interface RecordedOutcome {
  readonly success: 0 | 1;
  readonly hardness?: string;
}

export type PairOfConfigs = z.infer<typeof PairRow>;
export type StreamKind = z.infer<typeof KeyRow>['kind'];

export interface RecordedStream {
  readonly id: string;
  readonly kind: StreamKind;
  /** The hardness that lost, where one did. */
  readonly slice: string | null;
  /** True difference of the new version: in the slice that lost, else over all. */
  readonly difference: number;
  readonly rows: readonly {
    readonly hardness: string;
    readonly isPromoted: boolean;
    readonly success: number;
  }[];
}

/** Outcomes of real configurations, item by item, and what is true of their differences. */
export interface GateData {
  /** By `configKey`, then by item in the order of the file. */
  readonly runs: ReadonlyMap<string, ReadonlyMap<string, RecordedOutcome>>;
  readonly pairs: readonly PairOfConfigs[];
  readonly streams: readonly RecordedStream[];
}

export function configKey(domain: string, config: string): string {
  return `${domain} ${config}`;
}

/** Reads a directory of recorded gate outcomes; a file that is not there or no such file is told by name. */
export async function readGateData(directory: string): Promise<GateData> {
  const runs = new Map<string, Map<string, RecordedOutcome>>();
  const outcomes = readJsonLines(join(directory, 'outcomes.jsonl'), OutcomeRow, ADVICE);
  for await (const { domain, config, item, success, slices } of outcomes) {
    const key = configKey(domain, config);
    const items = runs.get(key) ?? new Map<string, RecordedOutcome>();
    runs.set(key, items);
    const { hardness } = slices;
    items.set(item, hardness === undefined ? { success } : { success, hardness });
  }
  const pairs = await readJson(join(directory, 'pairs.json'), z.array(PairRow), ADVICE);
  return { runs, pairs, streams: await readStreams(directory) };
}

async function readStreams(directory: string): Promise<readonly RecordedStream[]> {
  const keys = await readJson(join(directory, 'streams-key.json'), z.array(KeyRow), ADVICE);
  const byId = new Map(keys.map((key) => [key.stream_id, key]));
  const streams: RecordedStream[] = [];
  const rows = readJsonLines(join(directory, 'streams.jsonl'), StreamRow, ADVICE);
  for await (const { stream_id: id, rows: lines } of rows) {
    const key = byId.get(id);
    if (key === undefined) continue;
    const [first] = lines;
    streams.push({
      id,
      kind: key.kind,
      slice: key.slice,
      difference: key.pair_diff,
      rows: lines.map(([, hardness, , version, success]) => ({
        hardness,
        isPromoted: version !== first?.[3],
        success,
      })),
    });
  }
  return streams;
}
