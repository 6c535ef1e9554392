import { expect, test } from 'vitest';
import { poisons } from '../../../examples/sql-analyst/poison.js';
import { phases, questionDeck, wronglyCorrected } from '../../../examples/sql-analyst/story.js';

test('deals no question twice before all of its area were dealt', () => {
  const deck = questionDeck(1);

  const dealt = Array.from({ length: 20 }, () => deck.deal({ sales: 10, people: 0, stock: 0 }));

  expect(new Set(dealt.flat()).size).toBe(200);
  expect(deck.deal({ sales: 10, people: 0, stock: 0 })).toHaveLength(10);
});

test('deals the same rounds for the same seed and others for another', () => {
  const mix = { sales: 7, people: 7, stock: 6 };

  expect(questionDeck(5).deal(mix)).toEqual(questionDeck(5).deal(mix));
  expect(questionDeck(6).deal(mix)).not.toEqual(questionDeck(5).deal(mix));
});

test('leaves stock out while the forced rule is in its canary', () => {
  const forced = phases.find(({ begins }) => begins?.kind === 'forced-rule');

  expect(forced?.mix.stock).toBe(0);
});

test('corrects only statements with a strict threshold', () => {
  expect(wronglyCorrected('select a from t where b > 3')).toBe('select a from t where b >= 3');
  expect(wronglyCorrected('select a from t where b >= 3')).toBeUndefined();
});

test('offers at least six kinds of poison, each of which changes the statement', () => {
  const sql = "select count(*) from q7_krd where k_22 = 'Bergen'";
  const idle = poisons.filter(({ correct }) => correct(sql) === sql);

  expect(new Set(poisons.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(6);
  expect(idle).toEqual([]);
});
