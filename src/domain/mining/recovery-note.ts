import { isPlace, PLACE_PATTERN } from './http-call.js';
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
  /** What was sent, behind or before a fixed piece of text that the tool's answer shows. */
  | {
      readonly kind: 'affix';
      readonly key: string;
      readonly affix: string;
      readonly place: AffixPlace;
    }
  /** The same quantity in another unit: what was sent, times or divided by this. */
  | {
      readonly kind: 'unit';
      readonly key: string;
      readonly factor: UnitFactor;
      readonly by: UnitStep;
    }
  /** The value that succeeded stands in what another tool had answered in between. */
  | { readonly kind: 'source'; readonly key: string; readonly from: string }
  /** The same call succeeded once another tool had been called. */
  | { readonly kind: 'first'; readonly key: string }
  /** The same call succeeded once another tool had been called, and so many had succeeded before it. */
  | { readonly kind: 'pace'; readonly key: string; readonly every: number };

/** What units of one quantity differ by. */
export const UNIT_FACTORS = [10, 12, 24, 60, 100, 1000, 1024, 3600, 86_400, 1_000_000] as const;
export type UnitFactor = (typeof UNIT_FACTORS)[number];
export type AffixPlace = 'before' | 'after';
export type UnitStep = 'times' | 'divided by';

/** A tool is paced by a number of calls up to this; more is no limit anyone notices in a task. */
export const MAX_PACE = 60;

export interface RecoveryNote {
  readonly tool: string;
  /** Method and path of an HTTP call, where the note is about one of many. */
  readonly place?: string | undefined;
  /** The code that the failed call was answered with. */
  readonly code: string;
  /** One or two. */
  readonly differences: readonly ArgumentDifference[];
}

export const NAME_PATTERN = '[A-Za-z_][A-Za-z0-9_.-]{0,63}';
const CODE = '[A-Za-z][A-Za-z0-9_.-]{0,47}';
const WORD = '[A-Za-z][A-Za-z0-9_-]{0,23}';
/** Letters and signs of a form, no digits: what is fixed in it and names nothing. */
export const AFFIX_PATTERN = '[A-Za-z]{0,4}[-_#:/.]|[A-Za-z]{1,4}';
const TYPE = SCALAR_TYPES.join('|');
const FORMAT = SCALAR_FORMATS.join('|').replaceAll('.', '\\.');
const NOTE = new RegExp(
  `^When \`(${NAME_PATTERN})\`(?: on \`(${PLACE_PATTERN})\`)? fails with (${CODE}), (.+)\\.$`,
);
const MAX_DIFFERENCES = 2;
const NEXT = ', and ';

/** One way to say a difference: its pattern, and what the groups of the pattern mean. */
interface Clause {
  readonly pattern: RegExp;
  readonly read: (first: string, second: string, third: string) => ArgumentDifference | undefined;
}

const clause = (pattern: string, read: Clause['read']): Clause => ({
  pattern: new RegExp(`^${pattern}$`),
  read,
});
const name = `\`(${NAME_PATTERN})\``;

const CLAUSES: readonly Clause[] = [
  clause(`send ${name} too`, (key) => ({ kind: 'added', key })),
  clause(`leave ${name} out`, (key) => ({ kind: 'removed', key })),
  clause(`send ${name} instead of ${name}`, (key, from) => ({ kind: 'renamed', key, from })),
  clause(`send ${name} as (${TYPE}), not as (${TYPE})`, (key, to, from) => {
    const [given, wanted] = [memberOf(SCALAR_TYPES, from), memberOf(SCALAR_TYPES, to)];
    if (given === undefined || wanted === undefined) return undefined;
    return { kind: 'type', key, to: wanted, from: given };
  }),
  clause(`send ${name} in the form (${FORMAT}), not (${FORMAT})`, (key, to, from) => {
    const [given, wanted] = [memberOf(SCALAR_FORMATS, from), memberOf(SCALAR_FORMATS, to)];
    if (given === undefined || wanted === undefined) return undefined;
    return { kind: 'format', key, to: wanted, from: given };
  }),
  clause(`send ${name} as \`(${WORD})\`, not as \`(${WORD})\``, (key, to, from) => {
    return { kind: 'word', key, to, from };
  }),
  clause(`send ${name} with \`(${AFFIX_PATTERN})\` (before|after) it`, (key, affix, place) => {
    return { kind: 'affix', key, affix, place: place === 'before' ? place : 'after' };
  }),
  clause(`send ${name} (times|divided by) (\\d+)`, (key, by, number) => {
    const factor = memberOf(UNIT_FACTORS, Number(number));
    if (factor === undefined) return undefined;
    return { kind: 'unit', key, factor, by: by === 'times' ? by : 'divided by' };
  }),
  clause(`send ${name} as ${name} gives it`, (key, from) => ({ kind: 'source', key, from })),
  clause(`call ${name} first`, (key) => ({ kind: 'first', key })),
  clause(`call ${name} after every (\\d{1,2}) calls`, (key, number) => {
    const every = Number(number);
    return isPace(every) ? { kind: 'pace', key, every } : undefined;
  }),
];

