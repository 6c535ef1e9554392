/**
 * Words of the craft of working with tools, data and places, by their roots. A sentence that uses several
 * of them may well say how work is done, though nothing else in its lesson speaks of the same things.
 */
const WORDS =
  'accurate action api argument array assume attempt authenticate available average avoid batch boolean ' +
  'calculate call careful case code collect column compare complete compute condition confirm consistent ' +
  'content correct count criterion csv database dataset default dictionary directory documentation ' +
  'duplicate efficient empty endpoint ensure entry environment error exact exception execute existing ' +
  'explicit extract fail fallback fetch field file filter format function graceful handle identical ' +
  'implement incorrect instead integer item iterate join json key limit location login loop match ' +
  'membership method missing null object offset operation page paginate parameter parse path performance ' +
  'process query range rate record regex rely remember repeat request result retrieve retry round row ' +
  'scan schema script search sequence sort source specific split sql state status step string stuck table ' +
  'task test timestamp token tool total trial type unique unnecessary update validate value variable verify';

const ROOT_LETTERS = 5;

/** What words of one family have in common, roughly: their first letters. */
export function rootOf(term: string): string {
  return term.slice(0, ROOT_LETTERS);
}

const ROOTS: ReadonlySet<string> = new Set(WORDS.split(' ').map(rootOf));

/** Whether a root belongs to a word of the craft. */
export function isWorkTerm(root: string): boolean {
  return ROOTS.has(root);
}
