import {
  fitSoftmax,
  probabilities,
  type Choice,
} from '../../domain/attribution/softmax-regression.js';
import { featuresOf } from '../../domain/attribution/step-features.js';
import { readTrajectory } from '../../domain/attribution/step-reading.js';
import { permutation } from '../../domain/random.js';
import type { LabelledCase } from './who-and-when.js';

/** How strongly weights are drawn to 0; chosen among PENALTIES by cross-validation. */
export const PENALTY = 64;
export const PENALTIES = [16, 32, 64, 128];

/** A labelled case with its features, computed once. */
export interface Example {
  readonly labelled: LabelledCase;
  readonly choice: Choice;
}

/** Leaves out a case that blames a step of nobody. */
export function examplesOf(cases: readonly LabelledCase[]): readonly Example[] {
  return cases.flatMap((labelled) => {
    const read = readTrajectory(labelled.trajectory);
    const right = read.agents.findIndex(
      (position) => labelled.trajectory.steps[position]?.i === labelled.step,
    );
    return right < 0 ? [] : [{ labelled, choice: { rows: featuresOf(read), right } }];
  });
}

/** Weights in the order of FEATURE_NAMES. */
export function train(examples: readonly Example[], penalty: number): readonly number[] {
  return fitSoftmax(
    examples.map(({ choice }) => choice),
    penalty,
  );
}

/** Gives every case weights that were trained without its question. */
export function leaveQuestionsOut(
  cases: readonly LabelledCase[],
  penaltyFor: (training: readonly Example[]) => number,
  folds: readonly ReadonlySet<string>[],
): ReadonlyMap<LabelledCase, readonly number[]> {
  const examples = examplesOf(cases);
  const weights = new Map<LabelledCase, readonly number[]>();
  for (const fold of folds) {
    const training = examples.filter(({ labelled }) => !fold.has(labelled.trajectory.question));
    const trained = train(training, penaltyFor(training));
    for (const each of cases) {
      if (fold.has(each.trajectory.question)) weights.set(each, trained);
    }
  }
  return weights;
}

/** One fold a question. */
export function questionFolds(cases: readonly LabelledCase[]): readonly ReadonlySet<string>[] {
  return questionsOf(cases).map((question) => new Set([question]));
}

/** So many folds of whole questions, drawn by the seed. */
export function foldsOf(
  cases: readonly LabelledCase[],
  count: number,
  seed: number,
): readonly ReadonlySet<string>[] {
  const questions = questionsOf(cases);
  const folds = Array.from({ length: Math.min(count, questions.length) }, () => new Set<string>());
  for (const [place, index] of permutation(questions.length, seed).entries()) {
    const question = questions[index];
    if (question !== undefined) folds[place % folds.length]?.add(question);
  }
  return folds;
}

/** The penalty that makes what people blame likeliest in questions left out. */
export function bestPenalty(examples: readonly Example[], count: number, seed: number): number {
  const cases = examples.map(({ labelled }) => labelled);
  const folds = foldsOf(cases, count, seed);
  const likelihoods = PENALTIES.map((penalty) =>
    folds.reduce((sum, fold) => {
      const isOut = ({ labelled }: Example): boolean => fold.has(labelled.trajectory.question);
      const training = examples.filter((example) => !isOut(example));
      const weights = train(training, penalty);
      return examples.filter(isOut).reduce((total, { choice }) => {
        return total + Math.log(probabilities(choice.rows, weights)[choice.right] ?? 0);
      }, sum);
    }, 0),
  );
  const best = likelihoods.indexOf(Math.max(...likelihoods));
  return PENALTIES[best] ?? PENALTY;
}

function questionsOf(cases: readonly LabelledCase[]): readonly string[] {
  return [...new Set(cases.map(({ trajectory }) => trajectory.question))];
}
