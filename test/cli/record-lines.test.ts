import { expect, test } from 'vitest';

import { recordLines } from '../../src/cli/commands/candidates.js';
import { candidateId, versionId } from '../../src/contracts/ids.js';
import type { CommittedPair } from '../../src/domain/gate/committed-pair.js';
import { decideAgain } from '../../src/domain/gate/committed-pair.js';
import { gatePolicy } from '../../src/domain/gate/gate-policy.js';
import { readDiagnosis, readGate } from '../../src/domain/gate/gate-trace.js';
import { noSlices } from '../../src/domain/gate/slices.js';
import type { JsonObject } from '../../src/domain/json.js';
import { gateSection } from '../../src/server/pages/gate-section.js';

/** A candidate that won every pair at 1.4 times the cost, a fifth of the baseline's runs lost to a fault. */
const pairs = Array.from({ length: 40 }, (_none, index): CommittedPair => {
  const isLost = index % 5 === 0;
  return {
    index,
    task: `t-${String(index)}`,
    slices: {},
    baseline: {
      score: isLost ? null : 0,
      category: isLost ? 'lost' : 'wrong',
      missing: isLost ? 'infrastructure' : null,
      cost: 100,
    },
    candidate: { score: 1, category: 'ok', missing: null, cost: 140 },
  };
});

function aRecord(costBlocks = false) {
  const basis = { policy: gatePolicy({ costBlocks }), plan: noSlices };
  const report = decideAgain(basis, pairs);
  const summary = JSON.parse(
    JSON.stringify({ ...report, basis: { ...basis, diagnosis: null } }),
  ) as JsonObject;
  return {
    candidate: candidateId('c-1'),
    purpose: 'gate' as const,
    baseline: versionId('v0'),
    version: versionId('v1'),
    verdict: report.verdict,
    reason: report.reason,
    alpha: 0.05,
    seed: 7,
    summary,
    evaluation: 0,
    tests: readGate(basis, pairs),
  };
}

test('a verdict tells what it costs, and what of it rests on the rule for missing outcomes', () => {
  const lines = recordLines(aRecord()).join('\n');

  expect(lines).toContain('gate: pass, superior');
  expect(lines).toContain("cost 1.40 of the baseline's");
  expect(lines).toContain('up by more than 10');
  expect(lines).toContain('told and not asked for');
  expect(lines).toMatch(/with 5 missing outcomes at their worst: effect \+?60/);
  expect(lines).toMatch(/cost \(rejects: up by ≥ 10 %\): ln E -?\d/);
});

test('a cost that blocks is the reason of the verdict', () => {
  const lines = recordLines(aRecord(true)).join('\n');

  expect(lines).toContain('gate: reject, cost-grew');
  expect(lines).toContain('which a pass asks for');
});

test('the page tells the same', async () => {
  const page = String(await gateSection(aRecord(), []));

  expect(page).toContain('1.40 ×');
  expect(page).toContain('5 missing at their worst');
});

/** A diagnosis whose pairs were all won by what serves. */
function aDiagnosis() {
  const gate = aRecord();
  const basis = { policy: gatePolicy(), plan: noSlices, diagnosis: 'drift' };
  const summary = JSON.parse(JSON.stringify({ ...gate.summary, basis })) as JsonObject;
  const own = pairs.slice(0, 20);
  const verdict = { verdict: 'inconclusive', reason: 'budget' } as const;
  return { ...gate, ...verdict, purpose: 'diagnosis' as const, summary, tests: readDiagnosis(own) };
}

test('a diagnosis tells what it found by tests of its own, and not what a gate would have', async () => {
  const record = aDiagnosis();

  const lines = recordLines(record).join('\n');
  const page = String(await gateSection(record, []));

  expect(lines).toContain('diagnosis: drift, on the same tasks');
  expect(lines).toMatch(/harm \(rejects: no loss\): ln E -\d/);
  expect(lines).toMatch(/non-inferiority \(rejects: loss ≥ 15 points\): ln E \d.*, reached/);
  expect(page).toContain('<span class="state">drift</span> on the same tasks');
  for (const shown of [lines, page]) {
    expect(shown).not.toContain('inconclusive');
    expect(shown).not.toContain('superiority');
  }
});
