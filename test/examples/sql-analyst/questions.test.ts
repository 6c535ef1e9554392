import { expect, test } from 'vitest';
import { tables } from '../../../examples/sql-analyst/company/schema.js';
import { areas, questions } from '../../../examples/sql-analyst/questions/questions.js';
import { phases, questionDeck, wronglyCorrected } from '../../../examples/sql-analyst/story.js';

test('asks at least 300 distinct questions, as many in each area, over all tables', () => {
  const texts = new Set(questions.map(({ text }) => text));
  const counts = areas.map((area) => questions.filter((each) => each.area === area).length);

  expect(texts.size).toBe(questions.length);
  expect(questions.length).toBeGreaterThanOrEqual(300);
  expect(new Set(counts).size).toBe(1);
  expect(new Set(questions.map(({ query }) => query.from)).size).toBe(tables.length);
});

test('names no table or column of the database in any question', () => {
  const names = tables.flatMap(({ name, columns }) => [name, ...columns.map((each) => each.name)]);
  const telling = questions.filter(({ text }) => names.some((name) => text.includes(name)));

  expect(telling).toEqual([]);
});

test('gives no two columns or tables the same name', () => {
  const names = tables.flatMap(({ name, columns }) => [name, ...columns.map((each) => each.name)]);

  expect(new Set(names).size).toBe(names.length);
});

test('deals enough questions for the whole story, none of them twice', () => {
  const deck = questionDeck(1);

  const dealt = phases.flatMap(({ rounds, mix }) =>
    Array.from({ length: rounds }, () => deck.deal(mix)).flat(),
  );

  expect(new Set(dealt).size).toBe(dealt.length);
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
