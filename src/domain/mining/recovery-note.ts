import { SCALAR_FORMATS, SCALAR_TYPES, type ScalarFormat, type ScalarType } from './scalar-form.js';

/** What was different about the call that succeeded: a key of its arguments, or what came before it. */
export type ArgumentDifference =
  | { readonly kind: 'added'; readonly key: string }
  | { readonly kind: 'removed'; readonly key: string }
  | { readonly kind: 'renamed'; readonly key: string; readonly from: string }
  | {
      readonly kind: 'type';
      readonly key: string;
      readonly to: ScalarType;
      readonly from: ScalarType;
    }
  | {
      readonly kind: 'format';
      readonly key: string;
      readonly to: ScalarFormat;
      readonly from: ScalarFormat;
    }
  | { readonly kind: 'word'; readonly key: string; readonly to: string; readonly from: string }
  /** The value that succeeded stands in what another tool had answered in between. */
  | { readonly kind: 'source'; readonly key: string; readonly from: string }
  /** The same call succeeded once another tool had been called. */
  | { readonly kind: 'first'; readonly key: string };

export interface RecoveryNote {
  readonly tool: string;
  /** The code that the failed call was answered with. */
  readonly code: string;
  /** One or two. */
  readonly differences: readonly ArgumentDifference[];
}

const NAME = '[A-Za-z_][A-Za-z0-9_.-]{0,63}';
const CODE = '[A-Za-z][A-Za-z0-9_.-]{0,47}';
const WORD = '[A-Za-z][A-Za-z0-9_-]{0,23}';

const type = `(?:${SCALAR_TYPES.join('|')})`;
const format = `(?:${SCALAR_FORMATS.join('|').replaceAll('.', '\\.')})`;
const clause = [
  `send \`${NAME}\` too`,
  `leave \`${NAME}\` out`,
  `send \`${NAME}\` instead of \`${NAME}\``,
  `send \`${NAME}\` as ${type}, not as ${type}`,
  `send \`${NAME}\` in the form ${format}, not ${format}`,
  `send \`${NAME}\` as \`${WORD}\`, not as \`${WORD}\``,
  `send \`${NAME}\` as \`${NAME}\` gives it`,
  `call \`${NAME}\` first`,
].join('|');
const NOTE = new RegExp(
  `^When \`${NAME}\` fails with ${CODE}, (?:${clause})(?:, and (?:${clause}))?\\.$`,
);

/**
 * The note as it stands in a prompt, or undefined where a name would not fit the fixed form. Nothing
 * of a tool's message is in it: all its words are ours but for names of tool, code and keys.
 */
export function recoveryText({ tool, code, differences }: RecoveryNote): string | undefined {
  const clauses = differences.map(clauseOf).join(', and ');
  const text = `When \`${tool}\` fails with ${code}, ${clauses}.`;
  return isRecoveryText(text) ? text : undefined;
}

/** Whether a text is such a note, from its first character to its last. */
export function isRecoveryText(text: string): boolean {
  return NOTE.test(text);
}

const NOTE_PARTS = /^When `([^`]+)` fails with ([^,]+), (.+)\.$/;

/** What a note says of each key, and which error of which tool it is about; undefined for another text. */
export function recoveryClauses(
  text: string,
): readonly { readonly about: string; readonly text: string }[] | undefined {
  const [, tool, code, said] = isRecoveryText(text) ? (NOTE_PARTS.exec(text) ?? []) : [];
  if (tool === undefined || code === undefined || said === undefined) return undefined;
  return said.split(', and ').map((part) => ({
    about: [tool, code, /`([^`]+)`/.exec(part)?.[1] ?? ''].join('/'),
    text: part,
  }));
}

function clauseOf(difference: ArgumentDifference): string {
  switch (difference.kind) {
    case 'added':
      return `send \`${difference.key}\` too`;
    case 'removed':
      return `leave \`${difference.key}\` out`;
    case 'renamed':
      return `send \`${difference.key}\` instead of \`${difference.from}\``;
    case 'type':
      return `send \`${difference.key}\` as ${difference.to}, not as ${difference.from}`;
    case 'format':
      return `send \`${difference.key}\` in the form ${difference.to}, not ${difference.from}`;
    case 'word':
      return `send \`${difference.key}\` as \`${difference.to}\`, not as \`${difference.from}\``;
    case 'source':
      return `send \`${difference.key}\` as \`${difference.from}\` gives it`;
    case 'first':
      return `call \`${difference.key}\` first`;
  }
}
