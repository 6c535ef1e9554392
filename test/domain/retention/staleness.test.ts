import { expect, test } from 'vitest';

import { isStale } from '../../../src/domain/retention/staleness.js';

const version = { toolDigests: { search: 'digest-1', pay: 'digest-7' } };

test('a lesson on a tool as the version has it is not stale', () => {
  expect(isStale({ toolVersions: { search: 'digest-1' } }, version)).toBe(false);
  expect(isStale({ toolVersions: {} }, version)).toBe(false);
});

test('a lesson on a tool with another schema, or on one that is gone, is stale', () => {
  expect(isStale({ toolVersions: { search: 'digest-0' } }, version)).toBe(true);
  expect(isStale({ toolVersions: { refund: 'digest-1' } }, version)).toBe(true);
});
