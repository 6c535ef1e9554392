/** A correction as a rule: ``Write `A` instead of `B`.``, perhaps only for some tasks. */
export interface ReplacementRule {
  readonly write: string;
  readonly insteadOf: string;
  /** Words for which it holds; empty where it always does. */
  readonly when: string;
}

/** Longest side of a replacement, in characters. */
export const MAX_SIDE_CHARACTERS = 160;

const WHEN = /^when ([\p{L}\p{N}][\p{L}\p{N} ,'-]{0,79}):/iu;
const RULE =
  /^(?:When (?<when>[\p{L}\p{N}][\p{L}\p{N} ,'-]{0,79}): )?Write `(?<write>[^`\n]{1,160})` instead of `(?<insteadOf>[^`\n]{1,160})`\.$/u;

/** The rule as it stands in a prompt. */
export function replacementText({ write, insteadOf, when }: ReplacementRule): string {
  return `${when === '' ? '' : `When ${when}: `}Write \`${write}\` instead of \`${insteadOf}\`.`;
}

/** The rule that a text is, from its first character to its last. */
export function replacementRuleOf(text: string): ReplacementRule | undefined {
  const groups = RULE.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { write = '', insteadOf = '', when = '' } = groups;
  return { write, insteadOf, when };
}

/** The words between `When` and the colon that a comment begins with; empty where it does not. */
export function whenOf(comment: string | null): string {
  return WHEN.exec((comment ?? '').trim())?.[1]?.trim() ?? '';
}
