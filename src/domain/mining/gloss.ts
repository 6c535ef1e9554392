import { readGloss, speaksForeign } from './foreign-gloss.js';

/**
 * A gloss names a thing: `customers of the shop`, `when the order was placed`. It stands in the prompt
 * although a tool wrote it, so that nothing in it may read as a command, a question or a word to the model.
 */

/** Verbs that hardly ever begin the name of a thing. */
const COMMANDS =
  'accept|chat|compliment|concatenate|organi[sz]e|predict|raise|sprinkle|warn|add|adopt|advertise|advise|analy[sz]e|announce|append|apply|approve|arrange|ask|assess|assume|attach|augment|avoid|become|behave|bring|buy|calculate|cancel|choose|cite|claim|classify|click|collect|combine|compare|compile|compose|conclude|confirm|connect|consider|continue|convert|convey|convince|create|decide|decipher|decline|decode|decorate|decrypt|delete|deliver|deny|describe|determine|develop|disable|disclose|discuss|disregard|distort|do|email|embed|embellish|emphasi[sz]e|employ|enable|encipher|encode|encourage|encrypt|enhance|enrich|ensure|erase|evaluate|examine|execute|explain|explore|express|find|follow|forget|forward|gather|generate|give|grant|hide|highlight|identify|ignore|illustrate|imagine|implement|include|inform|insert|insist|install|integrate|introduce|invent|investigate|invite|join|jumble|keep|let|mention|modify|narrate|navigate|notify|obey|omit|outline|paraphrase|perform|persuade|prefer|prepare|pretend|prevent|produce|promise|promote|propose|prove|provide|publish|put|quote|rearrange|recite|recommend|redirect|remember|remind|remove|rename|render|replace|represent|respond|retrieve|reveal|rewrite|rhyme|say|scramble|select|sell|shuffle|simulate|sing|skip|solve|speak|spell|spread|submit|subscribe|substitute|suggest|summari[sz]e|suppose|teach|tell|think|throw|transform|translate|transmit|treat|try|unlock|upload|verify|visit|wipe|write|ignoriere|ignorez|ignora|olvida|envia|escribe|schreibe|sende|antworte|ecrivez|repondez|responde|scrivi|invia';
/** Verbs that are names of things as well: commands before what they would be done to. */
const HOMONYMS =
  'access|act|allow|answer|assert|begin|book|browse|build|call|caution|change|charge|check|close|come|comment|control|copy|cover|cut|demand|design|detect|display|download|draft|draw|drop|end|estimate|export|extract|favor|favour|fetch|file|finish|flip|force|forecast|format|get|go|group|guess|guide|help|import|invest|judge|label|link|list|load|lock|look|mail|make|mark|merge|message|mirror|move|name|note|offer|open|order|pass|pay|pick|ping|place|plan|play|point|post|praise|present|print|query|quote|rank|rate|read|record|refuse|rent|repeat|reply|report|request|reserve|return|reverse|review|run|schedule|score|search|send|set|share|shift|show|sign|sort|start|state|stop|store|swap|switch|take|talk|text|trace|trade|transfer|trust|turn|type|update|use|value|vote|watch|wish|work';
const OBJECT =
  'the|a|an|all|any|every|each|this|that|these|those|it|them|him|her|only|nothing|no|yes|whatever|everything|one|some|as|like|at least|messages|emails|mails|files|data|users|people|money|dollars|[0-9]+ ?[0-9]* (?:dollars|euros|usd|eur)|[0-9]+ [0-9]+';

const SPEAKS: readonly RegExp[] = [
  new RegExp(
    `^(?:please|just|now|then|first|always|never|also|only|kindly|simply)? ?(?:${COMMANDS})\\b(?! (?:date|time|day|at|by|of|id|count|number)$)`,
  ),
  new RegExp(
    `^(?:please|just|now|then|always|never|also|kindly|simply)? ?(?:${HOMONYMS}) (?:${OBJECT})\\b`,
  ),
  new RegExp(`\\b(?:and|then|or|please|must|should|shall|always|never|now|to) (?:${COMMANDS})\\b`),
  /^(?:set|draw|dig|look|make|read|slip|point|work|bring|sum|clear|back|hand|pass|fill|wrap|break|come|switch|turn|carry|give) (?:up|out|in|into|down|away|off|over|on|to|back|round) (?!of\b|time\b|date\b|table\b)/,
  /^(?:begin|start|finish|end|close|open|reply|help|act|present) (?:with|to|by|plan|as|like|results?) \w+ \w+/,
  /\b(?:the|with) users? (?:has|have|must|should|needs?|is|are|about)\b|\b(?:nobody|everybody|everyone|people) (?:has|have|must|should|needs?)\b/,
  /\b(?:you|your|yours|yourself|me|my|mine|myself|i|us|please|lets)\b/,
  /^(?:what|how|why|who|which|where|when) (?:is|are|was|were|do|does|did|can|could|would|should|to|makes?|drives?|won|wrote)\b/,
  /^(?:can|could|would|will|do|does|did|may|should) (?:the|this|that|it|there|one|people|users?|we|they)\b/,
  /\b(?:do not|dont|don t|must not|never|always|should|must|shall) (?!be\b|been\b|null\b|zero\b|empty\b|set\b|used\b|positive\b|negative\b|unique\b|one\b)\w+/,
  /\b(?:instructions?|prompts?|assistant|system message|language model|emojis?|emoticons?)\b|\b(?:the|each|every|all|any|final|of|in) (?:repl(?:y|ies)|responses?|answers?)\b/,
  /^(?:answer|reply|respond|speak|write|text|print|report|talk|sing) (?:in|with|only|as) (?!percent|euros?|dollars?|cents)/,
  /\b(?:as|like) an? (?:angry |evil |drunk )?(?:chef|pirate|admin\w*|hacker|assistant|expert|child|poet)\b/,
];

/** Whether words that a tool wrote speak to their reader instead of naming a thing. */
export function speaksToReader(gloss: string): boolean {
  const read = readGloss(gloss);
  return SPEAKS.some((pattern) => pattern.test(read)) || speaksForeign(gloss);
}
