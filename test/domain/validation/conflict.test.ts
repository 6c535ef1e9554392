import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lessonId } from '../../../src/contracts/ids.js';
import type { LessonDraft, LessonRevision } from '../../../src/domain/lesson.js';
import { overruledBy } from '../../../src/domain/validation/conflict-check.js';
import {
  contradicts,
  resolveConflict,
  type Standing,
} from '../../../src/domain/validation/conflict.js';
import { validateLesson } from '../../../src/domain/validation/validate.js';
import { aContext, aDraft, aSource } from './drafts.js';

const DAY_MS = 86_400_000;

function aStanding(more: Partial<Standing> = {}): Standing {
  return { authority: 0.7, isVerified: false, uplift: null, learnedAtMs: 0, ...more };
}

function inDatabase(value: string, text: string): LessonDraft {
  const predicates = [{ field: 'database', op: 'eq' as const, value }];
  return aDraft({ text, trigger: { predicates, when: '', notWhen: '' } });
}

function parameter(value: number): LessonDraft {
  return aDraft({ kind: 'parameter', body: { form: 'value', parameter: 'recallLimit', value } });
}

test.each([
  ['authority', aStanding({ authority: 0.95, learnedAtMs: null }), aStanding({ authority: 0.9 })],
  ['verified replay', aStanding({ isVerified: true }), aStanding({ learnedAtMs: 30 * DAY_MS })],
  [
    'uplift',
    aStanding({ uplift: { lower: 0.06, upper: 0.2 } }),
    aStanding({ uplift: { lower: -0.1, upper: 0.05 }, learnedAtMs: 30 * DAY_MS }),
  ],
  ['recency', aStanding({ learnedAtMs: 7 * DAY_MS }), aStanding()],
] as const)('lets %s decide before what comes after it', (by, strong, weak) => {
  expect(resolveConflict(strong, weak)).toEqual({ stands: 'first', by });
  expect(resolveConflict(weak, strong)).toEqual({ stands: 'second', by });
});

test('leaves a contradiction open that nothing decides', () => {
  const uplift = { lower: 0, upper: 0.1 };

  expect(resolveConflict(aStanding({ uplift }), aStanding({ learnedAtMs: DAY_MS }))).toEqual({
    stands: 'neither',
  });
});

test('decides the same whichever lesson is named first', () => {
  const standing = fc.record({
    authority: fc.constantFrom(0.5, 0.7, 0.9, 0.95),
    isVerified: fc.boolean(),
    uplift: fc.constantFrom(null, { lower: -0.1, upper: 0 }, { lower: 0.1, upper: 0.2 }),
    learnedAtMs: fc.constantFrom(null, 0, 30 * DAY_MS),
  });
  const mirrored = { first: 'second', second: 'first', neither: 'neither' } as const;

  fc.assert(
    fc.property(standing, standing, (one, other) => {
      const { stands } = resolveConflict(one, other);

      expect(resolveConflict(other, one).stands).toBe(mirrored[stands]);
    }),
  );
});

test.each([
  ['values of one parameter', parameter(3), parameter(5)],
  [
    'what to write instead of one thing',
    aDraft({ text: 'Write `a` instead of `b`.' }),
    aDraft({ text: 'Write `c` instead of `b`.' }),
  ],
  [
    'the two sides of a replacement',
    aDraft({ text: 'Write `a` instead of `b`.' }),
    aDraft({ text: 'Write `b` instead of `a`.' }),
  ],
  [
    'how to mend one error of a tool',
    aDraft({ text: 'When `pay` fails with BAD_TYPE, send `amount` as number, not as string.' }),
    aDraft({ text: 'When `pay` fails with BAD_TYPE, leave `amount` out.' }),
  ],
  [
    'a rule and its opposite',
    aDraft({ text: 'Always retry a call that was refused.' }),
    aDraft({ text: 'Do not retry a call that was refused.' }),
  ],
])('sees that %s contradict each other', (_, one, other) => {
  expect(contradicts(one, other)).toBe(true);
  expect(contradicts(other, one)).toBe(true);
  expect(contradicts(one, one)).toBe(false);
});

test.each([
  [
    'rules for different databases',
    inDatabase('shop', 'Always count refunds.'),
    inDatabase('zoo', 'Never count refunds.'),
  ],
  ['rules on different things', aDraft({ text: 'Always log in.' }), aDraft({ text: 'Never pay.' })],
  [
    'two keys of one error',
    aDraft({ text: 'When `pay` fails with BAD, leave `a` out.' }),
    aDraft({ text: 'When `pay` fails with BAD, send `b` too.' }),
  ],
])('sees no contradiction between %s', (_, one, other) => {
  expect(contradicts(one, other)).toBe(false);
});

test('names the active lessons that a draft replaces or disputes, and not those it yields to', () => {
  const active = (id: string, authority: number): LessonRevision => ({
    ...aDraft({ text: 'Never count refunds.', sources: [aSource('feedback', authority)] }),
    id: lessonId(id),
    revision: 1,
    contentHash: 'h',
    status: 'active',
  });
  const draft = aDraft({ text: 'Always count refunds.', sources: [aSource('feedback', 0.9)] });
  const all = [active('weak', 0.7), active('equal', 0.9), active('strong', 0.95)];

  const overruled = overruledBy(draft, { active: all });

  expect(overruled.map(({ id }) => id)).toEqual(['weak', 'equal']);
});

test('of two that are told by equals, the one that is newer by a week stands', () => {
  const said = { sources: [aSource('feedback', 0.9)] };
  const old: LessonRevision = {
    ...aDraft({ text: 'Never count refunds.', ...said }),
    id: lessonId('old'),
    revision: 1,
    contentHash: 'h',
    status: 'active',
    storedAt: '2026-01-01T00:00:00.000Z',
  };
  const draft = aDraft({ text: 'Always count refunds.', ...said });
  const refusal = (day: string) => {
    const answer = validateLesson(draft, {
      ...aContext({ supportGroups: { groups: 2, experts: 0 } }),
      active: [old],
      nowMs: Date.parse(`2026-01-${day}T00:00:00.000Z`),
    });
    return answer.accepted ? null : answer.code;
  };

  expect(refusal('07')).toBe('DISPUTED');
  expect(refusal('09')).toBeNull();
});
