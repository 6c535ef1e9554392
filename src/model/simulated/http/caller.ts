import type { Json, JsonObject } from '../../../domain/json.js';
import { flatArguments } from '../../../domain/mining/http-call.js';
import { isJsonObject, jsonObjectIn, textOf } from '../../../domain/mining/json-object.js';
import { clauseText } from '../../../domain/mining/recovery-note.js';
import { coverage, stemsOf } from '../words.js';
import type { Move, MoveCall } from '../chat-protocol.js';
import { namedSo, type Operation } from './api-document.js';
import { callOf, placeOfPlan, type CallPlan } from './call-writer.js';
import {
  partText,
  type CallerConversation,
  type LastCall,
  type Part,
} from './caller-conversation.js';
import { noteOf, understood, type Finding } from './findings.js';
import type { Goal } from './request-grammar.js';

/** What it says of a goal that it could not reach. */
const UNKNOWN = 'unknown';

/** What it knows in the middle of a turn: what it was shown, and what the last answer added to that. */
interface Knowledge {
  readonly results: Map<number, string>;
  readonly parts: Map<number, Part>;
  readonly own: Finding[];
  readonly tried: Set<string>;
  /** To be written down in this turn. */
  readonly notes: { readonly key: string; readonly value: string }[];
}

/**
 * The next move of a caller that can read an OpenAPI document, error answers and notes, and nothing
 * else: it learns from the last answer, writes that down, and makes the next call. The same conversation
 * always gets the same move.
 */
export function nextCallerMove(conversation: CallerConversation): Move {
  const { request, operations, tools, last } = conversation;
  if (request === undefined) return { kind: 'answer', text: 'I cannot read this as a request.' };
  const { goals } = request;
  const known: Knowledge = {
    results: new Map(conversation.results),
    parts: new Map(conversation.parts),
    own: [...conversation.own],
    tried: new Set(conversation.tried),
    notes: [],
  };
  const answer = (): Move => ({
    kind: 'answer',
    text: goals.map((_, at) => known.results.get(at) ?? UNKNOWN).join(', '),
  });
  if (operations === undefined) {
    const document = tools.get('document');
    if (document === undefined || last?.role === 'document') return answer();
    return { kind: 'call', calls: [{ tool: document, arguments: {} }] };
  }
  if (last !== undefined) learn(known, conversation, last);
  const at = goals.findIndex((_, index) => !known.results.has(index));
  const plan = planOf(conversation, known, at);
  if (plan === undefined || conversation.turn >= conversation.turns) return answer();
  const call = nextCall(conversation, known, plan, last);
  if (call === undefined) return answer();
  return { kind: 'call', calls: [...notesOf(known, tools.get('note')), call] };
}

function notesOf({ notes }: Knowledge, tool: string | undefined): readonly MoveCall[] {
  return tool === undefined ? [] : notes.map((note) => ({ tool, arguments: note }));
}

function planOf(
  { request, operations, told }: CallerConversation,
  { own, parts }: Knowledge,
  at: number,
): CallPlan | undefined {
  const goal = request?.goals[at];
  const operation = goal && operationFor(goal, operations ?? []);
  if (goal === undefined || operation === undefined) return undefined;
  return { goal, operation, around: request?.around ?? [], part: parts.get(at), told, own };
}

function operationFor(goal: Goal, operations: readonly Operation[]): Operation | undefined {
  const fitting = operations.filter(({ method, inPath, rows }) => {
    if (goal.kind === 'make') return method === 'POST' && inPath.length === 0;
    if (goal.kind === 'field') return method === 'GET' && inPath.length === 1;
    return method === 'GET' && rows !== undefined;
  });
  const wanted = stemsOf(goal.of);
  const [best] = fitting
    .map((operation) => ({ operation, score: coverage(wanted, operation.stems) }))
    .filter(({ score }) => score > 0)
    .sort((left, right) => right.score - left.score);
  return best?.operation;
}

