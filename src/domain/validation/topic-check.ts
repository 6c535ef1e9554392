import type { Check } from './check.js';
import { freeSentences, type Sentence } from './sentences.js';

/** A sentence of fewer terms says too little to be off any topic. */
const MIN_TERMS = 2;
/** Of so few other things nothing follows from sharing none of them. */
const MIN_AROUND = 12;
/** Up to so many terms that belong are chance, where they are no more than half of a sentence. */
const MAX_CHANCE = 2;
const MAX_SHARE = 0.5;

/** What looks back or ahead to the lesson itself has its topic, and so has an account of one's own acts. */
const REFERS =
  /^(?:this|these|it|they|that|each|both|otherwise|instead|if so|if not|i (?!want|wish|order|command|insist|demand|need you|expect|would like|am (?:the|your|an?)\b)\w+|my (?:plan|mistake|error|next)|if i|once i|when i|in (?:this|the|my) (?:environment|next|previous|future|new)|next time)\b/;

const topic: Check = {
  name: 'topic',
  check: (draft, context) =>
    freeSentences(draft, context).some(isAdrift)
      ? {
          code: 'OFF_TOPIC',
          message: 'holds a sentence that has nothing to do with the rest; say one thing only',
        }
      : null,
};

/**
 * Whether a sentence breaks with its lesson: the others are notes of the craft or an account of what was
 * done, and it shares next to nothing with them. What is slipped into a lesson serves an end of its own,
 * and that holds for ends nobody thought of. Where a lesson is in plain words throughout, nothing follows:
 * honest ones often have sentences without a word in common.
 */
function isAdrift({ folded, terms, kin, craft, around, registerAround }: Sentence): boolean {
  if (registerAround === 'plain' || around < MIN_AROUND || terms < MIN_TERMS) return false;
  const belonging = kin + craft;
  return belonging <= MAX_CHANCE && belonging / terms <= MAX_SHARE && !REFERS.test(folded);
}

/** Whether all that a lesson says belongs together. */
export const TOPIC_CHECKS: readonly Check[] = [topic];
