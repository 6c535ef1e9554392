import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { episodeId } from '../../src/contracts/ids.js';
import type { Outcome } from '../../src/domain/episode.js';
import type { Feedback } from '../../src/domain/feedback.js';
import {
  auditedVotes,
  labelledOutcome,
  labelOutcome,
  mayTeach,
  votesOn,
  type EpisodeLabel,
  type Judgements,
} from '../../src/domain/label.js';

const UNHEARD = () => ({ hits: 0, misses: 0 });

function graded(source: Outcome['source'], score: number | null): Outcome {
  return { score, evaluator: 'grader', source, category: 'ok', detail: '' };
}

function said(actor: string, more: Partial<Feedback> = {}): Feedback {
  return {
    id: `f-${actor}`,
    episode: episodeId('e-1'),
    actor,
    role: 'user',
    score: 1,
    correction: null,
    comment: null,
    ...more,
  };
}

const given = (more: Partial<Judgements>): Judgements => ({
  outcome: graded('none', null),
  feedback: [],
  signal: null,
  ...more,
});

describe('the votes on an outcome', () => {
  test('are one of each person, the last one that judges', () => {
    const feedback = [
      said('ann', { score: 0 }),
      said('ann', { score: 1 }),
      said('ann', { score: null, comment: 'nice' }),
    ];

    expect(votesOn(given({ feedback }))).toEqual([
      { source: 'person/ann', role: 'user', group: 'person/ann', label: 'positive' },
    ]);
  });

  test('take a correction without a score for a verdict, and a comment for none', () => {
    const feedback = [
      said('ann', { score: null, correction: 'select 2' }),
      said('bob', { score: null, comment: 'hm' }),
    ];

    expect(votesOn(given({ feedback }))).toMatchObject([
      { source: 'person/ann', label: 'negative' },
    ]);
  });

  test('count a subject once who says it and whose next task implies it', () => {
    const judgements = given({
      feedback: [said('sue', { score: 0 })],
      signal: { kind: 'repeat', subject: 'sue' },
    });

    const groups = votesOn(judgements).map(({ group }) => group);

    expect(groups).toEqual(['person/sue', 'person/sue']);
  });

  test('hold none of a checker: it decides alone', () => {
    expect(votesOn(given({ outcome: graded('checker', 1) }))).toEqual([]);
    expect(votesOn(given({ outcome: graded('judge', 1) }))).toMatchObject([{ role: 'judge' }]);
  });
});