/** The call after this one: to wait where that is due, to try what is new, else what the goal asks. */
function nextCall(
  { tools, told, readsSinceWait }: CallerConversation,
  { own, tried }: Knowledge,
  plan: CallPlan,
  last: LastCall | undefined,
): MoveCall | undefined {
  const given = callOf(plan);
  if (plan.goal.kind === 'make') {
    const place = placeOfPlan(plan);
    const isKnown = tried.has(place) || told.differences.some((each) => each.place === place);
    const tool = tools.get(isKnown ? 'send' : 'trial') ?? tools.get('send');
    return tool === undefined ? undefined : { tool, arguments: given };
  }
  const wait = tools.get('wait');
  const paces = [...own, ...told.differences].flatMap(({ difference }) =>
    difference.kind === 'pace' && difference.key === wait ? [difference.every] : [],
  );
  const isDue = readsSinceWait >= Math.min(...paces) || last?.code === 'HTTP_429';
  if (wait !== undefined && isDue) {
    const said = /retry after (\d+) s/i.exec(last?.content ?? '')?.[1];
    return { tool: wait, arguments: { seconds: Number(said ?? 1) } };
  }
  const tool = tools.get('read');
  return tool === undefined ? undefined : { tool, arguments: given };
}

/** Takes in what the last call came to, and decides what of it is worth a line on the scratchpad. */
function learn(known: Knowledge, conversation: CallerConversation, last: LastCall): void {
  const at = (conversation.request?.goals ?? []).findIndex((_, index) => !known.results.has(index));
  const plan = planOf(conversation, known, at);
  if (plan === undefined || last.role === 'document' || last.role === 'wait') return;
  const conclude = (result: string): void => {
    known.results.set(at, result);
    known.notes.push({ key: `result ${String(at + 1)}`, value: result });
  };
  if (!last.ok) {
    const finding = findingIn(conversation, plan, last);
    const isNews = finding !== undefined && !known.own.some((each) => isSame(each, finding));
    if (isNews) {
      known.own.unshift(finding);
      known.notes.push(noteOf(finding));
    } else if (finding?.difference.kind !== 'pace') conclude(UNKNOWN);
    return;
  }
  const answer = jsonObjectIn(last.content) ?? {};
  if (last.role === 'trial') {
    const place = placeOfPlan(plan);
    known.tried.add(place);
    known.notes.push({ key: `tried ${place}`, value: 'accepted' });
    return;
  }
  const { goal, operation } = plan;
  if (goal.kind === 'field' || goal.kind === 'make') {
    const field = namedSo(goal.field, operation.answer)?.name;
    conclude(field === undefined ? UNKNOWN : textOf(answer[field]));
    return;
  }
  const part = partAfter(plan, answer);
  if (part.next === undefined) {
    conclude(String(goal.kind === 'count' ? part.count : part.sum));
    return;
  }
  const whole = { ...part, ...part.next };
  known.parts.set(at, whole);
  known.notes.push({ key: `part ${String(at + 1)}`, value: partText(whole) });
}

function isSame(left: Finding, right: Finding): boolean {
  return left.place === right.place && clauseText(left.difference) === clauseText(right.difference);
}

function findingIn(
  { tools, readsSinceWait, told, own }: CallerConversation,
  plan: CallPlan,
  last: LastCall,
): Finding | undefined {
  const sent = new Set(Object.keys(flatArguments(last.given)));
  const renames = [...own, ...told.differences].map(({ difference }) => difference);
  const documented = (key: string): string => {
    const former = renames.find((each) => each.kind === 'renamed' && each.key === key);
    const name = (former?.kind === 'renamed' ? former.from : key).split('.').at(-1) ?? '';
    return plan.operation.body.find((field) => field.name === name)?.description ?? '';
  };
  const difference = understood({
    code: last.code,
    message: last.content,
    sent,
    documented,
    waiting: tools.get('wait'),
    callsSince: readsSinceWait - 1,
  });
  return difference && { place: placeOfPlan(plan), difference };
}

/** The rows of an answer added to what was there before, and how it goes on where it does. */
function partAfter({ goal, operation, part }: CallPlan, answer: JsonObject) {
  const rows = listOf(answer[operation.rows ?? '']);
  const field = goal.kind === 'total' ? namedSo(goal.field, operation.answer)?.name : undefined;
  const sum = rows.reduce<number>(
    (all, row) => all + (isJsonObject(row) && field !== undefined ? Number(row[field]) : 0),
    part?.sum ?? 0,
  );
  const [name, next] =
    Object.entries(answer).find(
      ([key, value]) => /next|cursor/i.test(key) && typeof value === 'string' && value !== '',
    ) ?? [];
  return {
    count: (part?.count ?? 0) + rows.length,
    sum,
    next: name === undefined ? undefined : { field: name, next: textOf(next) },
  };
}

function listOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
