import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { evidenceShares, hasSupport } from '../../../src/domain/gate/support.js';
import type { SupportSource } from '../../../src/domain/gate/support.js';
import {
  combineVotes,
  escalateTo,
  reliability,
  voteWeight,
} from '../../../src/domain/gate/vote.js';
import type { Vote } from '../../../src/domain/gate/vote.js';
import { mulberry32 } from '../../../src/domain/random.js';

const aVote = (overrides: Partial<Vote>): Vote => ({
  source: overrides.group ?? 's',
  role: 'user',
  group: 'g',
  label: 'positive',
  hits: 0,
  misses: 0,
  ...overrides,
});

describe('votes', () => {
  test('B1: combine to the printed log odds, probability and disagreement', () => {
    const result = combineVotes([
      aVote({ role: 'owner', group: '1' }),
      aVote({ role: 'expert', group: '2' }),
      aVote({ role: 'user', group: '3', label: 'negative' }),
      aVote({ role: 'judge', group: '4' }),
    ]);

    expect(result.logOdds).toBeCloseTo(5.680660057, 8);
    expect(result.probability).toBeCloseTo(0.996600291, 8);
    expect(result.disagreement).toBeCloseTo(0.114883861, 8);
    expect(result.label).toBe('positive');
  });

  test('a source worse than chance counts nothing, and never for the other side', () => {
    const adversary = aVote({ hits: 10, misses: 90, label: 'negative' });

    expect(voteWeight(reliability(adversary))).toBe(0);
    expect(combineVotes([adversary])).toMatchObject({ label: 'contested', probability: 0.5 });
  });

  test('no source counts for more than ln 19', () => {
    expect(voteWeight(reliability(aVote({ role: 'owner', hits: 1000 })))).toBe(Math.log(19));
  });

  test('a group speaks with one voice, its most reliable one', () => {
    const crowd = Array.from({ length: 50 }, (_, i) => aVote({ source: `bot${i}`, group: 'bots' }));

    expect(combineVotes(crowd).logOdds).toBeCloseTo(combineVotes([aVote({})]).logOdds, 12);
    const led = [...crowd, aVote({ role: 'expert', group: 'bots', label: 'negative' })];
    expect(combineVotes(led).label).toBe('negative');
  });

  test('one expert alone is just enough', () => {
    const expert = aVote({ role: 'expert' });

    expect(combineVotes([expert]).label).toBe('positive');
    expect(combineVotes([{ ...expert, label: 'negative' }]).label).toBe('negative');
  });

  test('one user alone is not enough', () => {
    expect(combineVotes([aVote({})])).toMatchObject({ label: 'contested', reason: 'uncertain' });
  });

  test('disagreement beyond a quarter is contested, however the balance stands', () => {
    const votes = [
      ...[1, 2, 3, 4, 5].map((i) => aVote({ group: `a${i}`, hits: 80, misses: 5 })),
      ...[1, 2].map((i) => aVote({ group: `b${i}`, hits: 80, misses: 5, label: 'negative' })),
    ];

    expect(combineVotes(votes)).toMatchObject({ label: 'contested', reason: 'disagreement' });
  });

  test('experts on opposite sides always escalate, even in one group', () => {
    const votes = [
      aVote({ role: 'owner', group: 'x' }),
      aVote({ role: 'expert', group: 'x', label: 'negative', misses: 100 }),
    ];

    expect(combineVotes(votes)).toMatchObject({ label: 'contested', reason: 'experts-disagree' });
  });

  test('escalate to the highest role there is', () => {
    expect(escalateTo(['user', 'expert', 'judge'])).toBe('expert');
    expect(escalateTo([])).toBeUndefined();
  });

  test('mirrored votes give the mirrored result', () => {
    const vote = fc.record({
      source: fc.constantFrom('a', 'b', 'c'),
      role: fc.constantFrom('owner', 'expert', 'user', 'judge', 'implicit'),
      group: fc.uuid(),
      label: fc.constantFrom('positive', 'negative'),
      hits: fc.nat(50),
      misses: fc.nat(50),
    });
    const mirror = (one: Vote): Vote => ({
      ...one,
      label: one.label === 'positive' ? 'negative' : 'positive',
    });

    fc.assert(
      fc.property(fc.array(vote, { maxLength: 8 }), (votes) => {
        const result = combineVotes(votes);
        const mirrored = combineVotes(votes.map(mirror));

        expect(mirrored.probability).toBeCloseTo(1 - result.probability, 9);
        expect(mirrored.disagreement).toBeCloseTo(result.disagreement, 9);
        expect(result.disagreement).toBeLessThanOrEqual(0.5);
      }),
    );
  });
});

