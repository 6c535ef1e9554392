import { isDeepStrictEqual } from 'node:util';

import type { ToolCall } from '../../domain/episode.js';
import { canonicalJson } from '../digest.js';
import { BadRecordError } from './bad-record.js';
import type { Turn } from './conversation.js';
import type { Span } from './spans.js';
import type { SpanMeaning } from './trace.js';

type ToolTurn = Extract<Turn, { role: 'tool' }>;

/** Nesting beyond it is not looked through for spans that tell the same. */
const MAX_ANCESTORS = 100;

/** The spans in the order they began, one of each id; two of one id that differ are a fault. */
export function distinctSpans(given: readonly Span[]): readonly Span[] {
  const byId = new Map<string, Span>();
  for (const span of given) {
    const held = byId.get(span.spanId);
    if (held !== undefined && !isDeepStrictEqual(held, span)) {
      const found = `${span.spanId} twice with different content`;
      throw new BadRecordError('MALFORMED', 'span.span_id', found, 'an id of one span');
    }
    byId.set(span.spanId, held ?? span);
  }
  return [...byId.values()].sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
}

/**
 * What a trace tells, once: each model call adds what it was given beyond what is told by then, and what
 * it said; each tool span adds its result. A call that two instrumentations recorded, one inside the
 * other, counts once.
 */
export function turnsTold(
  spans: readonly Span[],
  meanings: readonly SpanMeaning[],
): readonly Turn[] {
  const told: Turn[] = [];
  const toolsById = new Map<string, string>();
  const again = toldTwice(spans, meanings);
  const say = (turn: Turn): void => {
    told.push(turn);
    if (turn.role !== 'assistant') return;
    for (const { id, tool } of turn.calls) if (id !== '') toolsById.set(id, tool);
  };
  for (const meaning of meanings) {
    if (meaning.kind === 'model') {
      for (const turn of newTurns(told, meaning.given, toolsById)) say(turn);
      if (!again.has(meaning)) meaning.said.forEach(say);
    } else if (meaning.kind === 'tool' && !again.has(meaning)) say(meaning.turn);
  }
  return told;
}

/** Model calls that one inside them tells too, and tool spans inside one that tells the same. */
function toldTwice(
  spans: readonly Span[],
  meanings: readonly SpanMeaning[],
): ReadonlySet<SpanMeaning> {
  const indexOf = new Map(spans.map(({ spanId }, index) => [spanId, index]));
  const again = new Set<SpanMeaning>();
  for (const [index, inner] of meanings.entries()) {
    if (inner.kind === 'other') continue;
    let at = indexOf.get(spans[index]?.parentId ?? '');
    for (let level = 0; at !== undefined && level < MAX_ANCESTORS; level += 1) {
      const outer = meanings[at];
      if (outer?.kind === 'model' && inner.kind === 'model' && outer !== inner) {
        if (areAlike(outer.said, inner.said)) again.add(outer);
      } else if (outer?.kind === 'tool' && inner.kind === 'tool' && outer !== inner) {
        if (isSameResult(outer.turn, inner.turn)) again.add(inner);
      }
      at = indexOf.get(spans[at]?.parentId ?? '');
    }
  }
  return again;
}

function areAlike(outer: readonly Turn[], inner: readonly Turn[]): boolean {
  return (
    outer.length > 0 &&
    outer.length === inner.length &&
    outer.every((turn, index) => {
      const other = inner[index];
      return other !== undefined && isAlike(turn, other, undefined);
    })
  );
}

function isSameResult(outer: ToolTurn, inner: ToolTurn): boolean {
  return (
    outer.tool === inner.tool &&
    sameJson(outer.arguments ?? '', inner.arguments ?? '') &&
    sameJson(outer.content, inner.content)
  );
}

/** Those of a call's messages that repeat nothing told, in the order of the conversation. */
function newTurns(
  told: readonly Turn[],
  given: readonly Turn[],
  toolsById: ReadonlyMap<string, string>,
): readonly Turn[] {
  const used = new Set<number>();
  let next = 0;
  return given.filter((turn) => {
    const tool = turn.role === 'tool' ? (turn.tool ?? toolsById.get(turn.callId ?? '')) : undefined;
    const matches = (one: Turn, at: number): boolean =>
      (turn.role === 'system' || !used.has(at)) && isAlike(one, turn, tool);
    let at = indexFrom(told, next, matches);
    // Results of calls made at once come in any order, and who instructs stands before everything.
    if (at < 0 && (turn.role === 'tool' || turn.role === 'system')) {
      at = indexFrom(told, 0, matches);
    }
    if (at < 0) return true;
    used.add(at);
    if (turn.role === 'user' || turn.role === 'assistant') next = at + 1;
    return false;
  });
}

function indexFrom(
  turns: readonly Turn[],
  from: number,
  matches: (turn: Turn, at: number) => boolean,
): number {
  for (let at = from; at < turns.length; at += 1) {
    const turn = turns[at];
    if (turn !== undefined && matches(turn, at)) return at;
  }
  return -1;
}

/** Whether a message repeats what was told; `tool` is the one that a result is of, where it is known. */
function isAlike(told: Turn, turn: Turn, tool: string | undefined): boolean {
  switch (turn.role) {
    case 'system':
    case 'user':
      return told.role === turn.role && told.text.trim() === turn.text.trim();
    case 'assistant':
      if (told.role !== 'assistant' || told.calls.length !== turn.calls.length) return false;
      return (
        (told.text.trim() === turn.text.trim() ||
          (turn.calls.length > 0 && (told.text === '' || turn.text === ''))) &&
        turn.calls.every((call, index) => isSameCall(told.calls[index], call))
      );
    case 'tool': {
      if (told.role !== 'tool') return false;
      if (told.callId !== null && turn.callId !== null && told.callId !== turn.callId) return false;
      if (sameJson(told.content, turn.content)) return true;
      // A tool span may write a result otherwise than the message that hands it to the model.
      if (told.arguments === undefined) return false;
      return told.callId !== null && turn.callId !== null ? true : told.tool === tool;
    }
  }
}

function isSameCall(told: ToolCall | undefined, call: ToolCall): boolean {
  if (told?.tool !== call.tool) return false;
  if (told.id !== '' && call.id !== '' && told.id !== call.id) return false;
  return sameJson(told.arguments, call.arguments);
}

function sameJson(left: string, right: string): boolean {
  return left.trim() === right.trim() || canonical(left) === canonical(right);
}

function canonical(text: string): string {
  try {
    return canonicalJson(JSON.parse(text));
  } catch {
    return text.trim();
  }
}
