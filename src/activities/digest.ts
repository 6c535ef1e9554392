import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

import type { Json } from '../domain/json.js';

/** SHA-256 of a text, 64 hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** SHA-256 of the canonical JSON (RFC 8785): equal values are equal digests, whatever their key order. */
export function jsonDigest(value: Json): string {
  return sha256(canonicalize(value) ?? '');
}
