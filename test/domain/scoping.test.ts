import { expect, test } from 'vitest';

import { assign } from '../../src/domain/assignment.js';
import { versionId } from '../../src/contracts/ids.js';
import { leavesOut, narrowTrigger } from '../../src/domain/scoping.js';

const TRIGGER = { predicates: [], when: 'a question', notWhen: '' };

test('a narrowed trigger keeps to the other values of the slice that lost', () => {
  const others = [{ kind: 'easy' }, { kind: 'odd' }];

  const narrowed = narrowTrigger(TRIGGER, { kind: 'hard' }, others);

  expect(narrowed?.predicates).toEqual([{ field: 'kind', op: 'in', value: ['easy', 'odd'] }]);
  expect(narrowed !== undefined && leavesOut(narrowed, { kind: 'hard' })).toBe(true);
  expect(narrowed !== undefined && leavesOut(narrowed, { kind: 'odd' })).toBe(false);
});

test('of two slice keys the one that sets the stratum apart is used', () => {
  const others = [
    { kind: 'hard', size: 'small' },
    { kind: 'easy', size: 'small' },
  ];

  const narrowed = narrowTrigger(TRIGGER, { kind: 'hard', size: 'large' }, others);

  expect(narrowed?.predicates).toEqual([{ field: 'size', op: 'in', value: ['small'] }]);
});

test('a stratum that no key sets apart cannot be left out', () => {
  expect(narrowTrigger(TRIGGER, { kind: 'hard' }, [])).toBeUndefined();
  expect(narrowTrigger(TRIGGER, {}, [{ kind: 'easy' }])).toBeUndefined();
});

test('a trigger on something else leaves no slice out', () => {
  const predicates = [{ field: 'input.table', op: 'eq', value: 'a' } as const];

  expect(leavesOut({ predicates }, { kind: 'hard' })).toBe(false);
});

test('an exception for a combination of slices serves that combination alone', () => {
  const routing = {
    active: versionId('v2'),
    canary: null,
    exceptions: { 'kind=hard,size=large': versionId('v1') },
    pinned: null,
  };

  const own = assign(routing, 't', { size: 'large', kind: 'hard' });
  const other = assign(routing, 't', { size: 'small', kind: 'hard' });

  expect(own).toEqual({ version: 'v1', arm: 'exception' });
  expect(other).toEqual({ version: 'v2', arm: 'active' });
});
