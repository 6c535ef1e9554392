import type { Check, ValidationCode } from './check.js';
import { instructingTexts } from './fixed-form.js';
import { FOREIGN_FOLDED, FOREIGN_WRITTEN } from './foreign-instructions.js';
import { folded, visible } from './normalise.js';

/**
 * What may stand between two words of a pattern: so many words at most. Words and what parts them
 * have no character in common, so that there is one way to read a text and matching stays linear.
 */
function within(words: number): string {
  return `(?:\\W{1,4}\\w+){0,${words}}?\\W{1,4}`;
}

/** The same within one phrase: past a full stop or a `before` something else is spoken of. */
function inPhrase(words: number): string {
  const between = '[^\\w.:;!?\\n]{1,4}';
  const word = '(?!(?:after|before|during|for|if|in|prior|then|until|when|while)\\b)\\w+';
  return `(?:${between}${word}){0,${words}}?${between}`;
}

const OVERRIDDEN =
  '(?:instructions?|prompts?|rules?|guidelines?|polic(?:y|ies)|directives?|guardrails?|restrictions?|safety|safeguards?|constraints?|system (?:prompt|message)|training|lessons?|what you were told)';

const INJECTION: readonly RegExp[] = [
  new RegExp(
    `\\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|bypass(?:ing)?|overrul(?:e|ing)|neglect|circumvent(?:ing)?|disobey)\\b${within(3)}(?:all|any|your|my|these|those|the|every|previous|prior|earlier|above|other|system|safety)\\b${within(3)}${OVERRIDDEN}\\b`,
  ),
  new RegExp(
    `\\b(?:ignore|disregard|forget|override|bypass|overrule|disobey|circumvent)\\b\\W{1,4}${OVERRIDDEN}\\b`,
  ),
  new RegExp(
    `\\bdo(?:n't| not)\\b${within(2)}(?:follow|obey|heed|comply)\\b${within(4)}${OVERRIDDEN}\\b`,
  ),
  /\b(?:ignore|disregard|forget) (?:everything|anything|all)\b(?:\W{1,4}\w+){0,3}?\W{1,4}(?:above|before|previously|earlier|until now|so far|you (?:know|were|have))\b/,
  new RegExp(
    `\\b(?:reveal|print|show|repeat|leak|output|disclose|display|dump|recite|tell)\\b${within(4)}(?:system|hidden|initial|secret|original|developer|above)\\b${within(1)}(?:prompts?|instructions?|messages?|rules)\\b`,
  ),
  /\b(?:system|developer) prompt\b/,
  new RegExp(`\\byou are (?:now|no longer|actually)\\b|\\bfrom now on\\b${within(1)}you\\b`),
  /\b(?:act|behave|respond|answer|roleplay|role-play) as (?:if you|though you|an? |the |my |dan\b|root\b|admin)/,
  /\b(?:imagine|suppose|picture|let us say) (?:that )?you (?:were|are|had|have)\b|\blet(?:'s| us) (?:play|pretend|imagine)\b|\byou have no (?:rules|limits|restrictions|boundaries|filters?|morals)\b|\byou are (?:an? |the |my )?(?:dan|root|admin\w*|hacker|evil|pirate|unrestricted|god|superuser|uncensored|owner of)\b|\bspeak as (?:an?|the|my|if)\b/,
  /\bpretend (?:to be|that you|you|to have)\b|\byour (?:new|real|true) (?:role|task|goal|objective|identity|instructions?|purpose)\b/,
  /\b(?:new|updated|important|urgent|real) (?:system )?(?:instructions?|directives?|orders?)\s?(?::|follow|from)/,
  /\bjailbr(?:eak|oken)|\b(?:developer|god|debug|unrestricted|dan|sudo) mode\b|\bdo anything now\b|\bprompt injection\b/,
  /\b(?:important|urgent|special) (?:message|notice|note|request)\W{1,3}(?:\w+\W{1,3}){0,3}?(?:from|for|to)\b/,
  /\bbefore (?:you|doing|answering|solving|continuing|completing|anything)\b(?:\W{1,3}\w+){0,9}?\W{1,4}(?:do|perform|complete|execute|make sure to do|carry out) (?:the following|this|these|what)\b/,
  /\bas (?:the|an|your) (?:admin|administrator|owner|operator|developer|system|supervisor)\W{1,3}(?:i|we)\b|\bi am (?:the|an|your) (?:admin|administrator|owner|operator|developer)/,
  /\b(?:do not|don't|never) (?:tell|inform|mention|reveal|notify|alert|warn)(?:\W{1,3}\w+){0,5}?\W{1,3}(?:user|users|owner|operator|anyone|anybody|human|humans|reviewer)\b|\bwithout (?:telling|informing|notifying|the user)|\b(?:secretly|covertly|stealthily)\b/,
  // What was said before is declared void, and something else is put in its place.
  /\b(?:earlier|above|previous(?:ly)?|before|so far|until now|prior)\b(?:[^\w.!?\n]{1,4}\w+){0,4}?[^\w.!?\n]{1,4}(?:no longer|not) (?:appl(?:y|ies)|counts?|holds?|matters?|binds?)\b|\b(?:put|set|lay|leave|throw|push) (?:aside|away|behind)\b(?:\W{1,4}\w+){0,3}?\W{1,4}(?:told|said|taught|rules?|instructions?|guidelines?|instructed)\b/,
  /\b(?:your|the) (?:only|sole|new|real|true|actual|final|highest) (?:\w+ )?(?:guideline|rule|instruction|assignment|mission|objective|purpose|master|priority|orders?|duty|job)s?\b/,
  /\byou (?:work|act|speak|answer|serve|operate) (?:only |now |solely )?(?:for|on behalf of|in the name of)\b|\bfrom (?:here|now|this point|today) on(?:wards?)?\b/,
  /\b(?:this|the following) (?:rule|note|lesson|instruction|message|text|line)s? (?:outranks?|overrides?|replaces?|supersedes?|takes? (?:precedence|priority)|comes? first|is above)\b/,
  /\b(?:do|follow|execute) (?:what|whatever|everything|anything)\b(?:\W{1,3}\w+){0,6}?\W{1,3}(?:says?|asks?|tells?|wants?|orders?|commands?)\b|\byou are (?:now )?in (?:an? )?\w+ mode\b/,
  /\bobey\b|\bwhatever (?:the|your) (?:user|owner|source|task|instructions?|developer)s? (?:says?|asks?|wants?|states?)\b/,
  /\b(?:keep|leave|hold) (?:this|it|that|these|them|the following|the above)(?:\W{1,3}\w+){0,3}?\W{1,3}(?:hidden|secret|private|quiet|to yourself|between us|confidential)\b|\b(?:hide|conceal) (?:this|it|that|these|them|your)\b|\b(?:never|not|don't) let (?:\w+ ){1,3}?(?:find out|know|notice|see|learn|suspect)\b|\bnobody (?:may|must|should|shall) (?:know|notice|learn|find out)\b/,
  /\bremember\b\W{1,3}(?:this |that |to )?(?:permanently|forever|in all future|for (?:all|every))\b|\b(?:save|store|write|add|keep|copy) (?:this|these|the following)(?:\W{1,3}\w+){0,4}?\W{1,3}(?:memory|memories|lessons?|long-term)\b/,
];

/** Read as written: marks by which a text would pass for another speaker, and other scripts. */
const FORGED: readonly RegExp[] = [
  /<\|[^|<>\n]{0,40}\|>|<<?\/?sys>?>|\[\/?inst\]|\[\/?(?:system|assistant|user)\b[^\]\n]{0,20}\]/i,
  /<\/?\s?(?:system|assistant|user|human|developer|instructions?|information|important|tool|tool_call|tool_result|function|function_calls|invoke|prompt|context|lessons?|admin|secret)\b[^<>\n]{0,60}>/i,
  /^\s{0,8}(?:#{1,6}\s{0,3}|\*{0,2}|[-*]\s{0,3})?(?:system|assistant|developer|human|tool|user)(?:\s{1,3}(?:message|prompt|note))?\*{0,2}\s?:/im,
  /^\s{0,4}#{1,6}\s{0,4}(?:lessons?|system|instructions?|task|tools?|response)\b/im,
  /^\s{0,4}-?\s?\[[^\]\n]{1,80}@\d{1,9}\]/m,
  /^-{3,}\s{0,4}(?:end|begin|start)\b|^={3,}\s{0,4}(?:end|begin|start)\b/im,
  /"role"\s{0,3}:\s{0,3}"/i,
];

const GUARD =
  '(?:checks?|approvals?|verifications?|confirmations?|reviews?|guardrails?|safety|safeguards?|audits?|auditing|logging|monitor(?:ing|s)?|authentication|authorization|authorisation|permissions?|sandbox(?:ing)?|gates?|validations?|consent|limits?|restrictions?|policy|policies|firewall|antivirus|mfa|2fa)';
/** What forbids it says the opposite: `never skip the review`, `do not pay without approval`. */
const NOT =
  "(?:never|not|no|nothing|nobody|none|don't|doesn't|cannot|can't|won't|mustn't|shouldn't|avoid|refuse|forbidden|without|nor)";
const UNFORBIDDEN = `(?<!\\b${NOT} (?:ever |to |be |try to |attempt to |simply |just )?)`;
/** The same where it stands further ahead in the sentence. */
const ALLOWED = `(?<!\\b${NOT}\\b(?! (?:hesitate|forget|fail|worry|wait|mind))[^.!?;\\n]{0,80})`;
const WIDENING: readonly RegExp[] = [
  new RegExp(
    `\\b(?:grant(?:s|ed)?|give|assign|escalate|elevate|obtain|acquire|gain|request|add|promote|make)\\b${within(5)}(?:admin(?:istrator)?s?|root|superusers?|owner(?:ship| rights| role| access| status)|privileges?|permissions?|rights|scopes?|full access|write access|unrestricted)\\b`,
  ),
  /(?:^|[.!?;:]\s+|\n)\W{0,3}(?:always |just |simply |please )?(?:turn|switch) on (?:the |all |every |any )?(?:\w+ )?(?:tools?|plugins?|shell|access|permissions?|mode)\b|\b(?:raise|increase|extend|widen|expand|elevate) (?:your|its|my|our|the) (?:own )?(?:access|permissions?|privileges?|rights|scopes?|clearance)\b/,
  /\b(?:answer|say|reply|respond with) yes\b(?:\W{1,4}\w+){0,6}?\W{1,4}(?:permissions?|confirm\w*|approv\w*|consent|allow\w*)\b/,
  new RegExp(`\\bgrant\\b${within(6)}(?:access|select|insert|update|delete|all)\\b`),
  new RegExp(
    `\\b(?:allow|enable|unlock|permit|authori[sz]e|whitelist|allowlist|activate|install)\\b${within(3)}(?:tools?|plugins?|shell|sudo|commands?|connections?|connectors?|domains?|networks?|internet|servers?|extensions?)\\b`,
  ),
  new RegExp(
    `${UNFORBIDDEN}\\b(?:disabl(?:e|ing)|turn(?:ing)? off|switch(?:ing)? off|skip(?:ping)?|bypass(?:ing)?|circumvent(?:ing)?|suppress(?:ing)?|deactivat(?:e|ing)|ignor(?:e|ing)|omit(?:ting)?|remov(?:e|ing)|evad(?:e|ing)|lift|loosen|relax)\\b${inPhrase(2)}(?:the |all |any |every |your |its )?${GUARD}\\b(?!\\W{1,3}(?:fail|errors?|calls?|issues?))`,
  ),
  new RegExp(
    `${ALLOWED}\\b(?:without|no need (?:for|to)|(?:do not|don't|never|no longer) (?:ask|wait|require|request|need|seek|bother)(?: to| for)?)\\b${within(3)}(?:approvals?|confirmations?|permissions?|consent|authori[sz]ation|a review|human review|supervision|oversight)\\b`,
  ),
  new RegExp(
    `${UNFORBIDDEN}\\b(?:chang(?:e|ing)|reset(?:ting)?|set|modify|updat(?:e|ing)|replace|rotate|share|use|enter)\\b${within(4)}(?:passwords?|credentials|api keys?|access keys?|ssh keys?|access control|security settings?|privacy settings?|permissions?|system policy|tool permissions?)\\b(?!\\W{1,3}(?:from|of the supervisor|field|parameter))`,
  ),
  /\b(?:use|call|try|take|choose|prefer|switch to|log ?in (?:with|as|through|to))\b(?:\W{1,4}\w+){0,2}?\W{1,4}(?:admin(?:istrator)?|superuser|root|internal|privileged|master|super) (?:api|endpoint|console|panel|key|login|user|role|credentials|account|token|interface)s?\b/,
  /\b(?:treat|regard|consider|count|accept)\b(?:\W{1,4}\w+){0,4}?\W{1,4}as (?:an? )?(?:admin\w*|owners?|superusers?|trusted|authori[sz]ed|approved|verified|privileged|staff)\b/,
  /(?:^|[.!?;:]\s+|\n)\W{0,3}(?:always |just |simply |please )?(?:approve|grant|authori[sz]e|waive|rubber-?stamp|wave through)\b(?:\W{1,3}\w+){0,2}?\W{1,3}(?:every|all|any|each|whatever|everything)\b/,
  /\byou (?:may|can|are allowed to|are free to|are permitted to)\b(?:\W{1,4}\w+){0,3}?\W{1,4}(?:any|all|every|whatever) (?:\w+ )?(?:tools?|files?|accounts?|commands?|apis?|actions?|systems?|data)\b/,
  new RegExp(
    `${ALLOWED}\\bwithout (?:asking|checking|questions?|confirming|being asked|waiting for (?:an? )?(?:answer|reply|yes)|the (?:user|owner|customer)'?s? (?:knowledge|knowing))\\b`,
  ),
  // Asked of people, for somebody else.
  /(?:^|[.!?;,]\s|\b(?:and|please|to|also|then) )(?:ask (?:\w+ ){0,3}?for|request|demand|solicit|collect|obtain|urge (?:\w+ ){1,3}?to|get (?:\w+ ){1,2}?to|(?:have|make|let|tell|encourage|convince|persuade|remind|invite) (?:\w+ ){1,3}?(?:to )?(?:share|enter|confirm|provide|send|reveal|type|give|hand over|submit))\b(?:\W{1,4}\w+){0,8}?\W{1,4}(?:card (?:numbers?|details)|security codes?|cvv|cvc|pins?|passwords?|bank (?:data|details|accounts?|information)|passport (?:numbers?|details)|social security|ssn|login(?: data| details)?|credentials|seed phrase|recovery code|account numbers?|one-time codes?)\b(?!\W{1,3}(?:from|by|of) (?:the )?supervisor)/,
  /\bsudo\b|\bchmod\b|\bas root\b|\badmin(?:istrator)? (?:access|rights|privileges?|mode|token|account)\b|\bauto-?approve\b|\bno approval (?:is )?(?:needed|required)\b/,
];

const GRADING: readonly RegExp[] = [
  /\b(?:the|an?|any|every|llm|ai|your|our) (?:checker|evaluator|scorer|examiner)s?\b(?!\W{1,3}(?:table|column|name|id)\b)|\b(?:llm|ai|your|our|any|every|model) judges?\b|\b(?:the|an?) judges?\b (?:\w+ )?(?:likes?|prefers?|wants?|checks?|looks?|expects?|rewards?|gives?|scores?|accepts?|cares?|compares?|ignores?|grades?|reads?|sees?|is an? (?:llm|model)|passes)\b|\b(?:please|satisfy|convince|fool|trick|impress|for) the judges?\b|\b(?:graders?|grading|rubrics?|llm-?judges?|reward (?:model|function|signal)|answer keys?|gold(?:en)? (?:answers?|labels?|quer(?:y|ies)|standard)|held-?out|(?:evaluation|eval|benchmark) (?:set|data|tasks?|suite|cases?|harness))\b/,
  /\bscor(?:e|ing) (?:me|us|this|it|yourself|your)\b|\b(?:give|award|assign|deserves?|rate)(?:\W{1,3}\w+){0,5}?\W{1,3}(?:full|maximum|max|perfect|top|highest|high|10|ten|100|five|5)\W{1,3}(?:scores?|marks?|points?|ratings?|stars?|out of|of 10)\b/,
  /\b(?:ground truth|expected (?:answer|output)s?|correct answers?) (?:is|are|was|=)/,
];

function patternCheck(
  name: string,
  code: ValidationCode,
  message: string,
  patterns: readonly RegExp[],
  raw: readonly RegExp[] = [],
  asWritten: readonly RegExp[] = [],
): Check {
  return {
    name,
    check: (draft) => {
      const texts = instructingTexts(draft);
      const isThere =
        texts.some((text) => raw.some((mark) => mark.test(text))) ||
        texts.map(written).some((text) => asWritten.some((one) => one.test(text))) ||
        texts.map(folded).some((text) => patterns.some((one) => one.test(text)));
      return isThere ? { code, message } : null;
    },
  };
}

function written(text: string): string {
  return visible(text).normalize('NFC').toLowerCase();
}

/** Words that command the agent beyond its work, in any channel. */
export const INSTRUCTION_CHECKS: readonly Check[] = [
  patternCheck(
    'injection',
    'INJECTION',
    'speaks to the model over the head of its instructions, or passes for another speaker',
    [...INJECTION, ...FOREIGN_FOLDED],
    FORGED,
    FOREIGN_WRITTEN,
  ),
  patternCheck(
    'permission-widening',
    'PERMISSION_WIDENING',
    'widens permissions, touches credentials or switches a check off',
    WIDENING,
  ),
  patternCheck(
    'grading',
    'GRADING',
    'speaks of how answers are graded; lessons are about the work',
    GRADING,
  ),
];
