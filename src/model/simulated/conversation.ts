import { z } from 'zod';
import { lessonsIn, replacementRulesIn } from './lessons.js';
import { jsonIn, namesListed, tableDescribed, tablesClaimed } from './known-schema.js';
import { textOf } from './chat-protocol.js';
import type { ChatRequest } from './chat-protocol.js';
import type { KnownTable } from './known-schema.js';
import type { ReplacementRule } from './lessons.js';

/** A conversation as the simulated model sees it: everything it knows stands in here. */
export interface Conversation {
  readonly question: string;
  readonly notes: readonly KnownTable[];
  readonly rules: readonly ReplacementRule[];
  readonly observations: readonly KnownTable[];
  /** The tables of the last listing; `undefined` where none was asked for or it failed. */
  readonly listed: readonly string[] | undefined;
  /** Tables it asked about, described or not. */
  readonly asked: readonly string[];
  /** The statement run in the turn before this one, and what came of it. */
  readonly lastRun: { readonly sql: string; readonly failed: boolean } | undefined;
  readonly turn: number;
  readonly turns: number;
  readonly tools: readonly string[];
  readonly callsATurn: number;
}

/** Turns the model allows itself where the instructions name no number. */
export const OWN_TURNS = 4;
const PARALLEL_CALLS = 2;

/** Reads a request; nothing is remembered from one request to the next. */
export function readConversation(request: ChatRequest): Conversation {
  const { messages } = request;
  const system = messages
    .filter(({ role }) => role === 'system' || role === 'developer')
    .map(textOf)
    .join('\n');
  const user = messages.filter(({ role }) => role === 'user').map(textOf);
  const lessons = lessonsIn(system);
  const results = resultsOf(messages);
  const lastTurn = messages.findLastIndex(({ role }) => role === 'assistant');
  const lastRun = results.findLast(({ at, tool }) => at === lastTurn && tool === 'execute_sql');
  const listing = results.findLast(({ tool, failed }) => tool === 'list_tables' && !failed);
  return {
    question: questionIn(user.join('\n')),
    notes: lessons.flatMap(tablesClaimed),
    rules: lessons.flatMap(replacementRulesIn),
    observations: results.flatMap(({ tool, failed, result }) =>
      tool === 'describe_table' && !failed ? (tableDescribed(result) ?? []) : [],
    ),
    listed: listing && namesListed(listing.result),
    asked: results.flatMap(({ tool, argument }) => (tool === 'describe_table' ? [argument] : [])),
    lastRun: lastRun && { sql: lastRun.argument, failed: lastRun.failed },
    turn: 1 + messages.filter(({ role }) => role === 'assistant').length,
    turns: turnsIn(system),
    tools: (request.tools ?? []).map((tool) => tool.function.name),
    callsATurn: request.parallel_tool_calls === false ? 1 : PARALLEL_CALLS,
  };
}

interface ToolResult {
  readonly at: number;
  readonly tool: string;
  /** The table or the statement of the call. */
  readonly argument: string;
  readonly result: string;
  readonly failed: boolean;
}

function resultsOf(messages: ChatRequest['messages']): readonly ToolResult[] {
  return messages.flatMap((message, at) =>
    (message.tool_calls ?? []).flatMap((call) => {
      const answer = messages
        .slice(at + 1)
        .find(({ role, tool_call_id: id }) => role === 'tool' && id === call.id);
      if (answer === undefined) return [];
      const result = textOf(answer);
      return {
        at,
        tool: call.function.name,
        argument: argumentIn(call.function.arguments),
        result,
        failed: result.startsWith('Error '),
      };
    }),
  );
}

const Arguments = z.object({ table: z.string().optional(), sql: z.string().optional() });

function argumentIn(json: string): string {
  const parsed = Arguments.safeParse(jsonIn(json));
  return parsed.data?.table ?? parsed.data?.sql ?? '';
}

/** The `question:` line of a task, else all of it. */
function questionIn(user: string): string {
  return /^question: (.*)$/m.exec(user)?.[1] ?? user;
}

/** What the instructions say last: an exploration may grant more turns than the agent has. */
function turnsIn(system: string): number {
  const named = [...system.matchAll(/\byou have (\d+) turns\b/gi)].at(-1);
  return named === undefined ? OWN_TURNS : Number(named[1]);
}
