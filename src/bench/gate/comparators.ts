/**
 * Tests that the gate is compared with, on wins and losses of binary pairs. The first two hold their level at
 * one look and lose it when looked at after every pair, which is what people do.
 */

/** One-sided 5 % point of the normal distribution. */
const Z = 1.645;

const LEVEL = 0.05;

/** The z-test of the mean paired difference, with the variance estimated: would it promote at this look? */
export function zTestPromotes(won: number, lost: number, pairs: number): boolean {
  const mean = (won - lost) / pairs;
  const variance = ((won + lost) / pairs - mean * mean) * (pairs / (pairs - 1));
  return variance > 0 && mean / Math.sqrt(variance / pairs) > Z;
}

/** McNemar's exact test, one-sided at 5 %: a binomial test of the discordant pairs. */
export function exactTestPromotes(won: number, lost: number): boolean {
  return won > lost && binomialTail(won + lost, won) <= LEVEL;
}

/**
 * ln E of the exact beta-binomial mixture: a uniform prior on the chance of a win among discordant pairs
 * above one half,
 *
 *     E = 2^(k+1) * B(w+1, l+1) * P(Bin(k+1, 1/2) <= w),   k = w + l
 */
export function logBetaBinomial(won: number, lost: number): number {
  const discordant = won + lost;
  const logBeta = logFactorial(won) + logFactorial(lost) - logFactorial(discordant + 1);
  const above = 1 - binomialTail(discordant + 1, won + 1);
  return (discordant + 1) * Math.LN2 + logBeta + Math.log(above);
}

const tails = new Map<number, readonly number[]>();

/** P(Bin(n, 1/2) >= k). */
function binomialTail(n: number, k: number): number {
  let tail = tails.get(n);
  if (tail === undefined) {
    const sums = Array<number>(n + 2).fill(0);
    for (let x = n; x >= 0; x -= 1) {
      const logChance = logFactorial(n) - logFactorial(x) - logFactorial(n - x) - n * Math.LN2;
      sums[x] = (sums[x + 1] ?? 0) + Math.exp(logChance);
    }
    tail = sums;
    tails.set(n, tail);
  }
  return tail[k] ?? 0;
}

const logFactorials: number[] = [0];

function logFactorial(n: number): number {
  for (let next = logFactorials.length; next <= n; next += 1) {
    logFactorials.push((logFactorials[next - 1] ?? 0) + Math.log(next));
  }
  return logFactorials[n] ?? 0;
}
