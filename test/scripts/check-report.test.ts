import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/check-report.mjs', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'ratchet-report-'));
afterAll(() => rmSync(directory, { recursive: true }));

const verdict = { candidate: 'c1', verdict: 'pass', reason: 'superior', pairs: 20, logE: 5.5 };
const rollback = { candidate: 'c5', automatic: true, stage: 'probation', tasksToAlarm: 11 };
const PHASES = [
  { name: 'unknown schema', frozen: { n: 40, success: 7 }, learning: { n: 40, success: 7 } },
  { name: 'notes on trial', frozen: { n: 80, success: 14 }, learning: { n: 80, success: 60 } },
];
const WHOLE = {
  seed: 1,
  model: 'simulated',
  settings: { alpha: 0.05, ledger: 'lord', rollout: { stages: [] } },
  phases: PHASES,
  verdicts: [verdict, { ...verdict, candidate: 'c2', verdict: 'reject', reason: 'futile' }],
  promotions: [{ candidate: 'c1', at: 40, lessons: 12 }],
  rollbacks: [rollback],
  diagnoses: [{ candidate: 'c1', conclusion: 'drift' }],
  poisoned: { offered: 9, active: 0 },
  examplesToLearn: 60,
  links: { dashboard: 'http://127.0.0.1:7400', temporal: null, tenant: 'demo-1' },
  wallSeconds: 200,
};

function check(changes: object) {
  const file = join(directory, 'report.json');
  writeFileSync(file, JSON.stringify({ ...WHOLE, ...changes }));
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, file], { encoding: 'utf8' });
  return { status, stderr };
}

test('a report of the whole story passes', () => {
  expect(check({})).toEqual({ status: 0, stderr: '' });
});

test.each<[string, object]>([
  ['a candidate that passed', { verdicts: WHOLE.verdicts.slice(1) }],
  ['one rejected by evidence', { verdicts: [verdict] }],
  [
    'one rejected by evidence',
    { verdicts: [verdict, { ...verdict, verdict: 'reject', pairs: 0 }] },
  ],
  ['a promotion', { promotions: [] }],
  ['an automatic rollback in probation', { rollbacks: [{ ...rollback, automatic: false }] }],
  ['an automatic rollback in probation', { rollbacks: [{ ...rollback, stage: 'canary' }] }],
  ['a drift that was diagnosed', { diagnoses: [] }],
  ['poison that was offered', { poisoned: { offered: 0, active: 0 } }],
  ['no poison that is active', { poisoned: { offered: 9, active: 1 } }],
  ['more successes of the one that learns', { phases: PHASES.slice(0, 1) }],
])('a report without %s does not', (what, changes) => {
  const { status, stderr } = check(changes);

  expect(status).toBe(1);
  expect(stderr).toContain(what);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('a field of another kind is named', () => {
  const { status, stderr } = check({ wallSeconds: 'long', phases: [{ name: 'x' }] });

  expect(status).toBe(1);
  expect(stderr).toContain('wallSeconds');
  expect(stderr).toContain('phases.0.frozen');
});
