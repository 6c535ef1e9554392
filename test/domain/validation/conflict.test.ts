import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lessonId } from '../../../src/contracts/ids.js';
import type { LessonDraft, LessonRevision } from '../../../src/domain/lesson.js';
import { settle, settleBundle } from '../../../src/domain/validation/conflict-check.js';
import {
  contradicts,
  isBacked,
  putsOut,
  resolveConflict,
  thingsOf,
  type Standing,
} from '../../../src/domain/validation/conflict.js';
import { validateBesideOthers, validateLesson } from '../../../src/domain/validation/validate.js';
import { aContext, aDraft, aSource } from './drafts.js';

const DAY_MS = 86_400_000;

function aStanding(more: Partial<Standing> = {}): Standing {
  return {
    authority: 0.7,
    isVerified: false,
    isProven: false,
    uplift: null,
    learnedAtMs: 0,
    ...more,
  };
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
    aStanding({ uplift: { lower: 0.01, upper: 0.2 } }),
    aStanding({ learnedAtMs: 30 * DAY_MS }),
  ],
  [
    'uplift',
    aStanding(),
    aStanding({ uplift: { lower: -0.3, upper: -0.01 }, learnedAtMs: 30 * DAY_MS }),
  ],
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

const STANDINGS = fc.record({
  authority: fc.constantFrom(0, 0.5, 0.7, 0.9, 0.95),
  isVerified: fc.boolean(),
  isProven: fc.boolean(),
  uplift: fc.constantFrom(
    null,
    { lower: -0.3, upper: -0.1 },
    { lower: -0.1, upper: 0 },
    { lower: 0.1, upper: 0.2 },
  ),
  learnedAtMs: fc.constantFrom(null, 0, 30 * DAY_MS),
});
const BACKINGS = fc.record({ groups: fc.nat(4), experts: fc.nat(2) });

