import { jsonObjectIn } from '../../../domain/mining/json-object.js';
import type { JsonObject } from '../../../domain/json.js';
import { textOf, type ChatRequest } from '../chat-protocol.js';
import { jsonIn } from '../known-schema.js';
import { lessonsIn } from '../lessons.js';
import { operationsIn, type Operation } from './api-document.js';
import { findingOf, findingsIn, type Finding, type Findings } from './findings.js';
import { parseRequest, type ParsedRequest } from './request-grammar.js';

/** What a tool is for, told by what it takes. */
export type Role = 'document' | 'read' | 'trial' | 'send' | 'wait' | 'note';

/** What is known so far of an answer that comes in parts. */
export interface Part {
  readonly count: number;
  readonly sum: number;
  /** The field that says how it goes on, and what it says. */
  readonly field: string;
  readonly next: string;
}

/** The call of the turn before, and what came of it. */
export interface LastCall {
  readonly role: Role;
  readonly tool: string;
  readonly given: JsonObject;
  readonly ok: boolean;
  readonly code: string;
  readonly content: string;
}

/**
 * A conversation as the simulated HTTP caller sees it. It keeps the document before it and remembers of
 * its calls only the last one: what else it wants to know in a later turn has to be on the scratchpad.
 */
export interface CallerConversation {
  readonly request: ParsedRequest | undefined;
  readonly operations: readonly Operation[] | undefined;
  /** What lessons say. */
  readonly told: Findings;
  /** What it found out itself in this task. */
  readonly own: readonly Finding[];
  /** By goal, from 0. */
  readonly results: ReadonlyMap<number, string>;
  readonly parts: ReadonlyMap<number, Part>;
  /** Places where an entry was tried and accepted. */
  readonly tried: ReadonlySet<string>;
  readonly last: LastCall | undefined;
  /** How often it has read since it last waited, the last call included. */
  readonly readsSinceWait: number;
  readonly tools: ReadonlyMap<Role, string>;
  readonly turn: number;
  readonly turns: number;
}

const REQUEST = /^request: (.*)$/m;
const OWN_TURNS = 8;

/** Whether a prompt asks for calls of an API: its task is a request, not a question. */
export function isCallerPrompt({ messages }: ChatRequest): boolean {
  return messages.some((message) => message.role === 'user' && REQUEST.test(textOf(message)));
}

/** Reads a prompt; nothing is remembered from one to the next. */
export function readCallerConversation(prompt: ChatRequest): CallerConversation {
  const { messages } = prompt;
  const joined = (...roles: readonly string[]): string =>
    messages
      .filter(({ role }) => roles.includes(role))
      .map(textOf)
      .join('\n');
  const system = joined('system', 'developer');
  const calls = callsOf(messages);
  const lastTurn = messages.findLastIndex(({ role }) => role === 'assistant');
  const document = calls.findLast(({ role, ok }) => role === 'document' && ok);
  const waited = calls.findLastIndex(({ role }) => role === 'wait');
  const kept = [...scratchpadIn(system)];
  const matched = (pattern: RegExp) =>
    kept.flatMap(([key, value]) => {
      const [, name] = pattern.exec(key) ?? [];
      return name === undefined ? [] : [[name, value] as const];
    });
  const named = [...system.matchAll(/\byou have (\d+) turns\b/gi)].at(-1);
  return {
    request: parseRequest(REQUEST.exec(joined('user'))?.[1] ?? ''),
    operations: document && operationsIn(jsonIn(document.content)),
    told: findingsIn(lessonsIn(system)),
    own: kept.flatMap(([key, value]) => findingOf(key, value) ?? []),
    results: new Map(matched(/^result (\d+)$/).map(([at, value]) => [Number(at) - 1, value])),
    parts: new Map(
      matched(/^part (\d+)$/).flatMap(([at, value]) => {
        const part = partOf(value);
        return part === undefined ? [] : [[Number(at) - 1, part] as const];
      }),
    ),
    tried: new Set(matched(/^tried (.+)$/).map(([place]) => place)),
    last: calls.find(({ at, role }) => at === lastTurn && role !== 'note'),
    readsSinceWait: calls.slice(waited + 1).filter(({ role }) => role === 'read').length,
    tools: new Map(
      (prompt.tools ?? []).flatMap(({ function: { name, parameters } }) => {
        const role = roleOf(name, Object.keys(parameters?.properties ?? {}));
        return role === undefined ? [] : [[role, name] as const];
      }),
    ),
    turn: 1 + messages.filter(({ role }) => role === 'assistant').length,
    turns: named === undefined ? OWN_TURNS : Number(named[1]),
  };
}

function roleOf(name: string, taken: readonly string[]): Role | undefined {
  if (name === 'scratchpad') return 'note';
  if (taken.includes('seconds')) return 'wait';
  if (taken.includes('body'))
    return /(?:^|[_-])(?:try|check|dry|simulate)/i.test(name) ? 'trial' : 'send';
  if (taken.includes('path')) return 'read';
  return /document|openapi|spec/i.test(name) ? 'document' : undefined;
}

const FAILED = /^Error (\S+): ([\s\S]*)$/;

function callsOf(messages: ChatRequest['messages']): readonly (LastCall & { at: number })[] {
  return messages.flatMap((message, at) =>
    (message.tool_calls ?? []).flatMap(({ id, function: { name: tool, arguments: written } }) => {
      const answer = messages
        .slice(at + 1)
        .find(({ role, tool_call_id: of }) => role === 'tool' && of === id);
      const given = jsonObjectIn(written) ?? {};
      const role = roleOf(tool, Object.keys(given));
      if (answer === undefined || role === undefined) return [];
      const text = textOf(answer);
      const [, code = '', content = text] = FAILED.exec(text) ?? [];
      return { at, role, tool, given, ok: code === '', code, content };
    }),
  );
}

/** The lines of the scratchpad, which stands behind everything else in the system message. */
function scratchpadIn(system: string): ReadonlyMap<string, string> {
  const start = system.lastIndexOf('\n# Scratchpad\n');
  if (start < 0) return new Map();
  const lines = system.slice(start).split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [, key, value] = /^- ([^:]+): (.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** A part as it is kept on the scratchpad. */
export function partText({ count, sum, field, next }: Part): string {
  return `count ${String(count)}, sum ${String(sum)}, ${field} ${next}`;
}

function partOf(text: string): Part | undefined {
  const [, count, sum, field, next] = /^count (\d+), sum (\S+), (\S+) (\S+)$/.exec(text) ?? [];
  if (field === undefined || next === undefined) return undefined;
  return { count: Number(count), sum: Number(sum), field, next };
}
