import type { Json, JsonObject } from '../../../domain/json.js';
import { placeOf } from '../../../domain/mining/http-call.js';
import { textOf } from '../../../domain/mining/json-object.js';
import type { ArgumentDifference } from '../../../domain/mining/recovery-note.js';
import { namedSo, type Operation } from './api-document.js';
import type { Part } from './caller-conversation.js';
import type { Finding, Findings } from './findings.js';
import type { Goal, Slot } from './request-grammar.js';
import { stemsOf } from '../words.js';

/** Everything that decides how a call is made. */
export interface CallPlan {
  readonly goal: Goal;
  readonly around: readonly Slot[];
  readonly operation: Operation;
  readonly part: Part | undefined;
  readonly told: Findings;
  readonly own: readonly Finding[];
}

/** Where the call of a plan goes, as notes name it. */
export function placeOfPlan({ goal, operation }: Pick<CallPlan, 'goal' | 'operation'>): string {
  const path = pathOf(goal, operation);
  const method = goal.kind === 'make' ? { method: operation.method } : {};
  return placeOf({ ...method, path }) ?? path;
}

/** The arguments of the call: as the document has them, changed by what is known beside it. */
export function callOf(plan: CallPlan): JsonObject {
  const { goal, operation } = plan;
  const sent = changed(asDocumented(plan), plan);
  const parts = ['query', 'headers', 'body'].flatMap((part): [string, Json][] => {
    const inside = [...sent].flatMap(([key, value]): [string, Json][] =>
      key.startsWith(`${part}.`) ? [[key.slice(part.length + 1), value]] : [],
    );
    return inside.length === 0 ? [] : [[part, Object.fromEntries(inside)]];
  });
  return {
    ...(goal.kind === 'make' && { method: operation.method, body: {} }),
    path: pathOf(goal, operation),
    ...Object.fromEntries(parts),
  };
}

function pathOf(goal: Goal, { path, inPath }: Operation): string {
  if (goal.kind !== 'field') return path;
  return inPath.reduce((filled, { name }) => filled.replace(`{${name}}`, goal.id), path);
}

/** By dotted names, what the document says that this goal needs. */
function asDocumented(plan: CallPlan): Map<string, Json> {
  const { goal, operation, part } = plan;
  const sent = new Map<string, Json>();
  const [where, offered] =
    goal.kind === 'make' ? ['body', operation.body] : ['query', operation.query];
  for (const { noun, value } of goal.kind === 'field' ? [] : goal.slots) {
    const named = namedSo(noun, offered);
    if (named === undefined) continue;
    sent.set(`${where}.${named.name}`, named.isNumber ? Number(value) : value);
  }
  if (part !== undefined) sent.set(continuedBy(plan, part), part.next);
  return sent;
}

/** Where a note says how the answer goes on, it is so; else the field is sent back under its own name. */
function continuedBy({ goal, operation, told }: CallPlan, { field }: Part): string {
  const place = placeOfPlan({ goal, operation });
  const note = told.continuations.find((each) => each.from === field && isAt(each.place, place));
  return note?.key ?? `query.${field}`;
}

function isAt(noted: string | undefined, place: string): boolean {
  return noted === undefined || noted === place || noted === `GET ${place}`;
}

const MOST_RENAMES = 6;

function changed(documented: ReadonlyMap<string, Json>, plan: CallPlan): ReadonlyMap<string, Json> {
  const place = placeOfPlan(plan);
  // What was found out in this task counts before what lessons tell.
  const known = [...plan.own, ...plan.told.differences]
    // Headers are a matter of the whole API, whichever call was refused for one.
    .filter(
      ({ place: noted, difference }) => isAt(noted, place) || difference.key.startsWith('headers.'),
    )
    .map(({ difference }) => difference);
  const sent = new Map([...documented].map(([key, value]) => [renamed(key, known), value]));
  const done = new Set<string>();
  for (const difference of known) {
    const about = `${difference.kind} ${difference.key}`;
    if (!done.has(about)) change(sent, difference, plan);
    done.add(about);
  }
  return sent;
}

function renamed(key: string, known: readonly ArgumentDifference[]): string {
  let name = key;
  for (let step = 0; step < MOST_RENAMES; step += 1) {
    const to = known.find((each) => each.kind === 'renamed' && each.from === name);
    if (to === undefined) break;
    name = to.key;
  }
  return name;
}

function change(
  sent: Map<string, Json>,
  difference: ArgumentDifference,
  { goal, around }: CallPlan,
): void {
  const { key } = difference;
  const value = sent.get(key);
  switch (difference.kind) {
    case 'added': {
      const slots = [...around, ...(goal.kind === 'field' ? [] : goal.slots)];
      const offered = slots.map((slot) => ({ slot, stems: stemsOf(slot.noun) }));
      const wanted = stemsOf(key.split('.').at(-1) ?? '');
      const fitting = offered.find(({ stems }) => stems.every((stem) => wanted.includes(stem)));
      if (value === undefined && fitting !== undefined) sent.set(key, fitting.slot.value);
      return;
    }
    case 'removed':
      sent.delete(key);
      return;
    case 'unit':
      if (typeof value !== 'number') return;
      sent.set(
        key,
        rounded(difference.by === 'times' ? value * difference.factor : value / difference.factor),
      );
      return;
    case 'type':
      if (value === undefined) return;
      if (difference.to === 'string') sent.set(key, textOf(value));
      if (difference.to === 'number') sent.set(key, Number(value));
      return;
    case 'word':
      if (value === difference.from) sent.set(key, difference.to);
      return;
    case 'affix': {
      const { affix, place } = difference;
      if (value === undefined) return;
      const text = textOf(value);
      sent.set(key, place === 'before' ? `${affix}${text}` : `${text}${affix}`);
      return;
    }
    case 'renamed':
    case 'format':
    case 'source':
    case 'first':
    case 'pace':
      return;
  }
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