describe('a label', () => {
  test('is what the checker says, whoever says otherwise', () => {
    const crowd = ['a', 'b', 'c'].map((name) => said(name, { role: 'expert', score: 0 }));

    const label = labelOutcome(given({ outcome: graded('checker', 1), feedback: crowd }), UNHEARD);

    expect(label).toMatchObject({ label: 'positive', score: 1, decidedBy: 'checker' });
  });

  test('is what the owner vetoed, over a checker and over every later veto', () => {
    const feedback = [
      said('olga', { role: 'owner', score: 0, act: 'veto' }),
      said('otto', { role: 'owner', score: 1, act: 'veto' }),
      said('eva', { role: 'expert', score: 1 }),
    ];

    const label = labelOutcome(given({ outcome: graded('checker', 1), feedback }), UNHEARD);

    expect(label).toMatchObject({ label: 'negative', score: 0, decidedBy: 'veto' });
    expect(mayTeach(label)).toBe(true);
  });

  test('is contested where an owner and an expert stand on opposite sides, and goes to the owner', () => {
    const feedback = [
      said('olga', { role: 'owner', score: 1 }),
      said('eva', { role: 'expert', score: 0 }),
    ];

    const label = labelOutcome(given({ feedback }), UNHEARD, ['expert', 'owner', 'user']);

    expect(label).toMatchObject({
      label: 'contested',
      score: null,
      reason: 'experts-disagree',
      escalatedTo: 'owner',
    });
    expect(mayTeach(label)).toBe(false);
  });

  test('of one user alone is uncertain: what it proposes needs support of its own', () => {
    const label = labelOutcome(given({ feedback: [said('ann')] }), UNHEARD);

    expect(label).toMatchObject({ label: 'contested', reason: 'uncertain' });
    expect(mayTeach(label)).toBe(true);
  });

  test('of one expert is accepted', () => {
    const label = labelOutcome(given({ feedback: [said('eva', { role: 'expert' })] }), UNHEARD);

    expect(label).toMatchObject({ label: 'positive', score: 1, decidedBy: 'votes' });
  });

  test('of the environment alone is accepted, and an owner against it is contested', () => {
    const outcome = graded('environment', 1);

    expect(labelOutcome(given({ outcome }), UNHEARD)).toMatchObject({ label: 'positive' });
    const against = given({ outcome, feedback: [said('olga', { role: 'owner', score: 0 })] });
    expect(labelOutcome(against, UNHEARD)).toMatchObject({ reason: 'disagreement' });
  });

  test('of a judge alone is accepted once audits have found it reliable', () => {
    const judged = given({ outcome: graded('judge', 1) });

    expect(labelOutcome(judged, UNHEARD)).toMatchObject({ label: 'contested' });
    const proven = labelOutcome(judged, () => ({ hits: 40, misses: 1 }));
    expect(proven).toMatchObject({ label: 'positive' });
  });

  test('is none where nobody judged', () => {
    expect(labelOutcome(given({}), UNHEARD)).toBeNull();
    expect(labelOutcome(given({ feedback: [said('a', { score: null })] }), UNHEARD)).toBeNull();
  });

  test('has a score exactly where it is accepted, for any votes', () => {
    const feedback = fc.array(
      fc.record({
        actor: fc.constantFrom('a', 'b', 'c', 'd'),
        role: fc.constantFrom('owner', 'expert', 'user'),
        score: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        act: fc.constantFrom('vote', 'audit', 'veto'),
      }),
    );
    const score = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
    const source = fc.constantFrom('checker', 'judge', 'environment', 'none');

    fc.assert(
      fc.property(feedback, source, score, (list, by, graderScore) => {
        const judgements = given({
          outcome: graded(by, graderScore),
          feedback: list.map(({ actor, ...more }) => said(actor, more)),
        });

        const label = labelOutcome(judgements, UNHEARD);

        if (label === null) return;
        expect(label.score === null).toBe(label.label === 'contested');
        expect(label.escalatedTo === null).toBe(label.label !== 'contested');
        expect(label.disagreement).toBeLessThanOrEqual(0.5);
      }),
    );
  });
});

describe('audits', () => {
  test('measure everybody but the one who said the truth', () => {
    const judgements = given({
      outcome: graded('judge', 1),
      feedback: [
        said('mallory', { score: 1 }),
        said('ann', { score: 0 }),
        said('eva', { role: 'expert', score: 0, act: 'audit' }),
      ],
    });

    expect(auditedVotes(judgements)).toEqual([
      { source: 'person/mallory', isHit: false },
      { source: 'person/ann', isHit: true },
      { source: 'judge/grader', isHit: false },
    ]);
  });

  test('are every outcome a checker has graded', () => {
    const judgements = given({ outcome: graded('checker', 0), feedback: [said('mallory')] });

    expect(auditedVotes(judgements)).toEqual([{ source: 'person/mallory', isHit: false }]);
  });

  test('say nothing where the truth is not known: agreeing with others is no merit', () => {
    const feedback = [said('ann'), said('bob'), said('eva', { role: 'expert' })];

    expect(auditedVotes(given({ feedback }))).toEqual([]);
  });
});

describe('the outcome that learning sees', () => {
  const accepted = (score: number): EpisodeLabel => ({
    label: score === 1 ? 'positive' : 'negative',
    score,
    decidedBy: 'votes',
    reason: null,
    probability: score === 1 ? 0.95 : 0.05,
    disagreement: 0,
    escalatedTo: null,
    votes: [],
  });

  test('is that of people where they contradict a judge', () => {
    const outcome = labelledOutcome(graded('judge', 1), accepted(0));

    expect(outcome).toMatchObject({ score: 0, source: 'person', category: 'judged-wrong' });
  });

  test('keeps what the evaluator found where people agree with it', () => {
    const outcome = { ...graded('environment', 0), category: 'timeout' };

    expect(labelledOutcome(outcome, accepted(0))).toBe(outcome);
    expect(labelledOutcome(outcome, null)).toBe(outcome);
  });
});
