/** A thing and its value as a request names them: `chamber A`. */
export interface Slot {
  readonly noun: string;
  readonly value: string;
}

/** One thing that a request asks for, in its own words. */
export type Goal =
  | { readonly kind: 'count'; readonly of: string; readonly slots: readonly Slot[] }
  | {
      readonly kind: 'total';
      readonly of: string;
      readonly field: string;
      readonly slots: readonly Slot[];
    }
  | { readonly kind: 'field'; readonly of: string; readonly field: string; readonly id: string }
  | {
      readonly kind: 'make';
      readonly of: string;
      readonly field: string;
      readonly slots: readonly Slot[];
    };

export interface ParsedRequest {
  /** What holds for all of it: `At site kelp, …`. */
  readonly around: readonly Slot[];
  readonly goals: readonly Goal[];
}

const AROUND = /^(?:at|in|for) (?:the )?(?<noun>[\p{L} ]+?) (?<value>\S+), (?<rest>.+)$/iu;
const COUNT = /^how many (?<of>.+?) have (?<slots>.+)$/i;
const TOTAL = /^what is the total (?<field>.+?) of the (?<of>.+?) with (?<slots>.+)$/i;
const FIELD = /^what is the (?<field>.+?) of the (?<of>.+) (?<id>\S+)$/i;
const MAKE = /^make an? (?<of>.+?) with (?<slots>.+) and tell me its (?<field>.+)$/i;
const SLOT = /^(?:the )?(?<noun>.+) (?<value>\S+)$/;

/** Reads a request of the kinds it knows; `undefined` for any other text. */
export function parseRequest(text: string): ParsedRequest | undefined {
  const around = AROUND.exec(text.trim())?.groups;
  const rest = around?.['rest'] ?? text.trim();
  const goals = rest.split(/\. then /i).map(parseGoal);
  const known = goals.filter((goal) => goal !== undefined);
  if (known.length < goals.length) return undefined;
  const { noun, value } = around ?? {};
  const isAround = noun !== undefined && value !== undefined;
  return { around: isAround ? [{ noun, value }] : [], goals: known };
}

function parseGoal(text: string): Goal | undefined {
  const plain = text.trim().replace(/[?.!]+$/, '');
  const count = COUNT.exec(plain)?.groups;
  if (count !== undefined) {
    const slots = slotsIn(count['slots']);
    return slots && { kind: 'count', of: count['of'] ?? '', slots };
  }
  const total = TOTAL.exec(plain)?.groups;
  if (total !== undefined) {
    const slots = slotsIn(total['slots']);
    return slots && { kind: 'total', of: total['of'] ?? '', field: total['field'] ?? '', slots };
  }
  const make = MAKE.exec(plain)?.groups;
  if (make !== undefined) {
    const slots = slotsIn(make['slots']);
    return slots && { kind: 'make', of: make['of'] ?? '', field: make['field'] ?? '', slots };
  }
  const field = FIELD.exec(plain)?.groups;
  if (field === undefined) return undefined;
  const { of = '', id = '' } = field;
  return { kind: 'field', of, field: field['field'] ?? '', id };
}

function slotsIn(text: string | undefined): readonly Slot[] | undefined {
  const slots = (text ?? '').split(/, | and /).map((part) => {
    const { noun, value } = SLOT.exec(part)?.groups ?? {};
    return noun === undefined || value === undefined ? undefined : { noun, value };
  });
  const known = slots.filter((slot) => slot !== undefined);
  return known.length < slots.length ? undefined : known;
}
