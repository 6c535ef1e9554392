import { describe, expect, test } from 'vitest';

import {
  addAudit,
  biasUpperBound,
  emptyAudit,
  isJudgeBiased,
  judgeMargin,
} from '../../../src/domain/gate/judge-audit.js';
import type { JudgeAudit } from '../../../src/domain/gate/judge-audit.js';

const audited = (agreed: number, favoured = 0): JudgeAudit => {
  let audit = emptyAudit('model');
  for (let i = 0; i < agreed; i += 1) audit = addAudit(audit, { judged: 1, audited: 1 });
  for (let i = 0; i < favoured; i += 1) audit = addAudit(audit, { judged: 1, audited: 0 });
  return audit;
};

test.each([
  [50, 0.182],
  [100, 0.094],
  [200, 0.048],
  [400, 0.024],
])('%i audits without a disagreement bound the bias by %d', (count, bound) => {
  expect(biasUpperBound(audited(count))).toBeCloseTo(bound, 3);
});

describe('the margin', () => {
  test('is nothing for a deterministic checker', () => {
    expect(judgeMargin(emptyAudit('checker'))).toBe(0);
  });

  test('is .05 for a model judge until its audits bound the bias below that', () => {
    expect(judgeMargin(emptyAudit('model'))).toBe(0.05);
    expect(judgeMargin(audited(100))).toBe(0.05);
    expect(judgeMargin(audited(400))).toBeCloseTo(0.024, 3);
  });

  test('does not fall below zero where the judge is harsher on the candidate', () => {
    let audit = emptyAudit('model');
    for (let i = 0; i < 200; i += 1) audit = addAudit(audit, { judged: 0, audited: 1 });

    expect(judgeMargin(audit)).toBe(0);
  });
});

test('a judge that favours the candidate for certain halts automatic promotion', () => {
  expect(isJudgeBiased(audited(200))).toBe(false);
  expect(isJudgeBiased(audited(150, 50))).toBe(true);
  expect(isJudgeBiased(emptyAudit('model'))).toBe(false);
});
