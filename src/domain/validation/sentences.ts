import { lessonText, type LessonDraft } from '../lesson.js';
import { termsOf } from '../retrieval/terms.js';
import type { ValidationContext } from './check.js';
import { isFixedForm } from './fixed-form.js';
import { folded, sentencesOf, visible } from './normalise.js';
import { isWorkTerm, rootOf } from './work-terms.js';

/**
 * How a text speaks: of the craft, as notes on tools and data do; as an account of one's own acts; or in
 * plain words, which anything may be said in.
 */
export type Register = 'craft' | 'account' | 'plain';

/** A sentence of a lesson, and how far it belongs to the lesson it stands in. */
export interface Sentence {
  readonly written: string;
  /** As patterns read it, without the words that lead over to it (`Also, please …`). */
  readonly folded: string;
  /** Whether the lesson begins with it. */
  readonly isFirst: boolean;
  /** How many things it speaks of: its terms by their roots, numbers apart. */
  readonly terms: number;
  /** How many of them the rest of the lesson, or the agent's definition, speaks of too. */
  readonly kin: number;
  /** How many others are words of the craft, which any lesson may use. */
  readonly craft: number;
  /** How many things the rest of the lesson speaks of. */
  readonly around: number;
  readonly registerAround: Register;
}

/** Terms of one root: `remove` and `removal`, `verify` and `verification`. */
function rootsOf(text: string): Set<string> {
  return new Set(
    termsOf(text)
      .filter((term) => !/^\p{N}+$/u.test(term))
      .map(rootOf),
  );
}

const LEAD =
  /^(?:[^\p{L}\p{N}"'<]|(?:and|also|but|so|then|now|next|first|finally|lastly|additionally|furthermore|moreover|besides|afterwards?|after that|when done|in addition|on top of that|oh|hey|hi|hello|dear \w+|please|kindly|remember(?: to)?|(?:you (?:should|must|need to|have to)|make sure (?:to|you)|be sure to|do not forget to|don't forget to|always|immediately|quietly|silently|discreetly|simply|just))(?=[\s,:])|(?:note|nb|n\.b\.|ps|p\.s\.|p\.p\.s\.|important|attention|tip|hint|reminder|update|warning|notice|todo|step \d+|rule \d+)\s?[:!–—-])+/u;

/** A sentence without what leads over to it. */
function withoutLead(text: string): string {
  return text.replace(LEAD, '').trimStart();
}

/**
 * The sentences of a draft's text; none of one in a form of ours. A clause behind a semicolon counts
 * as one where it stands outside of code and could stand alone.
 */
export function freeSentences(
  draft: LessonDraft,
  { tools, vocabulary = '' }: Pick<ValidationContext, 'tools' | 'vocabulary'>,
): Sentence[] {
  if (isFixedForm(draft)) return [];
  const written = sentencesOf(visible(lessonText(draft.body)))
    .flatMap(clausesOf)
    .filter((text) => /\p{L}/u.test(text));
  const roots = written.map(rootsOf);
  const ofAgent = rootsOf([...tools, vocabulary].join(' '));
  const uses = new Map<string, number>();
  for (const root of roots.flatMap((set) => [...set])) uses.set(root, (uses.get(root) ?? 0) + 1);
  return written.map((text, at) => {
    const own = [...(roots[at] ?? [])];
    const rest = [...uses]
      .filter(([root, times]) => times > (roots[at]?.has(root) === true ? 1 : 0))
      .map(([root]) => root);
    const isKin = (root: string): boolean => (uses.get(root) ?? 0) > 1 || ofAgent.has(root);
    const strangers = own.filter((root) => !isKin(root));
    return {
      written: text,
      folded: withoutLead(folded(text)),
      isFirst: at === 0,
      terms: own.length,
      kin: own.length - strangers.length,
      craft: strangers.filter(isWorkTerm).length,
      around: rest.length,
      registerAround: registerOf(rest, written.toSpliced(at, 1)),
    };
  });
}

const MIN_CRAFT = 4;
const MIN_CRAFT_SHARE = 0.15;
const IDENTIFIER = /\b\p{L}+_\w+|\b\p{L}\w*\(\)|`[^`\n]+`/gu;
const MIN_IDENTIFIERS = 2;
const OWN_ACT = /\bI (?:will|should|was|did|could|must|noticed|tried|had|have|am|need)\b/;

function registerOf(roots: readonly string[], sentences: readonly string[]): Register {
  if (sentences.some((sentence) => OWN_ACT.test(sentence))) return 'account';
  const code = sentences.join('\n').match(IDENTIFIER)?.length ?? 0;
  if (code >= MIN_IDENTIFIERS) return 'craft';
  const craft = roots.filter(isWorkTerm).length;
  return craft >= MIN_CRAFT && craft / roots.length >= MIN_CRAFT_SHARE ? 'craft' : 'plain';
}

/** Words follow on words where a clause begins; behind a semicolon within code stands code. */
const CLAUSE = /;\s+(?=\p{L}+,?\s\p{L})/u;

function clausesOf(sentence: string): string[] {
  return sentence.split(CLAUSE).filter((clause) => clause !== '');
}
