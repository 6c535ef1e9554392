import type { LessonContent } from '../lesson.js';
import { recoveryClaims } from '../mining/recovery-note.js';
import { replacementRuleOf } from '../mining/replacement-rule.js';
import { claimsIn } from './fixed-form.js';
import { sayingOf } from './saying.js';

/** What a lesson lays down for one thing; two values for the same thing do not go together. */
interface Statement {
  readonly about: string;
  readonly value: string;
}

/** How much stands behind a lesson. */
export interface Standing {
  /** The highest of its sources, 0 … 1. */
  readonly authority: number;
  /** Whether a forked replay showed that it mends a failure. */
  readonly isVerified: boolean;
  /**
   * Whether pairs of its gate in which it was recalled were won more often than lost, or its candidate is still
   * on trial among live tasks: it is measured, and a word alone does not put it out.
   */
  readonly isProven: boolean;
  /** Interval of its uplift, where it has been measured. */
  readonly uplift: { readonly lower: number; readonly upper: number } | null;
  /** When it was learned, in milliseconds; null where nobody knows. */
  readonly learnedAtMs: number | null;
}

/** Which of two lessons that contradict each other stands, and what decided; `disputed`: neither. */
export type Resolution =
  | {
      readonly stands: 'first' | 'second';
      readonly by: 'authority' | 'verified replay' | 'uplift' | 'recency';
    }
  | { readonly stands: 'neither' };

/** Authorities closer than this are one (an owner's 0.95 outweighs an expert's 0.9, GATE 2.8). */
const MIN_AUTHORITY_GAP = 0.04;
/** What is newer by less was said of the same world. */
const MIN_NEWER_MS = 7 * 86_400_000;
/** What nobody measured neither helps nor harms. */
const UNMEASURED = { lower: 0, upper: 0 };

/**
 * Resolves a contradiction by authority, then verified replay, then uplift, then recency of at least a week.
 * Uplift decides where the intervals do not meet; beside a lesson that was never measured, one that was shown
 * to help stands and one that was shown to harm goes.
 */
export function resolveConflict(first: Standing, second: Standing): Resolution {
  const gap = first.authority - second.authority;
  if (Math.abs(gap) >= MIN_AUTHORITY_GAP) {
    return { stands: gap > 0 ? 'first' : 'second', by: 'authority' };
  }
  if (first.isVerified !== second.isVerified) {
    return { stands: first.isVerified ? 'first' : 'second', by: 'verified replay' };
  }
  const [one, other] = [first.uplift ?? UNMEASURED, second.uplift ?? UNMEASURED];
  if (one.lower > other.upper) return { stands: 'first', by: 'uplift' };
  if (other.lower > one.upper) return { stands: 'second', by: 'uplift' };
  if (first.learnedAtMs !== null && second.learnedAtMs !== null) {
    const newerMs = first.learnedAtMs - second.learnedAtMs;
    if (Math.abs(newerMs) >= MIN_NEWER_MS) {
      return { stands: newerMs > 0 ? 'first' : 'second', by: 'recency' };
    }
  }
  return { stands: 'neither' };
}

/** Independent groups behind a lesson, and the experts and owners among its sources. */
export interface Backing {
  readonly groups: number;
  readonly experts: number;
}

/** Independent groups that must say the same where no expert does (GATE 2.8). */
export const MIN_GROUPS = 2;

/** Whether a lesson may enter on the word of those behind it. */
export function isBacked({ groups, experts }: Backing): boolean {
  return experts >= 1 || groups >= MIN_GROUPS;
}

/**
 * Whether a lesson that contradicts another, where nothing decides between them, puts it out before a person
 * has decided. It takes no less authority, a backing that it could have entered with itself, and that nothing
 * was ever measured in favour of the other: two who agree to say so do not take out what pairs were won with.
 */
export function putsOut(challenger: Standing, backing: Backing, other: Standing): boolean {
  const isMeasured = other.isVerified || other.isProven || (other.uplift?.lower ?? 0) > 0;
  return challenger.authority >= other.authority && isBacked(backing) && !isMeasured;
}

/**
 * Names of the things that a lesson lays down a value for: lessons that contradict each other have one in
 * common.
 */
export function thingsOf(content: LessonContent): readonly string[] {
  return [...new Set(statementsOf(content).map(({ about }) => about))];
}

/**
 * Whether two lessons lay down different values for one thing, for tasks that both may serve: a
 * parameter, what to write instead of something, how to mend one error of a tool, or the same rule with
 * and without a `not`. What they say in other words is not compared.
 */
export function contradicts(one: LessonContent, other: LessonContent): boolean {
  if (!mayMeet(one, other)) return false;
  const said = new Map(statementsOf(one).map(({ about, value }) => [about, value]));
  return statementsOf(other).some(({ about, value }) => {
    const first = said.get(about);
    return first !== undefined && first !== value;
  });
}

/** Predicates on one field that no task meets both keep two lessons apart. */
function mayMeet(one: LessonContent, other: LessonContent): boolean {
  return one.trigger.predicates.every((left) =>
    other.trigger.predicates.every((right) => {
      if (left.field !== right.field) return true;
      const values = [right.value].flat();
      return [left.value].flat().some((value) => values.includes(value));
    }),
  );
}

function statementsOf({ body, trigger }: LessonContent): Statement[] {
  if (body.form === 'value') {
    return [{ about: `parameter/${body.parameter}`, value: JSON.stringify(body.value) }];
  }
  // What is known of a schema grows; a later claim takes nothing back.
  if (body.form === 'steps' || claimsIn(body.text) !== undefined) return [];
  const rule = replacementRuleOf(body.text);
  if (rule !== undefined) {
    const { write, insteadOf, when } = rule;
    const pair = [write, insteadOf].toSorted().join('\n');
    return [
      { about: `write/${when}/${insteadOf}`, value: write },
      { about: `prefer/${when}/${pair}`, value: write },
    ];
  }
  const claims = recoveryClaims(body.text);
  if (claims !== undefined) return claims.map(({ about, value }) => ({ about, value }));
  const { rule: saying, isNegated } = polarity(body.text);
  return [{ about: `rule/${trigger.when}/${saying}`, value: isNegated ? 'not' : 'so' }];
}

const NEGATIONS = /\b(?:never|do not|don't|must not|should not|shouldn't|avoid|not|no longer)\b/gi;
const FILLERS = /\b(?:always|please|must|should|you|be sure to|make sure to|ever)\b/gi;

function polarity(text: string): { readonly rule: string; readonly isNegated: boolean } {
  const negations = text.match(NEGATIONS)?.length ?? 0;
  const rule = sayingOf(text.replace(NEGATIONS, ' ').replace(FILLERS, ' '));
  return { rule, isNegated: negations % 2 === 1 };
}
