import type { Draw } from '../../domain/gate/simulation.js';
import { mulberry32, seedOf } from '../../domain/random.js';
import {
  configKey,
  type GateData,
  type PairOfConfigs,
  type RecordedOutcome,
  type RecordedStream,
  type StreamKind,
} from './gate-data.js';

/** The one domain of the recordings whose items have a hardness. */
const DOMAIN = 'intercode-sql';

const LENGTH = 400;
const FIRST_PROMOTION = 130;
const LAST_PROMOTION = 250;

/** Share of easy tasks before and after a mix shift; the others are hard or extra hard. */
const EASY_SHARE = { before: 0.7, after: 0.1 } as const;

export const STREAMS_PER_KIND = 400;

/**
 * Streams drawn anew from the recorded outcomes, by the recipe of the recorded streams: items with
 * replacement, the promotion at a random place, and the version that follows either the same
 * configuration, one that is better or worse on all items, one that is worse and serves one hardness
 * alone, or the same one under a mix that turns hard.
 */
export function* redrawnStreams(data: GateData, seed: number): Generator<RecordedStream> {
  const kinds = ['null', 'improvement', 'mix_shift', 'regression', 'slice_regression'] as const;
  for (const kind of kinds) {
    for (let number = 0; number < STREAMS_PER_KIND; number += 1) {
      const id = `${kind}-${String(number)}`;
      yield redrawn(data, kind, id, mulberry32(seedOf('streams', id, String(seed))));
    }
  }
}

function redrawn(data: GateData, kind: StreamKind, id: string, draw: Draw): RecordedStream {
  const truth = kind === 'improvement' ? 'improved' : 'regressed';
  const pair = oneOf(
    data.pairs.filter((entry) => entry.domain === DOMAIN && entry.truth === truth),
    draw,
  );
  const isSame = kind === 'null' || kind === 'mix_shift';
  const baseline = itemsOf(data, pair.baseline);
  const candidate = isSame ? baseline : itemsOf(data, pair.candidate);
  const slice = kind === 'slice_regression' ? oneOf(hardnessesOf(pair), draw) : null;
  const promotion = FIRST_PROMOTION + Math.floor(draw() * (LAST_PROMOTION - FIRST_PROMOTION + 1));
  const items = [...baseline].filter(([item]) => candidate.has(item));
  const pick = (isPromoted: boolean): readonly (readonly [string, RecordedOutcome])[] => {
    if (kind !== 'mix_shift') return items;
    const isEasy = draw() < (isPromoted ? EASY_SHARE.after : EASY_SHARE.before);
    const wanted = isEasy ? ['easy'] : ['hard', 'extra'];
    return items.filter(([, { hardness = '' }]) => wanted.includes(hardness));
  };
  const rows = Array.from({ length: LENGTH }, (_, t) => {
    const isPromoted = t >= promotion;
    const [item, before] = oneOf(pick(isPromoted), draw);
    const { hardness = '' } = before;
    const isServedAnew = isPromoted && (slice === null || slice === hardness);
    const served = isServedAnew ? (candidate.get(item) ?? before) : before;
    return { hardness, isPromoted, success: served.success };
  });
  return { id, kind, slice, difference: differenceOf(pair, slice, isSame), rows };
}

function differenceOf(pair: PairOfConfigs, slice: string | null, isSame: boolean): number {
  if (isSame) return 0;
  return slice === null ? pair.diff : (pair.slices[`hardness=${slice}`]?.diff ?? 0);
}

function hardnessesOf({ slices }: PairOfConfigs): readonly string[] {
  return Object.keys(slices)
    .filter((name) => name.startsWith('hardness='))
    .map((name) => name.slice('hardness='.length));
}

function itemsOf({ runs }: GateData, config: string): ReadonlyMap<string, RecordedOutcome> {
  return runs.get(configKey(DOMAIN, config)) ?? new Map<string, RecordedOutcome>();
}

function oneOf<T>(values: readonly T[], draw: Draw): T {
  const value = values[Math.floor(draw() * values.length)];
  if (value === undefined) {
    throw new RangeError(`Found no ${DOMAIN} recording to draw from, expected at least one`);
  }
  return value;
}
