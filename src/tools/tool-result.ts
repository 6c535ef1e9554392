import { cutText, plainText } from '../contracts/plain-text.js';
import type { ToolResult } from '../domain/episode.js';

/** A result that has no faithful JSON form. */
class UnrepresentableError extends Error {}

/**
 * What a tool returned, as the model is shown it: a string as it is, anything else as JSON. What JSON
 * would lose without a word (NaN, a Map, bytes, nothing at all) is TOOL_RESULT_INVALID.
 */
export function resultOf(returned: unknown, maxCharacters: number): ToolResult {
  try {
    const text = typeof returned === 'string' ? returned : jsonOf(returned);
    return { ok: true, content: cutText(plainText(text), maxCharacters) };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const content = `the tool returned no JSON: ${reason}`;
    return { ok: false, code: 'TOOL_RESULT_INVALID', content: cutText(plainText(content), 500) };
  }
}

function jsonOf(returned: unknown): string {
  if (['undefined', 'function', 'symbol'].includes(typeof returned)) {
    throw new UnrepresentableError(`found ${typeof returned}`);
  }
  return JSON.stringify(returned, checked);
}

/** `this` holds the value before its `toJSON`, which is how bytes are still seen to be bytes. */
function checked(this: unknown, key: string, value: unknown): unknown {
  const original: unknown =
    typeof this === 'object' && this !== null ? Reflect.get(this, key) : value;
  const kind = kindWithoutJson(original) ?? kindWithoutJson(value);
  if (kind !== undefined) throw new UnrepresentableError(`found ${kind} at ${key || 'the top'}`);
  return value;
}

function kindWithoutJson(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'bigint') return 'a BigInt';
  if (value instanceof Map || value instanceof Set) return `a ${value.constructor.name}`;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 'bytes';
  return undefined;
}
