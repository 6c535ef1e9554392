import { continuationNoteIn, type ContinuationNote } from '../../../domain/mining/continuation.js';
import {
  clauseText,
  differenceIn,
  recoveryNoteIn,
  UNIT_FACTORS,
  type ArgumentDifference,
} from '../../../domain/mining/recovery-note.js';

/** How an API wants to be called, beside what its document says. */
export interface Finding {
  /** Method and path; everywhere where it has none. */
  readonly place: string | undefined;
  readonly difference: ArgumentDifference;
}

export interface Findings {
  /** What was found out later stands before what was told earlier. */
  readonly differences: readonly Finding[];
  readonly continuations: readonly Omit<ContinuationNote, 'tool'>[];
}

/** What lessons say, in the order they stand in. A lesson in other words is not understood. */
export function findingsIn(lessons: readonly string[]): Findings {
  return {
    differences: lessons.flatMap((text) => {
      const note = recoveryNoteIn(text);
      return (note?.differences ?? []).map((difference) => ({ place: note?.place, difference }));
    }),
    continuations: lessons.flatMap((text) => continuationNoteIn(text) ?? []),
  };
}

/** A finding as it is kept on the scratchpad, under a key of its own. */
export function noteOf({ place, difference }: Finding): { key: string; value: string } {
  const key = `${place ?? 'everywhere'} ${difference.kind} ${difference.key}`;
  return { key: key.slice(0, 64).trim(), value: clauseText(difference) };
}

/** The finding that a line of the scratchpad is; `undefined` for any other line. */
export function findingOf(key: string, value: string): Finding | undefined {
  const difference = differenceIn(value);
  const place = /^(?:everywhere|((?:[A-Z]+ )?\/\S*)) /.exec(key);
  if (difference === undefined || place === null) return undefined;
  return { place: place[1], difference };
}

/** What a refused call was about. */
export interface Refused {
  readonly code: string;
  readonly message: string;
  /** By dotted names. */
  readonly sent: ReadonlySet<string>;
  /** What the document says of a field, by the name it was sent under. */
  readonly documented: (name: string) => string;
  /** The tool that waits, and how many calls were made since it was called last. */
  readonly waiting: string | undefined;
  readonly callsSince: number;
}

const MISSING_HEADER =
  /\bheader "?([A-Za-z][\w-]*)"? is (?:missing|required)|missing header "?([A-Za-z][\w-]*)/i;
const UNKNOWN = /\bunknown [a-z ]+ "([\w.-]+)"(?:.*"([\w.-]+)")?/i;
const IN_UNIT = /"([\w.-]+)" is in (\w+)/i;
const TOO_FAST = /too many|rate limit/i;

/** What a refusal says about how to call; `undefined` where it says nothing that it understands. */
export function understood(refused: Refused): ArgumentDifference | undefined {
  const { code, message, sent, documented, waiting, callsSince } = refused;
  if (code === 'HTTP_429' || TOO_FAST.test(message)) {
    return waiting === undefined ? undefined : { kind: 'pace', key: waiting, every: callsSince };
  }
  const header = MISSING_HEADER.exec(message);
  if (header !== null) return { kind: 'added', key: `headers.${header[1] ?? header[2] ?? ''}` };
  const unknown = UNKNOWN.exec(message);
  if (unknown !== null) {
    const from = sentAs(unknown[1] ?? '', sent);
    if (from === undefined) return undefined;
    const [part = ''] = from.split('.');
    return unknown[2] === undefined
      ? { kind: 'removed', key: from }
      : { kind: 'renamed', key: `${part}.${unknown[2]}`, from };
  }
  const [, name = '', unit = ''] = IN_UNIT.exec(message) ?? [];
  const key = sentAs(name, sent);
  return key === undefined ? undefined : conversion(key, documented(key), unit);
}

function sentAs(name: string, sent: ReadonlySet<string>): string | undefined {
  return [...sent].find((key) => key === name || key.endsWith(`.${name}`));
}

/** How many of the smallest one each unit is; what it learned at school. */
const UNITS: readonly Readonly<Record<string, number>>[] = [
  { gram: 1, kilogram: 1000, tonne: 1_000_000 },
  { second: 1, minute: 60, hour: 3600, day: 86_400 },
  { cent: 1, euro: 100 },
  { millimetre: 1, centimetre: 10, metre: 1000 },
];

function conversion(
  key: string,
  description: string,
  unit: string,
): ArgumentDifference | undefined {
  const words = (description.toLowerCase().match(/\p{L}+/gu) ?? []).map(singular);
  for (const scale of UNITS) {
    const to = scale[singular(unit.toLowerCase())];
    const from = words.map((word) => scale[word]).find((each) => each !== undefined);
    if (to === undefined || from === undefined || to === from) continue;
    const isFiner = from > to;
    const factor = UNIT_FACTORS.find((each) => each === (isFiner ? from / to : to / from));
    if (factor === undefined) continue;
    return { kind: 'unit', key, factor, by: isFiner ? 'times' : 'divided by' };
  }
  return undefined;
}

function singular(word: string): string {
  return word.endsWith('s') ? word.slice(0, -1) : word;
}
