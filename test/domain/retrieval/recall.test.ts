import { expect, test } from 'vitest';
import {
  changeLessons,
  indexLessons,
  recallLessons,
  type RecallableLesson,
} from '../../../src/domain/retrieval/recall.js';
import { aLesson } from './a-lesson.js';

const task = {
  slices: { database: 'shop' },
  input: { database: 'shop', question: 'How many singers are there?' },
};
const inShop = [{ field: 'database', op: 'eq', value: 'shop' }] as const;
const inZoo = [{ field: 'database', op: 'eq', value: 'zoo' }] as const;

function ids(lessons: readonly RecallableLesson[], more = {}): string[] {
  return recallLessons(indexLessons(lessons), { task, limit: 3, ...more }).map(
    ({ lesson }) => lesson.id,
  );
}

test('recalls the lesson that shares words with the task', () => {
  expect(ids([aLesson('a', 'singer(Singer_ID, Name)'), aLesson('b', 'stadium(Name)')])).toEqual([
    'a',
  ]);
});

test('leaves out a lesson whose predicates speak of another slice, however well it fits', () => {
  const lessons = [
    aLesson('zoo', 'singer singer singer', { predicates: inZoo }),
    aLesson('shop', 'singer', { predicates: inShop }),
  ];

  expect(ids(lessons)).toEqual(['shop']);
});

test('does not search by the name of the slice', () => {
  expect(ids([aLesson('a', 'shop(Shop_ID)', { predicates: inShop })])).toEqual([]);
});

test('abstains when no lesson shares a term', () => {
  expect(ids([aLesson('a', 'battle(id, name)')])).toEqual([]);
});

test('takes at most k and puts equal scores in the order of their ids', () => {
  const lessons = ['d', 'b', 'c', 'a'].map((id) => aLesson(id, `singer ${id}1`));

  expect(ids(lessons)).toEqual(['a', 'b', 'c']);
});

test('puts guardrails first and does not count them in k', () => {
  const lessons = [
    aLesson('rule', 'Never guess a name.', { guardrail: true }),
    ...['a', 'b', 'c', 'd'].map((id) => aLesson(id, `singer ${id}1`)),
  ];

  expect(ids(lessons)).toEqual(['rule', 'a', 'b', 'c']);
});

test('where more stand than may, rules come before notes on tools', () => {
  const notes = ['a', 'b'].map((id) =>
    aLesson(id, 'singers, how many', { kind: 'tool-note', guardrail: true }),
  );
  const rule = aLesson('rule', 'Never guess a name.', { guardrail: true });

  expect(ids([...notes, rule], { maxGuardrails: 1 })).toEqual(['rule']);
});

test('keeps to the token cap by leaving out what no longer fits', () => {
  const lessons = [
    aLesson('a', `singer singer ${'x'.repeat(200)}`),
    aLesson('b', `singer ${'x'.repeat(400)}`),
    aLesson('c', `singer ${'y z '.repeat(30)}`),
  ];

  expect(ids(lessons, { maxTokens: 100 })).toEqual(['a', 'c']);
});

test('searches the lessons of a version derived from another', () => {
  const parent = indexLessons([aLesson('a', 'singer'), aLesson('b', 'singer')]);
  const child = changeLessons(parent, { put: [aLesson('c', 'loud singers')], remove: ['a'] });

  const found = recallLessons(child, { task, limit: 3 }).map(({ lesson }) => lesson.id);

  expect(found.sort()).toEqual(['b', 'c']);
});

test('says how well each lesson fitted', () => {
  const [first] = recallLessons(indexLessons([aLesson('a', 'singer')]), { task, limit: 1 });

  expect(first?.score).toBeGreaterThan(0);
});

test.each([
  ['Chinese', '客户取消预订时先看票价规则。', '我想取消预订'],
  ['Japanese', '予約のキャンセルは、まず運賃規則を見ること。', '予約をキャンセルしたい'],
  ['Korean', '예약을 취소할 때는 먼저 운임 규정을 확인한다.', '예약 취소해 주세요'],
  ['Thai', 'เมื่อลูกค้ายกเลิกการจองให้ดูกฎค่าโดยสารก่อน', 'ยกเลิกการจอง'],
  ['Hindi', 'बुकिंग रद्द करने से पहले किराया नियम देखें', 'मेरी बुकिंग रद्द करो'],
  ['Turkish', 'Rezervasyon iptal edilmeden önce ücret kurallarına bak.', 'REZERVASYON İPTAL'],
  ['Arabic', 'عند إلغاء الحجز اقرأ قواعد السعر أولا', 'أريد إلغاء الحجز'],
])('finds a lesson in %s and leaves the others', (_, text, question) => {
  const others = [
    aLesson('other-1', '仓库在周一盘点库存。'),
    aLesson('other-2', 'The warehouse counts its stock on Mondays.'),
    aLesson('other-3', 'स्टॉक की गिनती सोमवार को होती है'),
  ];

  const found = recallLessons(indexLessons([aLesson('own', text), ...others]), {
    task: { slices: {}, input: { question } },
    limit: 3,
  });

  expect(found.map(({ lesson }) => lesson.id)).toEqual(['own']);
});

test('abstains from a lesson without predicates that shares one word of a task about something else', () => {
  const question =
    'Which actor who played in the musical about a singer was born near the capital of Norway?';
  const asked = { task: { slices: { database: 'shop' }, input: { question } }, limit: 3 };
  const text = 'singer(Singer_ID, Name)';

  expect(recallLessons(indexLessons([aLesson('a', text)]), asked)).toEqual([]);
  const scoped = recallLessons(indexLessons([aLesson('a', text, { predicates: inShop })]), asked);
  expect(scoped.map(({ lesson }) => lesson.id)).toEqual(['a']);
  const note = recallLessons(indexLessons([aLesson('a', text, { kind: 'tool-note' })]), asked);
  expect(note.map(({ lesson }) => lesson.id)).toEqual(['a']);
});

test('copies of one lesson do not keep the others out', () => {
  const copies = Array.from({ length: 30 }, (_, at) =>
    aLesson(`copy-${String(at)}`, 'Singers of a stadium stand in concert rows.'),
  );
  const others = ['Singers are sorted by name.', 'Singers have a country of birth.'];
  const lessons = [...copies, ...others.map((text, at) => aLesson(`other-${String(at)}`, text))];
  const question = 'Which singers of a stadium stand in concert rows by country of birth?';

  const found = recallLessons(indexLessons(lessons), {
    task: { slices: {}, input: { question } },
    limit: 2,
  });

  expect(found.map(({ lesson }) => lesson.id)).toEqual(['copy-0', 'other-1']);
});
