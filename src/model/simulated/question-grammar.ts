import type { Aggregate, Comparison } from './sql-writer.js';

/** What a question asks, in its own words: no name of any table or column is known here. */
export interface ParsedQuestion {
  readonly subject: string;
  readonly ask: Ask;
  readonly condition?: Condition;
  /** Another thing that the subject belongs to; the condition or grouping is then about that one. */
  readonly other?: string;
  readonly groupBy?: string;
}

type Ask =
  | { readonly kind: 'count' }
  | { readonly kind: 'list'; readonly column: string }
  | { readonly kind: 'aggregate'; readonly use: Aggregate; readonly column: string }
  | {
      readonly kind: 'top';
      readonly column: string;
      readonly by: string;
      readonly order: 'asc' | 'desc';
      readonly limit: number;
    };

interface Condition {
  readonly column: string;
  readonly op: Comparison;
  readonly value: string;
  readonly isText: boolean;
}

const AGGREGATES: ReadonlyMap<string, Aggregate> = new Map([
  ['average', 'avg'],
  ['mean', 'avg'],
  ['total', 'sum'],
  ['highest', 'max'],
  ['largest', 'max'],
  ['lowest', 'min'],
  ['smallest', 'min'],
]);

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ['more than', '>'],
  ['greater than', '>'],
  ['above', '>'],
  ['over', '>'],
  ['after', '>'],
  ['at least', '>='],
  ['on or after', '>='],
  ['less than', '<'],
  ['below', '<'],
  ['under', '<'],
  ['before', '<'],
  ['at most', '<='],
  ['on or before', '<='],
]);

const COMPARED = new RegExp(
  `^(?<column>.+?)(?: of| is)? (?<op>${[...COMPARISONS.keys()].sort((left, right) => right.length - left.length).join('|')}) (?<value>\\d{4}-\\d\\d-\\d\\d|-?\\d+(?:\\.\\d+)?)$`,
  'i',
);
const EQUAL = /^(?<column>.+?)(?: of| is)? (?:'(?<single>[^']*)'|"(?<double>[^"]*)")$/;
const TOP =
  /^(?:list|show|give|name)(?: me)? (?:the )?(?<column>.+?) of the (?<limit>\d+) (?<subject>.+?) with the (?<end>highest|largest|lowest|smallest) (?<by>.+)$/i;
const LIST =
  /^(?:list|show|give|name)(?: me)? (?:the )?(?<column>.+?) of (?:all |the )*(?<rest>.+)$/i;
const AGGREGATE = new RegExp(
  `^what is the (?<use>${[...AGGREGATES.keys()].join('|')}) (?<column>.+?) of (?:all |the )*(?<rest>.+)$`,
  'i',
);
const COUNT = /^(?:how many|count(?: all)?(?: the)?|what is the number of) (?<rest>.+)$/i;
const GROUPED = /^(?<rest>.+?) for each (?<by>.+?)(?: of (?:the|its|their) (?<other>.+))?$/i;
const BELONGING =
  /^(?<subject>.+?) (?:that )?(?:belong to|are for) (?:the )?(?<other>.+?) (?:with|whose|that have) (?<condition>.+)$/i;
const CONDITIONAL = /^(?<subject>.+?) (?:that )?(?:have|with|whose) (?<condition>.+)$/i;

/** Reads a question of the kinds it knows; `undefined` for any other text. */
export function parseQuestion(text: string): ParsedQuestion | undefined {
  const plain = text.trim().replace(/[?.!]+$/, '');
  const top = TOP.exec(plain)?.groups;
  if (top !== undefined) {
    const { column = '', limit = '', subject = '', end = '', by = '' } = top;
    const order = /^(?:highest|largest)$/i.test(end) ? 'desc' : 'asc';
    return { subject, ask: { kind: 'top', column, by, order, limit: Number(limit) } };
  }
  const count = COUNT.exec(plain)?.groups;
  if (count !== undefined) return withRest(count['rest'], { kind: 'count' });
  const aggregate = AGGREGATE.exec(plain)?.groups;
  if (aggregate !== undefined) {
    const use = AGGREGATES.get((aggregate['use'] ?? '').toLowerCase());
    if (use === undefined) return undefined;
    return withRest(aggregate['rest'], {
      kind: 'aggregate',
      use,
      column: aggregate['column'] ?? '',
    });
  }
  const list = LIST.exec(plain)?.groups;
  if (list !== undefined)
    return withRest(list['rest'], { kind: 'list', column: list['column'] ?? '' });
  return undefined;
}

/** What stands behind the thing asked for: whose it is, under which condition, grouped by what. */
function withRest(rest: string | undefined, ask: Ask): ParsedQuestion | undefined {
  if (rest === undefined) return undefined;
  const grouped = GROUPED.exec(rest)?.groups;
  if (grouped !== undefined) {
    const { other } = grouped;
    const inner = withRest(grouped['rest'], ask);
    if (inner === undefined) return undefined;
    return { ...inner, groupBy: grouped['by'] ?? '', ...(other === undefined ? {} : { other }) };
  }
  const belonging = BELONGING.exec(rest)?.groups;
  if (belonging !== undefined) {
    const condition = parseCondition(belonging['condition'] ?? '');
    const { subject = '', other = '' } = belonging;
    return condition === undefined ? undefined : { subject, ask, other, condition };
  }
  const conditional = CONDITIONAL.exec(rest)?.groups;
  if (conditional !== undefined) {
    const condition = parseCondition(conditional['condition'] ?? '');
    return condition === undefined
      ? undefined
      : { subject: conditional['subject'] ?? '', ask, condition };
  }
  return { subject: rest.replace(/ are there$/i, ''), ask };
}

function parseCondition(text: string): Condition | undefined {
  const plain = text.replace(/^(?:the|a|an) /i, '');
  const compared = COMPARED.exec(plain)?.groups;
  if (compared !== undefined) {
    const op = COMPARISONS.get((compared['op'] ?? '').toLowerCase());
    const { column = '', value = '' } = compared;
    return op === undefined ? undefined : { column, op, value, isText: value.includes('-', 1) };
  }
  const equal = EQUAL.exec(plain)?.groups;
  if (equal === undefined) return undefined;
  const value = equal['single'] ?? equal['double'] ?? '';
  return { column: equal['column'] ?? '', op: '=', value, isText: true };
}
