/** What a subject's next task says of the one before, without saying it. */
export type ImplicitKind = 'repeat' | 'correction' | 'thanks' | 'abandonment';

/** The episode that may be judged by what came next. */
export interface EarlierTask {
  /** What the subject asked. */
  readonly text: string;
  /** What they got; null while it runs, or where it ended without an answer. */
  readonly output: string | null;
  readonly end: 'done' | 'failed' | 'cancelled' | null;
}

/** Words that two requests must share, as a share of all their words, to ask for the same thing. */
const SAME_REQUEST = 0.8;

/** Longer texts that hold a word of thanks mostly say something else. */
const THANKS_WORDS = 14;

const THANKS =
  /\b(?:thanks|thank you|thx|cheers|perfect|great job|well done|that worked|works now|danke|merci|gracias)\b/i;

const NEGATION =
  /\b(?:not|no|never|but|wrong|still|however|doesn['’]t|didn['’]t|isn['’]t|nicht)\b/i;

const CORRECTION =
  /^(?:no\b|nope\b|wrong\b|incorrect\b|actually\b|sorry,? but\b)|\b(?:that(?:['’]s| is| was) (?:wrong|not (?:right|correct|what))|this is (?:wrong|not (?:right|correct|what))|not what i (?:asked|meant|wanted)|i (?:meant|asked for|said)\b|should (?:be|have been)\b|you (?:forgot|missed|misunderstood)|instead of\b)/i;

/**
 * Reads a subject's next task as a judgement of the one before: asking the same again or correcting it
 * says it failed, thanks say it succeeded, and going on to something else while the agent still waited
 * for an answer, or after the task was cancelled, abandons it. Null where it says nothing, the usual case.
 *
 * The weakest of all sources: its words are those of English requests, and its weight is what audits
 * leave of a prior of .60.
 */
export function implicitSignal(earlier: EarlierTask, next: string): ImplicitKind | null {
  const text = next.trim();
  const words = wordsOf(text);
  if (words.length <= THANKS_WORDS && THANKS.test(text) && !NEGATION.test(text)) return 'thanks';
  if (similarity(wordsOf(earlier.text), words) >= SAME_REQUEST) return 'repeat';
  if (CORRECTION.test(text)) return 'correction';
  const isLeftOpen = earlier.end === 'cancelled' || /\?\s*$/.test(earlier.output ?? '');
  const isAnswer = words.length <= 3 || similarity(wordsOf(earlier.output ?? ''), words) > 0.2;
  return isLeftOpen && !isAnswer ? 'abandonment' : null;
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}

/** Jaccard's index of two texts' words; 0 where one has none. */
function similarity(left: readonly string[], right: readonly string[]): number {
  const first = new Set(left);
  const second = new Set(right);
  if (first.size === 0 || second.size === 0) return 0;
  const shared = [...first].filter((word) => second.has(word)).length;
  return shared / (first.size + second.size - shared);
}
