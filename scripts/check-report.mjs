/**
 * `node scripts/check-report.mjs FILE`: whether the report of a demonstration shows the whole story, not
 * only that one was played. Says what is missing, a line each, and exits with 1.
 */
import { readFileSync } from 'node:fs';

import { z } from 'zod';

const Arm = z.object({ n: z.int().min(1), success: z.int().min(0) });
const Report = z.object({
  seed: z.int(),
  model: z.enum(['simulated', 'recorded', 'real']),
  settings: z.object({ alpha: z.number(), ledger: z.string(), rollout: z.looseObject({}) }),
  phases: z.array(z.object({ name: z.string(), frozen: Arm, learning: Arm })).min(1),
  verdicts: z.array(
    z.object({
      candidate: z.string(),
      verdict: z.enum(['pass', 'reject', 'inconclusive', 'hold']),
      reason: z.string(),
      pairs: z.int().min(0),
      logE: z.number(),
    }),
  ),
  promotions: z.array(z.looseObject({ candidate: z.string() })),
  rollbacks: z.array(
    z.object({
      candidate: z.string(),
      automatic: z.boolean(),
      stage: z.enum(['canary', 'probation']),
      tasksToAlarm: z.int().min(0),
    }),
  ),
  diagnoses: z.array(z.object({ candidate: z.string(), conclusion: z.string() })),
  poisoned: z.object({ offered: z.int(), active: z.int() }),
  examplesToLearn: z.int().nullable(),
  links: z.object({ dashboard: z.string().nullable(), temporal: z.string().nullable() }),
  wallSeconds: z.number(),
});

/** What the story must have come to; each with the report's part that shows it. */
const CLAUSES = [
  ['a candidate that passed', ({ verdicts }) => verdicts.some(hasPairs('pass')), 'verdicts'],
  ['one rejected by evidence', ({ verdicts }) => verdicts.some(hasPairs('reject')), 'verdicts'],
  ['a promotion', ({ promotions }) => promotions.length > 0, 'promotions'],
  [
    'an automatic rollback in probation',
    ({ rollbacks }) => rollbacks.some(({ automatic, stage }) => automatic && stage === 'probation'),
    'rollbacks',
  ],
  [
    'a drift that was diagnosed',
    ({ diagnoses }) => diagnoses.some(({ conclusion }) => conclusion === 'drift'),
    'diagnoses',
  ],
  ['poison that was offered', ({ poisoned }) => poisoned.offered > 0, 'poisoned'],
  ['no poison that is active', ({ poisoned }) => poisoned.active === 0, 'poisoned'],
  [
    'as many tasks of both arms, and more successes of the one that learns',
    ({ phases }) =>
      total(phases, 'learning', 'n') === total(phases, 'frozen', 'n') &&
      total(phases, 'learning', 'success') > total(phases, 'frozen', 'success'),
    'phases',
  ],
];

function hasPairs(wanted) {
  return ({ verdict, pairs }) => verdict === wanted && pairs > 0;
}

function total(phases, arm, count) {
  return phases.reduce((sum, phase) => sum + phase[arm][count], 0);
}

function faultsOf(text) {
  const parsed = Report.safeParse(JSON.parse(text));
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  }
  return CLAUSES.filter(([, isShown]) => !isShown(parsed.data)).map(
    ([what, , part]) => `expected ${what}, found ${JSON.stringify(parsed.data[part])}`,
  );
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('check-report: found no file, expected the report of `ratchet demo --once`');
  process.exitCode = 2;
} else {
  const faults = faultsOf(readFileSync(file, 'utf8'));
  for (const fault of faults) console.error(`report: ${fault}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
