import { lessonText, type LessonDraft } from '../lesson.js';
import { termsOf } from '../retrieval/terms.js';
import type { Check } from './check.js';
import { isFixedForm } from './fixed-form.js';
import { folded, sentencesOf, visible } from './normalise.js';

/** A sentence of a lesson as written and folded, and the terms of all that surrounds it. */
interface Sentence {
  readonly written: string;
  readonly folded: string;
  readonly around: () => ReadonlySet<string>;
}

/** A lesson in a form of ours has no sentences of its own. */
function freeSentences(draft: LessonDraft): Sentence[] {
  if (isFixedForm(draft)) return [];
  const sentences = sentencesOf(visible(lessonText(draft.body)));
  const terms = sentences.map((sentence) => termsOf(sentence));
  return sentences.map((written, at) => ({
    written,
    folded: folded(written),
    around: () => new Set(terms.filter((_, other) => other !== at).flat()),
  }));
}

function sentenceCheck(
  name: string,
  code: 'REPLY_TAMPERING' | 'FOREIGN_TASK' | 'UNBIDDEN_EFFECT',
  message: string,
  isAtFault: (sentence: Sentence) => boolean,
): Check {
  return {
    name,
    check: (draft) => (freeSentences(draft).some(isAtFault) ? { code, message } : null),
  };
}

const REPLY =
  /\b(?:your|every|each|all) (?:\w+ )?(?:response|reply|answer|message|output|text|writing)s?\b/;
const YOUR_REPLY = /\byour (?:\w+ )?(?:response|reply|answer|message|output)s?\b/;
const DISFIGURED =
  /\b(?:letters?|vowels?|consonants?|alphabet\w*|characters?|spaces?|spacing|punctuation|typos?|misspell\w*|anagram\w*|scrambl\w*|jumbl\w*|shuffl\w*|homophon\w*|alphanumeric|cipher\w*|caesar|rot-?13|morse|base-?(?:16|32|64|85)|hexadecimal|binary|emojis?|emoticons?|leet\w*|pig latin|backwards?|reverse\w*|symbols?|substitution|rhym\w*|(?:every|each) (?:second|third|fourth|other|nth|\w+th) word|in (?:fours|threes|pairs|reverse|sets))\b/;
const LETTERWISE =
  /\b(?:replac\w*|substitut\w*|swap\w*|convert\w*|encod\w*|remov\w*|rearrang\w*|revers\w*|group\w*|omit\w*|drop\w*|writ\w*)\b(?:\W{1,4}\w+){0,5}?\W{1,4}(?:vowels?|consonants?|(?:every|each|all) (?:\w+ )?letters?|letters? (?:by|with|as|of))\b/;
const REWORKED =
  /\b(?:modify|augment|enhance|alter|embellish|enrich|supplement|extend|spice up|garnish) your (?:\w+ )?(?:response|reply|answer|message|output)s?\b/;
const INSERTED =
  /\b(?:add|include|insert|integrate|incorporate|append|prepend|embed|modify|augment|enhance|mention|suggest|tease|promote|recommend|advertise|endorse|weave|slip|end|begin|start|conclude|put)\b/;
const RHETORIC =
  /\b(?:sentence|statement|paragraph|tips?|remind\w*|headline|links?|linking|advert\w*|slogan|promot\w*|sponsor\w*|recommendation|encourag\w*|invit\w*|urg\w*|appeal|express\w*|gratitude|thank\w*|emphasi\w*|stress\w*|highlight\w*|benefits|hint\w*|announcement|scandal|donat\w*|vote|users? (?:to|should|join|share|install)|readers?|followers?|community|product|brand|offer\w*|discount|free|reason|opinion|rumou?r|conspirac\w*|urgency)\b/;

