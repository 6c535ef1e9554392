import { expect, test } from 'vitest';

import { isSigned, publicKeyOf, receiptOf } from '../../src/security/receipts.js';

const SEED = '0123456789abcdef'.repeat(4);
const SAID = { tenant: 'acme', subject: 'digest', feedback: 2, ended: ['c-1'] };

test('a receipt is signed with the key of the seed, whatever the order of what it says', () => {
  const receipt = receiptOf(SAID, SEED);
  const turned = Object.fromEntries(Object.entries(SAID).reverse());

  expect(receipt.publicKey).toBe(publicKeyOf(SEED));
  expect(isSigned(receipt)).toBe(true);
  expect(isSigned({ ...receipt, said: turned })).toBe(true);
});

test('whatever of it is changed, the signature no longer holds', () => {
  const receipt = receiptOf(SAID, SEED);
  const other = receiptOf({ ...SAID, feedback: 3 }, SEED);
  const another = publicKeyOf('f'.repeat(64));

  expect(isSigned({ ...receipt, said: other.said })).toBe(false);
  expect(isSigned({ ...receipt, signature: other.signature })).toBe(false);
  expect(isSigned({ ...receipt, publicKey: another })).toBe(false);
  expect(isSigned({ ...receipt, publicKey: 'bm8ga2V5' })).toBe(false);
  expect(isSigned({ ...receipt, signature: '' })).toBe(false);
});
