/** Text that every store and protocol takes: without NUL and without half a surrogate pair. */
export function plainText(text: string): string {
  return text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** The text itself where it is short enough, else its beginning and how much was left out. */
export function cutText(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const left = String(text.length - maxCharacters);
  return `${plainText(text.slice(0, maxCharacters))}…[+${left} characters]`;
}

const LINE_CHARACTERS = 500;

/** One line of at most 500 characters, for messages that quote what somebody else wrote. */
export function singleLine(text: string): string {
  return cutText(plainText(text).replace(/\s+/g, ' ').trim(), LINE_CHARACTERS);
}
