/** The alternatives of one choice, a row of feature values each, and which of them was right. */
export interface Choice {
  readonly rows: readonly (readonly number[])[];
  /** Index into `rows`. */
  readonly right: number;
}

const MAX_ITERATIONS = 20;
/** Gain of a step, in nats over all choices, below which the weights are taken as found. */
const CONVERGED = 1e-5;
const SMALLEST_STEP = 1e-4;

/** Probability of each row: softmax of its weighted sum. */
export function probabilities(
  rows: readonly (readonly number[])[],
  weights: readonly number[],
): readonly number[] {
  const scores = rows.map((row) => dot(row, weights));
  const highest = highestOf(scores);
  const odds = scores.map((score) => Math.exp(score - highest));
  const sum = odds.reduce((total, odd) => total + odd, 0);
  return odds.map((odd) => odd / sum);
}

/**
 * Conditional logistic regression (McFadden 1974): the weights that maximise the likelihood of the
 * right rows, less `penalty` / 2 times the sum of squared weights of features in units of their
 * standard deviation within a choice. Damped Newton steps; the same input gives the same weights.
 */
export function fitSoftmax(choices: readonly Choice[], penalty: number): readonly number[] {
  const width = choices[0]?.rows[0]?.length ?? 0;
  const penalties = spreadWithin(choices, width).map((spread) => penalty * spread ** 2);
  let weights: readonly number[] = penalties.map(() => 0);
  let loss = lossOf(choices, weights, penalties);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration += 1) {
    const { gradient, curvature } = slopeOf(choices, weights, penalties);
    const step = solve(curvature, gradient);
    let share = 1;
    let next = moved(weights, step, share);
    let nextLoss = lossOf(choices, next, penalties);
    while (nextLoss > loss && share > SMALLEST_STEP) {
      share /= 2;
      next = moved(weights, step, share);
      nextLoss = lossOf(choices, next, penalties);
    }
    if (nextLoss > loss - CONVERGED) return weights;
    weights = next;
    loss = nextLoss;
  }
  return weights;
}

/** Standard deviation of each feature around its mean in a choice, over choices; 1 where it never varies. */
function spreadWithin(choices: readonly Choice[], width: number): readonly number[] {
  const sums = new Array<number>(width).fill(0);
  for (const { rows } of choices) {
    const means = columnMeans(rows, width);
    for (const row of rows) {
      for (const [column, value] of row.entries()) {
        const off = value - (means[column] ?? 0);
        sums[column] = (sums[column] ?? 0) + off ** 2 / rows.length;
      }
    }
  }
  return sums.map((sum) => Math.sqrt(sum / choices.length) || 1);
}

function columnMeans(rows: readonly (readonly number[])[], width: number): readonly number[] {
  const means = new Array<number>(width).fill(0);
  for (const row of rows) addScaled(means, row, 1 / rows.length);
  return means;
}

function lossOf(
  choices: readonly Choice[],
  weights: readonly number[],
  penalties: readonly number[],
): number {
  const shrinkage = weights.reduce(
    (sum, weight, column) => sum + ((penalties[column] ?? 0) * weight ** 2) / 2,
    0,
  );
  return choices.reduce((sum, { rows, right }) => {
    const scores = rows.map((row) => dot(row, weights));
    const highest = highestOf(scores);
    const odds = scores.reduce((total, score) => total + Math.exp(score - highest), 0);
    return sum + highest + Math.log(odds) - (scores[right] ?? 0);
  }, shrinkage);
}

interface Slope {
  readonly gradient: readonly number[];
  readonly curvature: readonly (readonly number[])[];
}

function slopeOf(
  choices: readonly Choice[],
  weights: readonly number[],
  penalties: readonly number[],
): Slope {
  const gradient = weights.map((weight, column) => weight * (penalties[column] ?? 0));
  const curvature = weights.map((_, row) =>
    weights.map((__, column) => (row === column ? (penalties[row] ?? 0) : 0)),
  );
  for (const { rows, right } of choices) {
    const chances = probabilities(rows, weights);
    const expected = new Array<number>(weights.length).fill(0);
    for (const [index, row] of rows.entries()) {
      const chance = chances[index] ?? 0;
      addScaled(expected, row, chance);
      addOuter(curvature, row, chance);
    }
    addOuter(curvature, expected, -1);
    addScaled(gradient, expected, 1);
    addScaled(gradient, rows[right] ?? [], -1);
  }
  return { gradient, curvature };
}

/** Adds `scale` times the outer product of a vector with itself; most features of a step are 0. */
function addOuter(matrix: readonly number[][], vector: readonly number[], scale: number): void {
  for (const [index, value] of vector.entries()) {
    const row = matrix[index];
    if (value !== 0 && row !== undefined) addScaled(row, vector, scale * value);
  }
}

/** Spreading a long trajectory into `Math.max` would overflow the stack. */
function highestOf(scores: readonly number[]): number {
  return scores.reduce((highest, score) => Math.max(highest, score), -Infinity);
}

// Plain loops: these two run some hundred thousand times in a fit.
function addScaled(target: number[], vector: readonly number[], scale: number): void {
  for (let index = 0; index < vector.length; index += 1) {
    const value = vector[index] ?? 0;
    if (value !== 0) target[index] = (target[index] ?? 0) + scale * value;
  }
}

function dot(row: readonly number[], weights: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < row.length; index += 1) {
    sum += (row[index] ?? 0) * (weights[index] ?? 0);
  }
  return sum;
}

function moved(
  weights: readonly number[],
  step: readonly number[],
  share: number,
): readonly number[] {
  return weights.map((weight, column) => weight - share * (step[column] ?? 0));
}

/** Solves a symmetric positive definite system by Cholesky decomposition. */
function solve(
  matrix: readonly (readonly number[])[],
  vector: readonly number[],
): readonly number[] {
  const size = vector.length;
  const lower = matrix.map((row) => row.map(() => 0));
  const at = (row: number, column: number): number => lower[row]?.[column] ?? 0;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = matrix[row]?.[column] ?? 0;
      for (let index = 0; index < column; index += 1) sum -= at(row, index) * at(column, index);
      const target = lower[row];
      if (target !== undefined) {
        target[column] = row === column ? Math.sqrt(sum) : sum / at(column, column);
      }
    }
  }
  const forward: number[] = [];
  for (let row = 0; row < size; row += 1) {
    let sum = vector[row] ?? 0;
    for (let index = 0; index < row; index += 1) sum -= at(row, index) * (forward[index] ?? 0);
    forward.push(sum / at(row, row));
  }
  const solution = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = forward[row] ?? 0;
    for (let index = row + 1; index < size; index += 1) {
      sum -= at(index, row) * (solution[index] ?? 0);
    }
    solution[row] = sum / at(row, row);
  }
  return solution;
}
