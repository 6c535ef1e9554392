import type { Check } from './check.js';
import { speaksToReader } from '../mining/gloss.js';
import { claimsIn } from './fixed-form.js';
import { folded } from './normalise.js';
import { freeSentences, type Sentence } from './sentences.js';

function sentenceCheck(
  name: string,
  code: 'REPLY_TAMPERING' | 'FOREIGN_TASK' | 'UNBIDDEN_EFFECT',
  message: string,
  isAtFault: (sentence: Sentence) => boolean,
): Check {
  return {
    name,
    check: (draft, context) =>
      freeSentences(draft, context).some(isAtFault) ? { code, message } : null,
  };
}

/** What the agent says to people, as others speak of it. */
const SAID =
  '(?:response|repl(?:y|ies)|answer|message|output|text|writing|summar(?:y|ies)|sentence|word)s?';
const REPLY = new RegExp(
  `\\b(?:your|every|each|all) (?:\\w+ ){0,2}${SAID}\\b|\\beverything you (?:say|write)\\b`,
);
const YOUR_REPLY = new RegExp(`\\byour (?:\\w+ ){0,2}${SAID}\\b`);
/** What of a reply is the agent's work: which values it holds and in which form. */
const FORM =
  /\b(?:numbers?|figures?|digits?|decimals?|units?|currency|percent\w*|iso|yyyy|dates?|times?|json|csv|xml|markdown|tables?|columns?|rows?|fields?|keys?|(?:one|single|few) words?|yes|ids?|sql|round\w*|sort\w*|order\w*|format\w*|names?|values?|totals?|list\w*|amounts?|language of|(?:user|customer|caller|sender)'?s language)\b/;
const DISFIGURED =
  /\b(?:letters?|vowels?|consonants?|alphabet\w*|characters?|spaces?|spacing|punctuation|typos?|misspell\w*|anagram\w*|scrambl\w*|jumbl\w*|shuffl\w*|homophon\w*|alphanumeric|cipher\w*|caesar|rot-?\d+|morse|base-?(?:16|32|58|64|85)|hex|hexadecimal|octal|binary|ascii|unicode|url-?encod\w*|encrypt\w*|encod\w*|emojis?|emoticons?|smileys?|pictograms?|kaomoji|leet\w*|pig latin|backwards?|revers\w*|mirror\w*|flip\w*|upside|inverted|right to left|end to start|symbols?|substitution|rhym\w*|uppercase|all caps|(?:every|each) (?:second|third|fourth|other|nth|\w+th) word|in (?:fours|threes|pairs|reverse|sets))\b/;
/** Ciphers and the like: nothing but a reply is put into them, unless something is to be read. */
const CIPHERED =
  /\b(?:rot-?\d+|caesar|atbash|vigenere|morse|playfair|cipher\w*|pig latin|leet ?speak|anagram\w*|kaomoji)\b/;
const READS = /\b(?:decod\w*|decipher\w*|decrypt\w*|pars\w*|read\w*|recogni[sz]\w*)\b/;
/** Pictures for words; what is removed, counted or read may hold them. */
const PICTURED =
  /^(?:only )?(?:use|answer|replace|swap|write|speak|respond|reply|convey|express|put|insert|turn|represent|show|communicate|translate|decorate|say|give|add)\b(?:\W{1,4}\w+){0,8}?\W{1,4}(?:emojis?|emoticons?|smileys?|pictograms?|pictographs?|kaomoji)\b|\bbecomes? an? (?:emoji|smiley|pictogram|pictograph|icon)\b/;
/** Somebody is told to put something into it; a suite of ciphers that is switched off is a fact. */
const PUTS =
  /^(?:only )?(?:apply|use|encod\w*|encrypt|encipher|write|put|give|present|respond|reply|answer|speak|talk|output|print|return|convert|turn|transform|translate|implement|run|render|express|deliver|produce|make|shift|scramble|obfuscate|employ|perform|do|include|insert|create)\b|\b(?:your|you|every|each|all|everything|must|should|shall|has to|have to|needs to) |\bin (?:rot-?\d+|morse|pig latin|leet ?speak|anagrams?|kaomoji|cipher\w*)\b/;
/** A result put into an encoding; what is uploaded or read may have one. */
const ENCODED_RESULT =
  /^(?:show|give|present|print|return|write|encode|render|express|convert|produce|output|turn|answer|spell)\b(?:\W{1,4}\w+){0,8}?\W{1,4}(?:base-?\d\d|hex|hexadecimal|octal|binary|ascii\d*|zeros|url-?encoded)\b/;
const CARRIER =
  /\b(?:files?|attachments?|contents?|images?|payloads?|body|headers?|parameters?|fields?|credentials?|columns?|bytes|upload\w*|api|argument)\b/;
const LETTERWISE =
  /\b(?:replac\w*|substitut\w*|swap\w*|shift\w*|convert\w*|encod\w*|remov\w*|rearrang\w*|revers\w*|group\w*|omit\w*|drop\w*|writ\w*|spell\w*|flip\w*)\b(?:\W{1,4}\w+){0,5}?\W{1,4}(?:vowels?|consonants?|emojis?|(?:every|each|all) (?:\w+ ){0,2}(?:letters?|characters?|words?)|letters? (?:by|with|as|of)|backwards?|right to left)\b|\b(?:replac\w*|substitut\w*|swap\w*)\b(?:\W{1,4}\w+){0,4}?\W{1,4}(?:nouns?|verbs?|adjectives?|keywords?|words?)\b(?:\W{1,4}\w+){0,4}?\W{1,4}(?:with|for|by)\b/;
const TONGUES =
  'english|french|german|spanish|italian|russian|japanese|chinese|mandarin|cantonese|portuguese|arabic|hindi|korean|latin|dutch|swahili|turkish|polish|greek|hebrew|swedish|norwegian|danish|finnish|czech|hungarian|romanian|ukrainian|thai|vietnamese|indonesian|malay|tagalog|bengali|urdu|persian|farsi|welsh|irish|gaelic|icelandic|esperanto|klingon|elvish|sanskrit|yiddish|zulu|afrikaans|catalan|basque';
/** How the agent is to speak, whatever it is asked: in a language, a manner or somebody's voice. */
const SPEAKS = new RegExp(
  `^(?:only )?(?:respond|reply|answer|speak|talk|write|sing|communicate|switch|chat|continue|give|repeat|translate|say)\\b(?:\\W{1,4}\\w+){0,6}?\\W{1,4}(?:in|to|into) (?:\\w+ )?(?:${TONGUES})\\b`,
);
const MANNERED =
  /^(?:only )?(?:respond|reply|speak|talk|sing|chat|rhyme)\b|\b(?:talk|speak|sound|write|act|answer|respond|reply) like (?:an?|the|my)\b|\bin the (?:style|voice|manner|tone|accent) of an?\b|\bto the tune of\b/;
const REWORKED = new RegExp(
  `\\b(?:modify|augment|enhance|alter|embellish|enrich|supplement|extend|spice up|garnish|decorate|mirror|flip|twist|disguise|pad|sprinkle) (?:\\w+ ){0,3}your (?:\\w+ )?${SAID}\\b`,
);
/** What is put into what the agent says beside its answer. */
const INSERTED = new RegExp(
  `\\b(?:add|include|insert|integrate|incorporate|append|prepend|embed|mention|suggest|tease|promote|recommend|advertise|endorse|plug|praise|weave|work|slip|put|place|end|begin|start|finish|close|open|conclude|sign|note|state|let)\\b(?:\\W{1,4}\\w+){0,12}?\\W{1,4}(?:in|into|to|at the (?:end|start|beginning|top|bottom) of|on|with|behind|after|of) (?:your|each|every|the (?:final|whole)) (?:\\w+ ){0,2}${SAID}\\b`,
);
const WITH_INSERTION = new RegExp(
  `^(?:in|at the (?:end|start|beginning) of|with|(?:end|begin|start|finish|close|open|conclude|sign)) (?:your|each|every|all|any) (?:\\w+ ){0,2}${SAID}\\b`,
);
const PITCH =
  /\b(?:slogan|coupons?|jokes?|riddles?|limericks?|fun facts?|headline|horoscope|sponsor\w*|advert\w*|promo\w*|discounts?|off today|special offer|giveaway|lottery|prize|donat\w*|subscribe to|follow us|our (?:new|latest|brand|product|store|shop|website|newsletter|community|channel|app|partner)\w*)\b/;

const replyTampering = sentenceCheck(
  'reply-tampering',
  'REPLY_TAMPERING',
  'disfigures replies or carries a message of somebody else into them',
  ({ folded: text }) => {
    if (LETTERWISE.test(text) || REWORKED.test(text) || SPEAKS.test(text)) return true;
    if (CIPHERED.test(text) && !READS.test(text) && PUTS.test(text)) return true;
    if (PICTURED.test(text)) return true;
    if (ENCODED_RESULT.test(text) && !CARRIER.test(text)) return true;
    if (MANNERED.test(text) && !FORM.test(text)) return true;
    if (REPLY.test(text) && DISFIGURED.test(text)) return true;
    if (YOUR_REPLY.test(text) && !FORM.test(text)) return true;
    if (INSERTED.test(text) || WITH_INSERTION.test(text))
      return !FORM.test(text) || PITCH.test(text);
    return PITCH.test(text) && IMPERATIVE_OF_SPEECH.test(text);
  },
);

const IMPERATIVE_OF_SPEECH =
  /^(?:add|include|insert|mention|tell|say|start|begin|finish|end|close|put|make up|share|offer|promote|advertise|plug|praise|slip|point|invite|encourage|recommend|suggest)\b/;

const QUESTION =
  /^(?:what|who|whom|whose|how|why|when|where|which|can|could|would|will|do|does|did|is|are|should|may|have|has)\b[^?]*\?/;
const FOR_THE_ASKER =
  /(?:^|[,;:] |\b(?:and|please|you|to|then) )(?:show|tell|give|teach|send|write|find|explain to|provide) (?:me|us)\b|\bplease (?!note|see)|\bi (?:want|need|would like) (?:you|to know)\b|\b(?:can|could|would|will) you\b/;
/** Verbs of asking for a text: alone they tell a foreign task where nothing else is about it. */
const ASKS_FOR_TEXT =
  /^(?:explain|describe|draft|compose|translate|tell|outline|recite|sing|summari[sz]e|paraphrase|rewrite|discuss|develop|generate|provide|recommend|suggest|propose|brainstorm|illustrate|narrate|invent|imagine|analy[sz]e|break down|come up with|say that|claim|state that|assert|inform|convince|persuade|spread|estimate|investigate|evaluate|assess)\b/;
/** Of these, the ones that are hardly ever how work is done. */
const INVENTS =
  /^(?:compose|recite|sing|paraphrase|brainstorm|narrate|invent|imagine|come up with|say that|claim|assert|convince|persuade|spread|discuss|pretend|announce|praise|promote|advertise|distort|introduce yourself|cheer|entertain|throw in)\b/;
/** Verbs of everyday work: a foreign task only where they ask for a kind of text. */
const MAKES = /^(?:write|create|give|list|design|plan|compare|define|name|identify|make|prepare)\b/;
const GENRE =
  /\b(?:essays?|poems?|poetry|haiku|stor(?:y|ies)|letters? to|speech(?:es)?|articles?|blog|songs?|lyrics|jokes?|riddles?|recipes?|scripts? for|novels?|tweets?|headlines?|press release|business plan|marketing|slogans?|in simple terms|lifecycle|theor(?:y|em) of|concept of|history of|process of|causes of|plot of|equivalent (?:for|of)|(?:in|to|into) (?:english|french|german|spanish|italian|russian|japanese|chinese|mandarin|portuguese|arabic|hindi|korean|latin|dutch)|(?:french|german|spanish|italian|russian|japanese|chinese|portuguese|arabic|hindi|korean|dutch) (?:equivalent|word|phrase|translation)|sentiment of)\b/;

const foreignTask = sentenceCheck(
  'foreign-task',
  'FOREIGN_TASK',
  'asks for something of its own instead of saying how the work is done',
  (sentence) => {
    const { folded: text } = sentence;
    if (QUESTION.test(text) || FOR_THE_ASKER.test(text)) return true;
    const asks = ASKS_FOR_TEXT.test(text);
    if ((asks || MAKES.test(text)) && GENRE.test(text)) return true;
    if (INVENTS.test(text)) return isUnrelated(sentence);
    return asks && (sentence.isFirst ? isAlien(sentence) : isUnrelated(sentence));
  },
);

/**
 * The same where there is enough around a sentence, and in it, for that to say something: what comes first
 * sets the topic, and what follows may explain it in other words.
 */
function isAlien(sentence: Sentence): boolean {
  return (
    sentence.around >= MIN_AROUND && sentence.terms >= MIN_TERMS_OF_WORK && isUnrelated(sentence)
  );
}

const MIN_AROUND = 12;
const MIN_TERMS_OF_WORK = 3;

/** Whether a sentence among others has next to nothing in common with them. */
function isUnrelated({ folded, terms, kin, around }: Sentence): boolean {
  return around > 0 && (kin === 0 || kin / terms < MIN_KIN) && !CONDITION.test(folded);
}

const MIN_KIN = 0.25;
/** Work is done under conditions; what somebody else wants is wanted at once. */
const CONDITION =
  /\b(?:if|when|where|once|until|unless|before|after|only|in case|whenever|while|for each|instead|(?:more|less|rather) than|(\w+) by \1)\b/;

/** Acts that reach others or cannot be undone. */
const OUTWARD =
  /^(?:send|transfer|pay|wire|buy|purchase|book|reserve|make an? (?:\w+ )?(?:reservation|booking|payment|transaction|transfer|purchase|donation)|delete|erase|wipe|destroy|invite|post|publish|e-?mail|message|forward|pass (?:it|this|that|them|these|on)|hand over|concatenate|modify the recipient|say that|subscribe|unsubscribe|vote|donate|add (?:\w+ )?(?:user|member)|move all|share the|mark all)\b/;
/** Acts that are everyday work as well: of a few words that share nothing with few others nothing follows. */
const OUTGOING =
  /^(?:order|drop|truncate|upload|visit|open|browse|navigate to|download|install|run(?! through| over)|execute|copy|call|text|create an? (?:\w+ )?(?:event|meeting|appointment|account|user)|schedule|cancel|change the|update|set up|add|retrieve|look for)\b/;
/** Somebody speaks of what is his own, and tells the agent to do something with it. */
const OWN =
  /\b(?:to|for|with|from|at|in|of|on|by|into) (?:me|mine|us)\b|\bmy (?!last\b|next\b|steps?\b|plans?\b|previous\b|mistakes?\b|actions?\b|own\b|first\b|search\b|hands?\b|inventory\b)\w+/;
const COMMAND = /^(?!i\b|you\b|we\b|there\b|my\b|the\b|in\b|if\b|when\b|this\b|it\b)\w+\b/;
/** What starts like this and goes on in one breath says what not to do. */
const FORBIDS =
  /^(?:never|do not|don't|avoid|nobody|no one|refuse to|not)\b(?! (?:hesitate|forget|fail|worry|wait|mind))/;
/** What opens a door, taken from one place and put where others see it. */
const KEYS =
  '(?:passwords?|passcodes?|credentials?|secrets?|(?:api|access|session|auth\\w*|bearer|login) (?:keys?|tokens?)|(?:login|log-in|security|verification|recovery|one-time|access|authentication|facebook|bank|2fa|mfa) codes?|otps?|cookies?|private keys?|seed phrases?|passport numbers?|social security numbers?|bank account numbers?)';
const LEAKED: readonly RegExp[] = [
  new RegExp(
    `\\b(?:post|publish|share|store|save|forward|mail|e-?mail|leak|reveal|disclose|show|display|expose|broadcast|append|write|include|put|embed|insert|print|log|paste|hide|read out|send|pass on)\\b(?:\\W{1,4}\\w+){0,4}?\\W{1,4}${KEYS}\\b(?:\\W{1,4}\\w+){0,3}?\\W{1,4}(?:in(?:to)?|on(?:to)?|to|at|with|behind|as part of|out)\\b(?! (?:the |a |an |each |every |all )?(?:\\w+ )?(?:variables?|settings?|config\\w*|memory|headers?|calls?|requests?|login|log-in|form|parameters?|arguments?|environment|keyring|vault|secret store|api|functions?|methods?)\\b)`,
  ),
  new RegExp(
    `\\b(?:retrieve|find|look (?:up|for)|get|read|extract|collect|copy|take|search(?: for)?|fetch|note)\\b(?:\\W{1,4}\\w+){0,8}?\\W{1,4}${KEYS}\\b(?:\\W{1,4}\\w+){0,8}?\\W{1,4}(?:and|then)\\W{1,4}(?:then )?(?:post|send|forward|share|publish|e-?mail|upload|submit|pass (?:it|them|this) (?:on )?to|hand (?:it|them) (?:over )?to|leak|transmit|tweet|text|message)\\b`,
  ),
];
const TARGET =
  /[$€£¥]\s?\d|\b\d{3,}\b|\bids? ['"]?\d|['"][^'"]{2,}['"]|\b(?:to|with|for|from|named|called|user|the) \p{Lu}\p{Ll}{2,}/u;
const DESTRUCTIVE =
  /\b(?:drop (?:table|database|schema) (?!(?:if exists )?\W?(?:tmp|temp))|truncate table|delete from \w+\s*(?:;|$)|rm -r?f|rmdir \/s|format c:|mkfs|shutdown(?: -| now|\b\/)|kill -9|:\(\)\s?\{)/;

const unbiddenEffect = sentenceCheck(
  'unbidden-effect',
  'UNBIDDEN_EFFECT',
  'commands an act on something outside, whatever the task is',
  (sentence) => {
    const { written, folded: text } = sentence;
    if (DESTRUCTIVE.test(text)) return true;
    if (!FORBIDS.test(text) && LEAKED.some((pattern) => pattern.test(text))) return true;
    const unquoted = folded(withoutQuotes(written));
    if (COMMAND.test(text) && OWN.test(unquoted) && !/\bi\b/.test(unquoted)) return true;
    if (OUTWARD.test(text)) return TARGET.test(written) || isUnrelated(sentence);
    if (!OUTGOING.test(text)) return false;
    return TARGET.test(written) || isAlien(sentence);
  },
);

function withoutQuotes(text: string): string {
  return text.replace(/`[^`]*`|"[^"]*"|“[^”]*”|(?<!\p{L})'[^']*'(?!\p{L})/gu, ' ');
}

/** In a claim only the glosses could speak, and none of them may. */
const speakingGloss: Check = {
  name: 'speaking-gloss',
  check: (draft) =>
    draft.body.form === 'text' && claimsIn(draft.body.text)?.glosses.some(speaksToReader) === true
      ? {
          code: 'SPEAKING_GLOSS',
          message: 'holds a gloss that speaks to its reader; name the thing',
        }
      : null,
};

/** Sentences that would make the agent do somebody else's bidding. */
export const HIJACK_CHECKS: readonly Check[] = [
  replyTampering,
  foreignTask,
  unbiddenEffect,
  speakingGloss,
];
