import { expect, test } from 'vitest';

import { isEnd, mayFollow, CANDIDATE_STATES } from '../../src/domain/candidate.js';

test('a candidate that waits for a person goes on with the approval', () => {
  expect(mayFollow('waiting', 'passed')).toBe(true);
});

test('nothing follows an end, but for the rollback of what was promoted', () => {
  const after = CANDIDATE_STATES.filter(isEnd).flatMap((end) =>
    CANDIDATE_STATES.filter((next) => mayFollow(end, next)).map((next) => `${end} ${next}`),
  );

  expect(after).toEqual(['promoted rolled-back']);
});
