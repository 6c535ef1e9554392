import fc from 'fast-check';
import { expect, test } from 'vitest';

import { versionId } from '../../src/contracts/ids.js';
import { assign, type Routing } from '../../src/domain/assignment.js';

const active = versionId('v-active');
const canary = versionId('v-canary');
const other = versionId('v-other');
const routing: Routing = { active, canary: null, exceptions: {}, pinned: null };

function withShare(share: number): Routing {
  return { ...routing, canary: { version: canary, share, seed: 7 } };
}

test('serves the active version where nothing else is set', () => {
  expect(assign(routing, 't1', {})).toEqual({ version: active, arm: 'active' });
});

test('serves a pinned version before anything else', () => {
  const pinned = { ...withShare(1), pinned: other, exceptions: { 'kind=a': canary } };

  expect(assign(pinned, 't1', { kind: 'a' })).toEqual({ version: other, arm: 'pinned' });
});

test('serves the exception of a slice before the canary', () => {
  const scoped = { ...withShare(1), exceptions: { 'kind=a': other } };

  expect(assign(scoped, 't1', { kind: 'a' }).arm).toBe('exception');
  expect(assign(scoped, 't1', { kind: 'b' }).arm).toBe('canary');
});

test('keeps in the canary at a larger share whoever was in it at a smaller one', () => {
  fc.assert(
    fc.property(fc.string(), fc.double({ min: 0, max: 1, noNaN: true }), (key, share) => {
      const before = assign(withShare(share / 2), key, {}).arm;
      const after = assign(withShare(share), key, {}).arm;

      expect(before === 'canary' && after !== 'canary').toBe(false);
    }),
  );
});

test('gives a share of 25 % about a quarter of the keys', () => {
  const keys = Array.from({ length: 4000 }, (_, index) => `task-${String(index)}`);

  const share =
    keys.filter((key) => assign(withShare(0.25), key, {}).arm === 'canary').length / 4000;

  expect(share).toBeGreaterThan(0.22);
  expect(share).toBeLessThan(0.28);
});
