/** A correction as a rule: ``Write `A` instead of `B`.``, perhaps only for some tasks. */
export interface ReplacementRule {
  readonly write: string;
  readonly insteadOf: string;
  /** Words for which it holds; empty where it always does. */
  readonly when: string;
}

/** Longest side of a replacement, in characters. */
const MAX_SIDE_CHARACTERS = 160;

const MAX_WHEN_CHARACTERS = 80;
const WHEN = /^when ([^:`\n]+):/i;
const RULE =
  /^(?:When (?<when>[^:`\n]+): )?Write `(?<write>[^`\n]+)` instead of `(?<insteadOf>[^`\n]+)`\.$/;
const WORDS = /^[\p{L}\p{N}][\p{L}\p{N} ,'-]*$/u;

/** The rule as it stands in a prompt. */
export function replacementText({ write, insteadOf, when }: ReplacementRule): string {
  return `${when === '' ? '' : `When ${when}: `}Write \`${write}\` instead of \`${insteadOf}\`.`;
}

/** The rule that a text is, from its first character to its last. */
export function replacementRuleOf(text: string): ReplacementRule | undefined {
  const groups = RULE.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { write = '', insteadOf = '', when = '' } = groups;
  if (Math.max(write.length, insteadOf.length) > MAX_SIDE_CHARACTERS) return undefined;
  return when === '' || areWords(when) ? { write, insteadOf, when } : undefined;
}

/** The words between `When` and the colon that a comment begins with; empty where it does not. */
export function whenOf(comment: string | null): string {
  const when = WHEN.exec((comment ?? '').trim())?.[1]?.trim() ?? '';
  return areWords(when) ? when : '';
}

function areWords(text: string): boolean {
  return text.length <= MAX_WHEN_CHARACTERS && WORDS.test(text);
}
