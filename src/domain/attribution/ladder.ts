import { unknownBlame, type Blame, type BlameMethod, type Correction } from './blame.js';
import type { ReplayVerdict } from './forked-replay.js';

/** A step that was tested by running the episode again from there. */
export interface ReplayedStep extends ReplayVerdict {
  readonly step: number;
}

/** What the ladder as a whole says, with what each rung said. */
export interface LadderBlame extends Blame {
  /** Only a forked replay verifies: everything below it is read from logs. */
  readonly isVerified: boolean;
  readonly levels: readonly Blame[];
  readonly replays: readonly ReplayedStep[];
}

/** From here on a rung is not asked any more but for a replay, which alone can verify. */
const SURE_ENOUGH = 0.6;
const MAX_ALTERNATIVES = 5;

/** The suspects a replay may test, likeliest first, with what should have stood in their place. */
export function replayOrder({ step, alternatives, levels }: LadderBlame): readonly {
  readonly step: number;
  readonly correction: Correction | null;
}[] {
  const suspects = step === null ? alternatives : [step, ...alternatives];
  return suspects.map((each) => {
    const level = levels.find((one) => one.step === each && one.correction !== undefined);
    return { step: each, correction: level?.correction ?? null };
  });
}

/** Whether the next rung that only reads is worth its price. */
export function mayClimb(levels: readonly Blame[]): boolean {
  return levels.every(({ confidence }) => confidence < SURE_ENOUGH);
}

/**
 * One blame from the rungs climbed.
 *
 * A verified step ends it. A refuted one is out. Of the rest the step with the highest confidence is
 * blamed; rungs that name the same step count as independent witnesses, 1 - (1 - a)(1 - b).
 */
export function blameOf(levels: readonly Blame[], replays: readonly ReplayedStep[]): LadderBlame {
  const told = { levels, replays };
  const verified = replays.find(({ verdict }) => verdict === 'verified');
  if (verified !== undefined) {
    const { step, probability, wins, losses, pairs } = verified;
    return {
      step,
      method: 'forked-replay',
      confidence: probability,
      reason:
        `run again from step ${String(step)} with it changed: ${String(wins)} wins and ` +
        `${String(losses)} losses against no change, in ${String(pairs)} pairs`,
      alternatives: alternativesOf(levels, [step]),
      isVerified: true,
      ...told,
    };
  }
  const refuted = replays.flatMap(({ step, verdict }) => (verdict === 'refuted' ? [step] : []));
  const [first, ...others] = suspectsOf(levels, refuted);
  if (first === undefined) {
    const reason = levels.map(({ reason: why }) => why).join('; ');
    const why = refuted.length > 0 ? 'every suspect was refuted by replay' : reason;
    return { ...unknownBlame(why), isVerified: false, ...told };
  }
  const named = [...others.map(({ step }) => step), ...alternativesOf(levels, refuted)];
  const alternatives = [...new Set(named)].filter((step) => step !== first.step);
  return {
    step: first.step,
    method: first.method,
    confidence: first.confidence,
    reason: first.reason,
    alternatives: alternatives.slice(0, MAX_ALTERNATIVES),
    isVerified: false,
    ...told,
  };
}

interface Suspect {
  readonly step: number;
  readonly method: BlameMethod;
  readonly confidence: number;
  readonly reason: string;
}

/** Steps that a rung blames, most confident first; of equals the one of the lower rung. */
function suspectsOf(levels: readonly Blame[], refuted: readonly number[]): readonly Suspect[] {
  const byStep = new Map<number, Suspect>();
  for (const { step, method, confidence, reason } of levels) {
    if (step === null || method === 'unknown' || refuted.includes(step)) continue;
    const earlier = byStep.get(step);
    byStep.set(
      step,
      earlier === undefined
        ? { step, method, confidence, reason }
        : {
            ...(earlier.confidence >= confidence ? earlier : { step, method, reason }),
            confidence: 1 - (1 - earlier.confidence) * (1 - confidence),
            reason: `${earlier.reason}; ${reason}`,
          },
    );
  }
  return [...byStep.values()].sort((left, right) => right.confidence - left.confidence);
}

function alternativesOf(levels: readonly Blame[], without: readonly number[]): readonly number[] {
  const named = levels.flatMap(({ step, alternatives }) => [
    ...(step === null ? [] : [step]),
    ...alternatives,
  ]);
  return [...new Set(named)].filter((step) => !without.includes(step)).slice(0, MAX_ALTERNATIVES);
}