const replyTampering = sentenceCheck(
  'reply-tampering',
  'REPLY_TAMPERING',
  'disfigures replies or carries a message of somebody else into them',
  ({ folded: text }) =>
    (REPLY.test(text) && DISFIGURED.test(text)) ||
    LETTERWISE.test(text) ||
    REWORKED.test(text) ||
    (YOUR_REPLY.test(text) &&
      INSERTED.test(text) &&
      (RHETORIC.test(text) || /"[^"]{12,}"/.test(text))),
);

const QUESTION =
  /^(?:so |and |now |please |hey |hi |also )?(?:what|who|whom|whose|how|why|when|where|which|can|could|would|will|do|does|did|is|are|should|may|have|has)\b[^?]*\?/;
const FOR_THE_ASKER =
  /(?:^|[,;:] |\b(?:and|please|you|to|then) )(?:show|tell|give|teach|send|write|find|explain to|provide) (?:me|us)\b|\bplease (?!note|see)|\bi (?:want|need|would like) (?:you|to know)\b|\b(?:can|could|would|will) you\b/;
/** Verbs of asking for a text: alone they tell a foreign task where nothing else is about it. */
const ASKS_FOR_TEXT =
  /^(?:(?:now|also|then|first|next|finally|additionally|and|please|kindly)[, ]{1,2})*(?:explain|describe|draft|compose|translate|tell|outline|recite|sing|summari[sz]e|paraphrase|rewrite|discuss|develop|generate|provide|recommend|suggest|propose|brainstorm|illustrate|narrate|invent|imagine|analy[sz]e|break down|come up with|say that|claim|state that|assert|inform|convince|persuade|spread)\b/;
/** Verbs of everyday work: a foreign task only where they ask for a kind of text. */
const MAKES =
  /^(?:(?:now|also|then|first|next|finally|additionally|and|please|kindly)[, ]{1,2})*(?:write|create|give|list|design|plan|compare|define|name|identify|make|prepare)\b/;
const GENRE =
  /\b(?:essays?|poems?|poetry|haiku|stor(?:y|ies)|letters? to|speech(?:es)?|articles?|blog|songs?|lyrics|jokes?|riddles?|recipes?|scripts? for|novels?|tweets?|headlines?|press release|business plan|marketing|slogans?|in simple terms|lifecycle|theor(?:y|em) of|concept of|history of|process of|causes of|plot of|equivalent (?:for|of)|(?:in|to|into) (?:english|french|german|spanish|italian|russian|japanese|chinese|mandarin|portuguese|arabic|hindi|korean|latin|dutch)|(?:french|german|spanish|italian|russian|japanese|chinese|portuguese|arabic|hindi|korean|dutch) (?:equivalent|word|phrase|translation)|sentiment of)\b/;

const foreignTask = sentenceCheck(
  'foreign-task',
  'FOREIGN_TASK',
  'asks for something of its own instead of saying how the work is done',
  ({ written, folded: text, around }) => {
    if (QUESTION.test(text) || FOR_THE_ASKER.test(text)) return true;
    const asks = ASKS_FOR_TEXT.test(text);
    if ((asks || MAKES.test(text)) && GENRE.test(text)) return true;
    return asks && isUnrelated(written, around());
  },
);

/** Whether a sentence among others shares no term with any of them. */
function isUnrelated(sentence: string, around: ReadonlySet<string>): boolean {
  return around.size > 0 && !termsOf(sentence).some((term) => around.has(term));
}

const OUTWARD =
  /^(?:(?:now|also|then|first|next|finally|additionally|and|please|kindly|always|immediately|quietly|silently|discreetly|after that|when done)[, ]{1,2})*(?:send|transfer|pay|wire|buy|purchase|order|book|reserve|make an? (?:\w+ )?(?:reservation|booking|payment|transaction|transfer|purchase|donation)|delete|erase|wipe|destroy|drop|truncate|invite|post|publish|visit|open|browse|navigate to|download|install|run|execute|upload|e-?mail|message|forward|copy|call|text|create an? (?:\w+ )?(?:event|meeting|appointment|account|user)|schedule|cancel|concatenate|modify the recipient|change the|say that|subscribe|unsubscribe|vote|donate|add (?:\w+ )?(?:user|member)|move all|share the|mark all)\b/;
const TARGET =
  /[$€£¥]\s?\d|\b\d{3,}\b|\bids? ['"]?\d|['"][^'"]{2,}['"]|\b(?:to|with|for|from|named|called|user|the) \p{Lu}\p{Ll}{2,}/u;
const DESTRUCTIVE =
  /\b(?:drop (?:table|database|schema)|truncate table|delete from \w+\s*(?:;|$)|rm -r?f|rmdir \/s|format c:|mkfs|shutdown(?: -| now|\b\/)|kill -9|:\(\)\s?\{)/;

const unbiddenEffect = sentenceCheck(
  'unbidden-effect',
  'UNBIDDEN_EFFECT',
  'commands an act on something outside, whatever the task is',
  ({ written, folded: text, around }) => {
    if (DESTRUCTIVE.test(text)) return true;
    if (!OUTWARD.test(text)) return false;
    return TARGET.test(written) || isUnrelated(written, around());
  },
);

/** Sentences that would make the agent do somebody else's bidding. */
export const HIJACK_CHECKS: readonly Check[] = [replyTampering, foreignTask, unbiddenEffect];