/** Whether so many calls may stand in a note. */
export function isPace(every: number): boolean {
  return every >= 2 && every <= MAX_PACE;
}

/**
 * The note as it stands in a prompt, or undefined where a name would not fit the fixed form. Nothing
 * of a tool's message is in it: all its words are ours but for names of tool, code and keys, and the
 * fixed words of a path.
 */
export function recoveryText({ tool, place, code, differences }: RecoveryNote): string | undefined {
  const clauses = differences.map(clauseText).join(NEXT);
  const where = place === undefined ? '' : ` on \`${place}\``;
  const text = `When \`${tool}\`${where} fails with ${code}, ${clauses}.`;
  return isRecoveryText(text) ? text : undefined;
}

/** What a note says; undefined for a text that is anything else, from its first character to its last. */
export function recoveryNoteIn(text: string): RecoveryNote | undefined {
  const [, tool, place, code, said] = NOTE.exec(text) ?? [];
  if (tool === undefined || code === undefined || said === undefined) return undefined;
  if (place !== undefined && !isPlace(place)) return undefined;
  const differences = said.split(NEXT).map(differenceIn);
  const known = differences.filter((difference) => difference !== undefined);
  if (known.length < differences.length || known.length > MAX_DIFFERENCES) return undefined;
  return { tool, ...(place !== undefined && { place }), code, differences: known };
}

/** Whether a text is such a note. */
export function isRecoveryText(text: string): boolean {
  return recoveryNoteIn(text) !== undefined;
}

/**
 * What a note lays down, by error of a tool: whether a key is sent, and in which type, form, word or unit.
 * Where a value comes from, what is called first and how often lay nothing down that another note could not
 * say beside it. Undefined for any other text.
 */
export function recoveryClaims(
  text: string,
): readonly { readonly about: string; readonly value: string }[] | undefined {
  const note = recoveryNoteIn(text);
  if (note === undefined) return undefined;
  const { tool, place, code, differences } = note;
  const error = ['recovery', tool, ...(place === undefined ? [] : [place]), code].join('/');
  return differences.flatMap((difference) =>
    claimsOf(difference).map(([of, value]) => ({ about: `${error}/${of}`, value })),
  );
}

function claimsOf(difference: ArgumentDifference): readonly (readonly [string, string])[] {
  const sent = [`${difference.key}/sent`, 'so'] as const;
  switch (difference.kind) {
    case 'added':
    case 'source':
      return [sent];
    case 'removed':
      return [[`${difference.key}/sent`, 'not']];
    case 'renamed':
      return [
        sent,
        [`${difference.from}/sent`, 'not'],
        [`${difference.from}/renamed`, difference.key],
      ];
    case 'type':
    case 'format':
      return [sent, [`${difference.key}/${difference.kind}`, difference.to]];
    case 'word':
      return [sent, [`${difference.key}/word/${difference.from}`, difference.to]];
    case 'affix':
      return [sent, [`${difference.key}/affix/${difference.place}`, difference.affix]];
    case 'unit':
      return [sent, [`${difference.key}/unit`, `${difference.by} ${String(difference.factor)}`]];
    case 'first':
    case 'pace':
      return [];
  }
}

/** One difference as a note says it. */
export function clauseText(difference: ArgumentDifference): string {
  const key = `\`${difference.key}\``;
  switch (difference.kind) {
    case 'added':
      return `send ${key} too`;
    case 'removed':
      return `leave ${key} out`;
    case 'renamed':
      return `send ${key} instead of \`${difference.from}\``;
    case 'type':
      return `send ${key} as ${difference.to}, not as ${difference.from}`;
    case 'format':
      return `send ${key} in the form ${difference.to}, not ${difference.from}`;
    case 'word':
      return `send ${key} as \`${difference.to}\`, not as \`${difference.from}\``;
    case 'affix':
      return `send ${key} with \`${difference.affix}\` ${difference.place} it`;
    case 'unit':
      return `send ${key} ${difference.by} ${String(difference.factor)}`;
    case 'source':
      return `send ${key} as \`${difference.from}\` gives it`;
    case 'first':
      return `call ${key} first`;
    case 'pace':
      return `call ${key} after every ${String(difference.every)} calls`;
  }
}

/** The difference that a clause says; undefined for any other text. */
export function differenceIn(text: string): ArgumentDifference | undefined {
  for (const { pattern, read } of CLAUSES) {
    const [, first = '', second = '', third = ''] = pattern.exec(text) ?? [];
    if (first !== '') return read(first, second, third);
  }
  return undefined;
}

function memberOf<T>(all: readonly T[], value: unknown): T | undefined {
  return all.find((each) => each === value);
}