describe('support of a lesson', () => {
  const from = (
    group: string,
    weight = 1,
    role: SupportSource['role'] = 'user',
  ): SupportSource => ({
    group,
    role,
    weight,
  });

  test('is two independent groups', () => {
    expect(hasSupport([from('a'), from('a')])).toBe(false);
    expect(hasSupport([from('a'), from('b')])).toBe(true);
  });

  test.each(['owner', 'expert', 'checker'] as const)('is one %s', (role) => {
    expect(hasSupport([from('a', 1, role)])).toBe(true);
  });

  test('below four groups stands as it is', () => {
    const shares = evidenceShares([from('loud', 8), from('b'), from('c')]);

    expect(shares).toEqual({ loud: 0.8, b: 0.1, c: 0.1 });
  });

  test('from four groups on no group supplies more than 30 %, for any weights', () => {
    const weights = fc.array(fc.double({ min: 0.001, max: 1000, noNaN: true }), {
      minLength: 4,
      maxLength: 12,
    });

    fc.assert(
      fc.property(weights, (list) => {
        const shares = Object.values(evidenceShares(list.map((w, i) => from(`g${i}`, w))));

        expect(shares).toHaveLength(list.length);
        expect(Math.max(...shares)).toBeLessThanOrEqual(0.3 + 1e-9);
        expect(shares.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
      }),
    );
  });
});

/** One seeded world of section 3.7: five honest sources of known quality, and an adversary posing as a user. */
const panel = [
  { role: 'owner', group: 'owner', right: 0.97, answers: 0.15 },
  { role: 'expert', group: 'expert', right: 0.9, answers: 0.4 },
  { role: 'user', group: 'u1', right: 0.75, answers: 0.6 },
  { role: 'user', group: 'u2', right: 0.75, answers: 0.6 },
  { role: 'judge', group: 'judge', right: 0.82, answers: 1 },
  { role: 'user', group: 'adversary', right: 0.25, answers: 0.6 },
] as const;

test('audits silence an adversary, and weighted votes err far less than a majority', () => {
  const random = mulberry32(2026);
  const audits = panel.map(() => ({ hits: 0, misses: 0 }));
  const tally = { decided: 0, wrong: 0, majorityWrong: 0, items: 10_000 };

  for (let item = 0; item < tally.items; item += 1) {
    const truth = random() < 0.5 ? 'positive' : 'negative';
    const other = truth === 'positive' ? 'negative' : 'positive';
    const isAudited = random() < 0.05;
    const votes: Vote[] = [];
    panel.forEach(({ role, group, right, answers }, i) => {
      if (random() >= answers) return;
      const label = random() < right ? truth : other;
      const audit = audits[i] ?? { hits: 0, misses: 0 };
      votes.push({ source: group, role, group, label, ...audit });
      if (isAudited)
        audits[i] =
          label === truth
            ? { ...audit, hits: audit.hits + 1 }
            : { ...audit, misses: audit.misses + 1 };
    });
    const { label } = combineVotes(votes);
    if (label !== 'contested') {
      tally.decided += 1;
      if (label !== truth) tally.wrong += 1;
    }
    const inFavour = votes.filter((vote) => vote.label === truth).length;
    if (inFavour * 2 <= votes.length) tally.majorityWrong += 1;
  }

  const adversary = audits.at(-1) ?? { hits: 0, misses: 0 };
  expect(voteWeight(reliability(aVote({ ...adversary })))).toBe(0);
  expect(tally.decided / tally.items).toBeGreaterThan(0.3);
  expect(tally.wrong / tally.decided).toBeLessThan(0.05);
  expect(tally.majorityWrong / tally.items).toBeGreaterThan(0.1);
});
