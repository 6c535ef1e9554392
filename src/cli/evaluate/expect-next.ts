import { MalformedInputError, placeOf } from '../malformed-input.js';

/** Lines are numbered from 0 without a gap: one that was left out would be an outcome picked by hand. */
export function expectNext(field: 'i' | 't', found: number, line: number): void {
  const expected = line - 1;
  if (found === expected) return;
  const rule = `${String(expected)}, as lines are numbered 0, 1, 2, … in their order, without gap`;
  throw new MalformedInputError(placeOf(line), field, String(found), rule);
}
