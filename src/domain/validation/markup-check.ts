import type { Check } from './check.js';
import { allTexts, visible } from './normalise.js';

/** What a page or a chat would render, load or run instead of showing it; a bare `<name>` is a placeholder. */
const RENDERED: readonly RegExp[] = [
  /<!--|-->|<!\[CDATA\[|<!doctype/i,
  /<\/?\s?(?:script|style|iframe|object|embed|svg|math|template|base|link|meta)\b[^<>\n]{0,200}>\s*\S/i,
  /<[a-z][\w-]{0,20}\s[^<>\n]{0,200}?(?:\bon[a-z]{2,20}|\bsrc|\bhref|\bsrcdoc|\bstyle|\baction|\bhidden|\bclass)\s{0,2}=/i,
  // Pictures are loaded unasked, and links lead elsewhere.
  /!\[[^\]\n]{0,200}\]\s?\(/,
  /\]\(\s?(?:[a-z][a-z+.-]{1,15}:|\/\/)/i,
  // Fences and tables that pass for a turn of a conversation.
  /(?:`{3,}|~{3,})\s?(?:system|assistant|user|developer|human|tool)\b/i,
  /\|\s{0,3}(?:system|assistant|developer|human)\s{0,3}\|/i,
];

const markup: Check = {
  name: 'markup',
  check: (draft) =>
    allTexts(draft)
      .map((text) => withoutCode(visible(text)))
      .some((text) => RENDERED.some((pattern) => pattern.test(text)))
      ? { code: 'MARKUP', message: 'holds markup that is rendered or run; write plain text' }
      : null,
};

/** Within single backticks a tag is a name; only whole tags are: what a backtick cuts off is read. */
function withoutCode(text: string): string {
  return text.replace(/(?<!`)`[^`\n]{1,60}`(?!`)/g, '``');
}

/** Whether a lesson would be more than text where it is shown. */
export const MARKUP_CHECKS: readonly Check[] = [markup];
