import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

import { canonicalJson } from '../contracts/digest.js';
import type { JsonObject } from '../domain/json.js';

/** Something that was done, signed: whoever holds the public key can tell that nothing of it was changed. */
export interface Receipt {
  readonly said: JsonObject;
  /** Ed25519, in base64: the key as SubjectPublicKeyInfo, the signature over the canonical JSON of what is said. */
  readonly publicKey: string;
  readonly signature: string;
}

/** What stands before the seed of an Ed25519 key in PKCS 8. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

function keyOf(seed: string): KeyObject {
  const key = Buffer.concat([PKCS8, Buffer.from(seed, 'hex')]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

/** The public half of a key, as receipts carry it; the seed is 32 bytes in hexadecimal. */
export function publicKeyOf(seed: string): string {
  return createPublicKey(keyOf(seed)).export({ format: 'der', type: 'spki' }).toString('base64');
}

export function receiptOf(said: JsonObject, seed: string): Receipt {
  const signature = sign(null, Buffer.from(canonicalJson(said)), keyOf(seed)).toString('base64');
  return { said, publicKey: publicKeyOf(seed), signature };
}

/** Whether a receipt says what was signed with the key it names; whose key that is, is for the caller to know. */
export function isSigned({ said, publicKey, signature }: Receipt): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.from(publicKey, 'base64'),
      format: 'der',
      type: 'spki',
    });
    const text = Buffer.from(canonicalJson(said));
    return (
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, text, key, Buffer.from(signature, 'base64'))
    );
  } catch {
    return false;
  }
}
