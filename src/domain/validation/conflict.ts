import type { LessonContent, LessonKind } from '../lesson.js';
import { recoveryClauses } from '../mining/recovery-note.js';
import { replacementRuleOf } from '../mining/replacement-rule.js';
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
  /** Interval of its uplift, where it has been measured. */
  readonly uplift: { readonly lower: number; readonly upper: number } | null;
  /** When it was learned, in milliseconds; null where nobody knows. */
  readonly learnedAtMs: number | null;
}

/**
 * Kinds that may contradict one another under different keys. What is said of one thing by a tool note has one
 * key, so that the later revision takes the earlier one's place.
 */
export const CONTRADICTING_KINDS: readonly LessonKind[] = ['rule', 'parameter'];

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

/**
 * Resolves a contradiction by authority, then verified replay, then uplift (where the intervals do not
 * meet), then recency of at least a week. Where all of them leave it open, both lessons are out.
 */
export function resolveConflict(first: Standing, second: Standing): Resolution {
  const gap = first.authority - second.authority;
  if (Math.abs(gap) >= MIN_AUTHORITY_GAP) {
    return { stands: gap > 0 ? 'first' : 'second', by: 'authority' };
  }
  if (first.isVerified !== second.isVerified) {
    return { stands: first.isVerified ? 'first' : 'second', by: 'verified replay' };
  }
  if (first.uplift !== null && second.uplift !== null) {
    if (first.uplift.lower > second.uplift.upper) return { stands: 'first', by: 'uplift' };
    if (second.uplift.lower > first.uplift.upper) return { stands: 'second', by: 'uplift' };
  }
  if (first.learnedAtMs !== null && second.learnedAtMs !== null) {
    const newerMs = first.learnedAtMs - second.learnedAtMs;
    if (Math.abs(newerMs) >= MIN_NEWER_MS) {
      return { stands: newerMs > 0 ? 'first' : 'second', by: 'recency' };
    }
  }
  return { stands: 'neither' };
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
  if (body.form === 'steps') return [];
  const rule = replacementRuleOf(body.text);
  if (rule !== undefined) {
    const { write, insteadOf, when } = rule;
    const pair = [write, insteadOf].toSorted().join('\n');
    return [
      { about: `write/${when}/${insteadOf}`, value: write },
      { about: `prefer/${when}/${pair}`, value: write },
    ];
  }
  const clauses = recoveryClauses(body.text);
  if (clauses !== undefined) {
    return clauses.map(({ about, text }) => ({ about: `recovery/${about}`, value: text }));
  }
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
