import { digestOf } from './digest.js';

/** A text of a source that nobody vouches for, with the name a model is to know it by. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/**
 * Texts between fence lines that hold a mark which occurs in none of them, so that no text can close its
 * fence. The instructions that go with it tell the model the mark.
 */
export function fenced(texts: readonly NamedText[]): {
  readonly mark: string;
  readonly text: string;
} {
  const mark = markFor(texts.map(({ text }) => text));
  const parts = texts.map(
    ({ name, text }) => `--- ${name} begins, ${mark} ---\n${text}\n--- ${name} ends, ${mark} ---`,
  );
  return { mark, text: parts.join('\n\n') };
}

function markFor(texts: readonly string[]): string {
  for (let salt = 0; ; salt += 1) {
    const mark = digestOf({ salt, texts }).slice(0, 16);
    if (!texts.some((text) => text.includes(mark))) return mark;
  }
}