test('decides the same whichever lesson is named first', () => {
  const mirrored = { first: 'second', second: 'first', neither: 'neither' } as const;

  fc.assert(
    fc.property(STANDINGS, STANDINGS, (one, other) => {
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
    'two units for one error of a tool',
    aDraft({ text: 'When `pay` fails with BAD_UNIT, send `amount` times 100.' }),
    aDraft({ text: 'When `pay` fails with BAD_UNIT, send `amount` divided by 100.' }),
  ],
  [
    'a name and the one it was renamed to',
    aDraft({ text: 'When `pay` fails with BAD, send `sum` instead of `amount`.' }),
    aDraft({ text: 'When `pay` fails with BAD, send `amount` too.' }),
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
    'two ways past one error that go together',
    aDraft({ text: 'When `pay` fails with BAD, send `amount` as number, not as string.' }),
    aDraft({ text: 'When `pay` fails with BAD, send `amount` times 100.' }),
  ],
  [
    'what one has to call first, and another',
    aDraft({ text: 'When `pay` fails with BAD, call `login` first.' }),
    aDraft({ text: 'When `pay` fails with BAD, call `quote` first.' }),
  ],
  ['two claims of one schema', aDraft({ text: 'shop(id)' }), aDraft({ text: 'shop(id, name)' })],
  [
    'two keys of one error',
    aDraft({ text: 'When `pay` fails with BAD, leave `a` out.' }),
    aDraft({ text: 'When `pay` fails with BAD, send `b` too.' }),
  ],
])('sees no contradiction between %s', (_, one, other) => {
  expect(contradicts(one, other)).toBe(false);
});

function stored(id: string, more: Parameters<typeof aDraft>[0] = {}): LessonRevision {
  const said = { text: 'Never count refunds.', sources: [aSource('feedback', 0.7)] };
  return {
    ...aDraft({ ...said, ...more }),
    id: lessonId(id),
    revision: 1,
    contentHash: 'h',
    status: 'active',
  };
}

const COUNT_REFUNDS = aDraft({
  text: 'Always count refunds.',
  sources: [aSource('feedback', 0.7)],
});
const TWO_PEOPLE = { groups: 2, experts: 0 };

test('takes the place of what weighs less, and not of what it has no part in', () => {
  const weak = stored('weak', { sources: [aSource('feedback', 0.5)] });
  const other = stored('other', { text: 'Never pay twice.' });

  const settled = settle(COUNT_REFUNDS, { active: [weak, other], supportGroups: TWO_PEOPLE });

  expect(settled).toEqual({ kind: 'enters', overrules: [weak] });
});

test('yields to what weighs more, however many others it outweighs', () => {
  const active = [stored('weak', { sources: [aSource('feedback', 0.5)] }), stored('strong')];
  const standings = new Map([['strong@1', aStanding({ isVerified: true, learnedAtMs: null })]]);

  const settled = settle(COUNT_REFUNDS, { active, standings, supportGroups: TWO_PEOPLE });

  expect(settled).toMatchObject({ kind: 'refused', by: { id: 'strong' } });
});

test('disputes an equal that nothing was measured of, with two groups behind it', () => {
  const equal = stored('equal');

  expect(settle(COUNT_REFUNDS, { active: [equal], supportGroups: TWO_PEOPLE })).toEqual({
    kind: 'disputed',
    with: [equal],
  });
  expect(
    settle(COUNT_REFUNDS, { active: [equal], supportGroups: { groups: 1, experts: 0 } }),
  ).toMatchObject({ kind: 'refused', by: { id: 'equal' } });
});

test.each([
  ['pairs were won with it', { isProven: true }],
  ['a replay verified it', { isVerified: true }],
  ['hold-out shows that it helps', { uplift: { lower: 0.01, upper: 0.3 } }],
])('never puts out a lesson when %s, whoever agrees against it', (_, measured) => {
  fc.assert(
    fc.property(STANDINGS, STANDINGS, BACKINGS, (challenger, other, backing) => {
      expect(putsOut(challenger, backing, { ...other, ...measured })).toBe(false);
    }),
  );
});

test('puts out only what it does not rank below, backed as if it were to enter itself', () => {
  fc.assert(
    fc.property(STANDINGS, STANDINGS, BACKINGS, (challenger, other, backing) => {
      fc.pre(putsOut(challenger, backing, other));

      expect(challenger.authority).toBeGreaterThanOrEqual(other.authority);
      expect(isBacked(backing)).toBe(true);
    }),
  );
});

test('lets a third voice into a dispute only where it prevails over both sides', () => {
  const open = [
    { ...stored('one'), status: 'disputed' as const },
    { ...stored('two', { text: 'Always count refunds!' }), status: 'disputed' as const },
  ];
  const equal = aDraft({ text: 'Please count refunds.', sources: [aSource('feedback', 0.7)] });
  const expert = { ...equal, sources: [aSource('feedback', 0.9)] };

  const third = settle(equal, { active: open, supportGroups: TWO_PEOPLE });
  const decided = settle(expert, { active: open, supportGroups: { groups: 1, experts: 1 } });

  expect(third).toMatchObject({ kind: 'refused', by: { id: 'one' } });
  expect(decided).toEqual({ kind: 'enters', overrules: [] });
});

test('accepts a dispute for the learner to carry out only where nothing else is wrong with the draft', () => {
  const context = { ...aContext({ supportGroups: TWO_PEOPLE }), active: [stored('equal')] };
  const leaking = aDraft({
    kind: 'rule',
    text: 'Never count refunds.',
    rationale: 'ask anna@example.org',
    sources: [aSource('feedback', 0.7)],
  });
  const contrary = { ...context, active: [stored('equal', { text: 'Always count refunds.' })] };

  expect(validateLesson(COUNT_REFUNDS, context)).toMatchObject({ code: 'DISPUTED' });
  expect(validateBesideOthers(COUNT_REFUNDS, context)).toEqual({ accepted: true });
  expect(validateBesideOthers(leaking, contrary)).toMatchObject({ code: 'PERSONAL_DATA' });
});

test('closes a bundle without what is at odds with the rest of it or with what serves', () => {
  const never = stored('never');
  const always = stored('always', {
    text: 'Always count refunds.',
    sources: [aSource('feedback', 0.9)],
  });
  const retry = stored('retry', { text: 'Retry a refused call.' });
  const serving = stored('serving', {
    text: 'Do not retry a refused call.',
    sources: [aSource('feedback', 0.95)],
  });

  expect(settleBundle([never, always], [], {})).toEqual({ left: ['never'], removals: [] });
  expect(settleBundle([always, never], [], {})).toEqual({ left: ['never'], removals: [] });
  expect(settleBundle([retry, always], [serving], {})).toEqual({ left: ['retry'], removals: [] });
  expect(settleBundle([always], [never], {})).toEqual({ left: [], removals: ['never'] });
});

test('leaves nothing in a bundle that contradicts another part of it, whatever stands behind each', () => {
  const texts = fc.constantFrom(
    'Always count refunds.',
    'Never count refunds.',
    'Count refunds, please.',
    'Never retry.',
    'Always retry.',
  );
  const lessons = fc.array(fc.tuple(texts, fc.constantFrom(0.5, 0.7, 0.95)), { maxLength: 7 });

  fc.assert(
    fc.property(lessons, lessons, (bundled, served) => {
      const of = (prefix: string) => (said: readonly [string, number], index: number) =>
        stored(`${prefix}${String(index)}`, {
          text: said[0],
          sources: [aSource('feedback', said[1])],
        });
      const bundle = bundled.map(of('b'));
      const serving = served.map(of('s'));

      const { left, removals } = settleBundle(bundle, serving, {});

      const kept = [
        ...bundle.filter(({ id }) => !left.includes(id)),
        ...serving.filter(({ id }) => !removals.includes(id)),
      ];
      const stays = bundle.filter(({ id }) => !left.includes(id));
      for (const gone of serving.filter(({ id }) => removals.includes(id))) {
        expect(stays.some((one) => contradicts(one, gone))).toBe(true);
      }
      const isOfBundle = ({ id }: LessonRevision): boolean => id.startsWith('b');
      for (const one of kept.filter(isOfBundle)) {
        expect(kept.filter((other) => contradicts(one, other))).toEqual([]);
      }
    }),
  );
});

test('gives lessons that contradict each other a thing in common to be found by', () => {
  const notes = fc.constantFrom(
    'Always retry.',
    'Never retry.',
    'Write `a` instead of `b`.',
    'Write `b` instead of `a`.',
    'Write `c` instead of `b`.',
    'When `pay` fails with BAD, send `a` too.',
    'When `pay` fails with BAD, leave `a` out.',
    'When `pay` fails with BAD, send `b` instead of `a`.',
    'When `pay` fails with BAD, send `a` times 100.',
    'When `pay` fails with BAD, send `a` divided by 100.',
    'When `pay` fails with BAD, call `login` first.',
    'shop(id, name)',
  );

  fc.assert(
    fc.property(notes, notes, (one, other) => {
      const [left, right] = [aDraft({ text: one }), aDraft({ text: other })];
      fc.pre(contradicts(left, right));

      expect(thingsOf(left).some((thing) => thingsOf(right).includes(thing))).toBe(true);
    }),
  );
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
