import fc from 'fast-check';
import { expect, test } from 'vitest';
import { episodeId, taskId } from '../../../src/contracts/ids.js';
import type { Feedback } from '../../../src/domain/feedback.js';
import { lessonText, type LessonDraft } from '../../../src/domain/lesson.js';
import { mineCorrection } from '../../../src/domain/mining/correction.js';
import { replacementRuleOf } from '../../../src/domain/mining/replacement-rule.js';

function feedback(more: Partial<Feedback> = {}): Feedback {
  return {
    id: 'f1',
    episode: episodeId('e1'),
    actor: 'ann',
    role: 'expert',
    score: 0,
    correction: '',
    comment: null,
    ...more,
  };
}

function mined(produced: string, corrected: string, more: Partial<Feedback> = {}): LessonDraft[] {
  const context = { episode: episodeId('e1'), task: taskId('t1'), outcome: 0, steps: 4 };
  return mineCorrection(produced, corrected, feedback(more), context);
}

function textsOf(produced: string, corrected: string, comment: string | null = null): string[] {
  return mined(produced, corrected, { comment }).map(({ body }) => lessonText(body));
}

test.each([
  [
    'a name',
    'SELECT sum(gross) FROM orders',
    'SELECT sum(net) FROM orders',
    'Write `net` instead of `gross`.',
  ],
  [
    'a longer piece',
    'SELECT sum(gross) FROM orders',
    'SELECT sum(gross) - sum(refunded) FROM orders',
    'Write `sum(gross) - sum(refunded)` instead of `sum(gross)`.',
  ],
  [
    'a comparison',
    'SELECT a FROM t WHERE year > 2014',
    'SELECT a FROM t WHERE year >= 2014',
    'Write `>=` instead of `>`.',
  ],
  [
    'one of two equal values, with what tells it apart',
    'SELECT a FROM t WHERE b = 1 AND c = 1',
    'SELECT a FROM t WHERE b = 1 AND c = 2',
    'Write `c = 2` instead of `c = 1`.',
  ],
  [
    'a name put into a call',
    'SELECT price FROM t',
    'SELECT round(price, 2) FROM t',
    'Write `round(price, 2)` instead of `price`.',
  ],
  [
    'a name that lost its alias',
    'SELECT T1.name, T1.age FROM t AS T1',
    'SELECT name, T1.age FROM t AS T1',
    'Write `name` instead of `T1.name`.',
  ],
])('makes a rule of %s', (_, produced, corrected, text) => {
  expect(textsOf(produced, corrected)).toEqual([text]);
});

test('takes the words of a comment that begins with When as the condition', () => {
  const texts = textsOf('SELECT sum(a) FROM t', 'SELECT sum(b) FROM t', 'When refunds: use b');

  expect(texts).toEqual(['When refunds: Write `b` instead of `a`.']);
});

test.each([
  ['nothing was changed', 'SELECT a FROM t', 'SELECT a FROM t'],
  ['it is another answer', 'Paris', 'London'],
  ['two places were changed', 'SELECT a FROM t WHERE b = 1', 'SELECT c FROM t WHERE d = 1'],
  [
    'the piece is long',
    'SELECT a FROM t',
    'SELECT b, c, d, e, f, g, h, i, j, k, l, m, n, o FROM t',
  ],
  ['a backtick would end the form', 'SELECT a FROM t', 'SELECT `a` FROM t'],
  ['two fields of an object were changed', '{"a":"1","b":"2"}', '{"a":1,"b":2}'],
  ['the value of a field was another one', '{"a":"x","b":2}', '{"a":"y","b":2}'],
  ['only one of them is an object', '{"a":1}', 'a is 1'],
])('makes nothing of a correction where %s', (_, produced, corrected) => {
  expect(textsOf(produced, corrected)).toEqual([]);
});

test('names the form of a field where an object was corrected in that alone', () => {
  expect(textsOf('{"total":"12","id":"x"}', '{"total":12,"id":"x"}')).toEqual([
    'Give `total` as number, not as string.',
  ]);
  expect(textsOf('{"day":"31.12.2024"}', '{"day":"2024-12-31"}', 'When refunds: ISO')).toEqual([
    'When refunds: Give `day` in the form YYYY-MM-DD, not DD.MM.YYYY.',
  ]);
  expect(textsOf('{"sum":12,"id":"x"}', '{"total":12,"id":"x"}')).toEqual([
    'Write `"total"` instead of `"sum"`.',
  ]);
});

test.each([
  ['owner', 0.95, 'medium'],
  ['expert', 0.9, 'medium'],
  ['user', 0.7, 'low'],
] as const)('weighs the word of %s by role', (role, authority, trust) => {
  const [draft] = mined('SELECT a FROM t', 'SELECT b FROM t', { role });

  expect(draft).toMatchObject({
    kind: 'rule',
    trust,
    sources: [{ channel: 'feedback', principal: 'ann', authority }],
    evidence: [{ episode: 'e1', steps: [3] }],
  });
});

test('has one key for the same correction, whoever makes it and however it is spaced', () => {
  const [one] = mined('SELECT sum(Gross) FROM t', 'SELECT sum(Net) FROM t');
  const [other] = mined('SELECT x, sum(gross) FROM s', 'SELECT x, sum(net) FROM s', {
    actor: 'bob',
  });

  expect(one?.key).toBe('correction/net/gross');
  expect(other?.key).toBe(one?.key);
});

test('makes a rule that turns the produced text into the corrected one, or none', () => {
  const token = fc.constantFrom('a', 'b', 'sum', '(', ')', '=', '1', 'FROM', 'T1', '.', "'x'");
  const text = fc.array(token, { minLength: 1, maxLength: 15 }).map((tokens) => tokens.join(' '));

  fc.assert(
    fc.property(text, text, (produced, corrected) => {
      for (const rule of textsOf(produced, corrected).map(replacementRuleOf)) {
        expect(produced.replace(rule?.insteadOf ?? '', () => rule?.write ?? '')).toBe(corrected);
      }
    }),
    { numRuns: 500 },
  );
});

test('takes one comparison for another as a rule of its own, whatever it compares', () => {
  const [first] = mined('select a from t where b > 3', 'select a from t where b >= 3');
  const [second] = mined("select c from u where d > 'x'", "select c from u where d >= 'x'");

  expect(second?.key).toBe(first?.key);
});
