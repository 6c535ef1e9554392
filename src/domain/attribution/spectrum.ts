import type { Step, Trajectory } from '../episode.js';
import { unknownBlame, type Blame } from './blame.js';

/** What spectrum attribution counts of one episode of the cluster. */
export interface SpectrumEpisode {
  readonly trajectory: Trajectory;
  readonly hasFailed: boolean;
}

/** Fewer failed or passed episodes than this tell accident from cause too badly. */
const LEAST_EACH = 2;
/** Episodes of the scarcer kind at which half of the evidence is believed. */
const HALF_BELIEVED = 2;
const MAX_ALTERNATIVES = 5;

/**
 * Blames the step whose kind goes with failure in episodes like this one.
 *
 * Ochiai's coefficient of a signature, e_f / sqrt(n_f (e_f + e_p)), over failed and passed episodes
 * (Abreu et al. 2007); `cluster` holds the blamed episode too. What stands in every episode has
 * sqrt(n_f / (n_f + n_p)), so only what exceeds that counts; of equals the earliest step is blamed.
 */
export function spectrumBlame(trajectory: Trajectory, cluster: readonly SpectrumEpisode[]): Blame {
  const failed = cluster.filter(({ hasFailed }) => hasFailed).length;
  const passed = cluster.length - failed;
  if (failed < LEAST_EACH || passed < LEAST_EACH) {
    return unknownBlame(
      `${String(failed)} failed and ${String(passed)} passed episodes like it; ` +
        `a comparison takes ${String(LEAST_EACH)} of each`,
    );
  }
  const counts = countSignatures(cluster);
  const base = Math.sqrt(failed / (failed + passed));
  const scored = signaturesOf(trajectory).map(({ index, signatures }) => ({
    index,
    ...mostSuspicious(signatures, counts, failed),
  }));
  const suspects = scored
    .filter(({ score }) => score > base)
    .sort((left, right) => right.score - left.score || left.index - right.index);
  const [first, ...others] = suspects;
  if (first === undefined) return unknownBlame('no step goes with failure in episodes like it');
  const scarcer = Math.min(failed, passed);
  const believed = scarcer / (scarcer + HALF_BELIEVED);
  const { inFailed, inPassed, signature } = first;
  return {
    step: first.index,
    method: 'spectrum',
    confidence: (believed * (first.score - base)) / (1 - base),
    reason:
      `${signature}: in ${String(inFailed)} of ${String(failed)} failed and ` +
      `${String(inPassed)} of ${String(passed)} passed episodes like it`,
    alternatives: others.slice(0, MAX_ALTERNATIVES).map(({ index }) => index),
  };
}

interface Count {
  readonly inFailed: number;
  readonly inPassed: number;
}

function countSignatures(cluster: readonly SpectrumEpisode[]): ReadonlyMap<string, Count> {
  const counts = new Map<string, Count>();
  for (const { trajectory, hasFailed } of cluster) {
    const held = new Set(signaturesOf(trajectory).flatMap(({ signatures }) => signatures));
    for (const signature of held) {
      const { inFailed, inPassed } = counts.get(signature) ?? { inFailed: 0, inPassed: 0 };
      counts.set(
        signature,
        hasFailed ? { inFailed: inFailed + 1, inPassed } : { inFailed, inPassed: inPassed + 1 },
      );
    }
  }
  return counts;
}

function mostSuspicious(
  signatures: readonly string[],
  counts: ReadonlyMap<string, Count>,
  failed: number,
): Count & { readonly signature: string; readonly score: number } {
  const scored = signatures.map((signature) => {
    const { inFailed, inPassed } = counts.get(signature) ?? { inFailed: 0, inPassed: 0 };
    const among = Math.sqrt(failed * (inFailed + inPassed));
    return { signature, inFailed, inPassed, score: among === 0 ? 0 : inFailed / among };
  });
  return scored.reduce((best, each) => (each.score > best.score ? each : best), {
    signature: '',
    inFailed: 0,
    inPassed: 0,
    score: 0,
  });
}

interface SignedStep {
  readonly index: number;
  readonly signatures: readonly string[];
}

/**
 * By which steps of different episodes are the same: of a call its tool and end, its tool and the names
 * of its arguments, and the tool before it; of a last reply whether anything was called at all.
 */
function signaturesOf(trajectory: Trajectory): readonly SignedStep[] {
  let before = 'start';
  return trajectory.map((step, position): SignedStep => {
    if (step.kind === 'model') {
      const isLast = position === trajectory.length - 1;
      const answersAtOnce = isLast && before === 'start';
      return { index: step.index, signatures: answersAtOnce ? ['an answer without a call'] : [] };
    }
    const signatures = [
      `${step.tool} ends ${endOf(step)}`,
      `${step.tool} with ${argumentNames(step.arguments)}`,
      `${step.tool} after ${before}`,
    ];
    before = step.tool;
    return { index: step.index, signatures };
  });
}

function endOf({ result }: Extract<Step, { kind: 'tool' }>): string {
  return result.ok ? 'well' : `in ${result.code}`;
}

const ARGUMENT_NAME = /"((?:[^"\\]|\\.)*)"\s*:/g;
const MAX_NAMES = 16;

/** Every key of the arguments' JSON text, nested ones too, in alphabetical order. */
function argumentNames(written: string): string {
  const names = [...written.matchAll(ARGUMENT_NAME)].map(([, name]) => name ?? '');
  return [...new Set(names)].sort().slice(0, MAX_NAMES).join(', ') || 'nothing';
}
