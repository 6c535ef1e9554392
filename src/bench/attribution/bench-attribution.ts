import { FEATURE_NAMES } from '../../domain/attribution/step-features.js';
import { blameStep, LEAST_CONFIDENCE } from '../../domain/attribution/step-score.js';
import {
  backwardSliceOf,
  everyMessage,
  firstMessage,
  mostFrequentSpeaker,
  type Guess,
} from './baselines.js';
import { rowsOf, rowsOfChances, type Row } from './tally.js';
import {
  bestPenalty,
  examplesOf,
  foldsOf,
  leaveQuestionsOut,
  PENALTY,
  questionFolds,
  train,
} from './training.js';
import { readCases, type LabelledCase } from './who-and-when.js';

export interface AttributionReport {
  readonly cases: number;
  readonly questions: number;
  readonly features: number;
  readonly penalty: number;
  readonly leastConfidence: number;
  readonly rows: readonly Row[];
  /** Among answers of the cross-validation: mean confidence beside the share of exact steps. */
  readonly calibration: readonly {
    readonly from: number;
    readonly n: number;
    readonly confidence: number;
    readonly right: number;
  }[];
  /** Trained on every case, by name of the feature. */
  readonly weights: Readonly<Record<string, number>>;
}

const OUTER_FOLDS = 10;
const INNER_FOLDS = 4;

/** Cross-validates the step score on labelled failures, beside what needs no training. */
export async function benchAttribution(
  directory: string,
  seed: number,
): Promise<AttributionReport> {
  const cases = await readCases(directory);
  const folds = questionFolds(cases);
  const leftOut = leaveQuestionsOut(cases, () => PENALTY, folds);
  const nested = leaveQuestionsOut(
    cases,
    (training) => bestPenalty(training, INNER_FOLDS, seed),
    foldsOf(cases, OUTER_FOLDS, seed),
  );
  const answers = cases.map((each) => ({
    each,
    blame: blameStep(each.trajectory, leftOut.get(each)),
  }));
  const guessWith =
    (weights: ReadonlyMap<LabelledCase, readonly number[]>) =>
    (each: LabelledCase): Guess => {
      const blame = blameStep(each.trajectory, weights.get(each));
      return blame.step === null ? { agent: null, step: null } : blame;
    };
  const weights = train(examplesOf(cases), PENALTY);
  return {
    cases: cases.length,
    questions: folds.length,
    features: FEATURE_NAMES.length,
    penalty: PENALTY,
    leastConfidence: LEAST_CONFIDENCE,
    rows: [
      ...rowsOf('step score', cases, guessWith(leftOut)),
      ...rowsOf('step score, nested', cases, guessWith(nested)),
      ...rowsOf('backward slice alone', cases, backwardSliceOf),
      ...rowsOf('first message', cases, firstMessage),
      ...rowsOf('most frequent speaker', cases, mostFrequentSpeaker),
      ...rowsOfChances('random message', cases, everyMessage),
    ],
    calibration: calibrationOf(
      answers.flatMap(({ each, blame }) =>
        blame.step === null
          ? []
          : [{ confidence: blame.confidence, isRight: blame.step === each.step }],
      ),
    ),
    weights: Object.fromEntries(
      FEATURE_NAMES.map((name, index) => [name, Number((weights[index] ?? 0).toPrecision(4))]),
    ),
  };
}

interface Answered {
  readonly confidence: number;
  readonly isRight: boolean;
}

/** Upper ends of the classes of confidence, of which the first is whatever is lower. */
const CLASSES = [0.3, 0.4, 0.5, 0.6, 1.01];

function calibrationOf(answers: readonly Answered[]): AttributionReport['calibration'] {
  return CLASSES.flatMap((below, index) => {
    const from = CLASSES[index - 1] ?? 0;
    const meant = answers.filter(({ confidence }) => confidence >= from && confidence < below);
    if (meant.length === 0) return [];
    const sum = meant.reduce((total, { confidence }) => total + confidence, 0);
    const right = meant.filter(({ isRight }) => isRight).length;
    const n = meant.length;
    return [{ from, n, confidence: sum / n, right: right / n }];
  });
}
