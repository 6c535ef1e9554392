import { OWN_TURNS } from './conversation.js';
import { knownTables } from './known-schema.js';
import { applyReplacement, ruleFits } from './lessons.js';
import { linkQuestion } from './linker.js';
import { parseQuestion } from './question-grammar.js';
import { writeSql } from './sql-writer.js';
import { permutation, seedOf, uniformOf } from '../../domain/random.js';
import type { Move, MoveCall } from './chat-protocol.js';
import type { Conversation } from './conversation.js';
import type { Link } from './linker.js';

/** How often the model tries its statement before it answers with it; with turns to spare it always does. */
const CHECKS = 0.4;

/**
 * The next move: answer where the names are known, look at tables where they are not, and give the best
 * guess when the turns are used up. The same conversation always gets the same move.
 */
export function nextMove(conversation: Conversation, seed: number): Move {
  const { question, lastRun } = conversation;
  const parsed = parseQuestion(question);
  if (parsed === undefined) return { kind: 'answer', text: 'I cannot read this as a question.' };
  const isLastTurn = conversation.turn >= conversation.turns;
  if (lastRun?.failed === false) return { kind: 'answer', text: lastRun.sql };

  const tables = knownTables(conversation.notes, conversation.observations);
  const link = linkQuestion(parsed, tables, (irrelevant) =>
    uniformOf('slip', String(seed), question, ...irrelevant),
  );
  const sql = link && statementFor(link, conversation);
  if (lastRun?.failed === true && link !== undefined && !isLastTurn) {
    // One note that failed casts doubt on the others: it looks at all the tables it was told of.
    const doubted = [...new Set([...link.tables, ...conversation.notes.map(({ name }) => name)])];
    const calls = describeCalls(doubted, conversation);
    if (calls.length > 0) return { kind: 'call', calls };
  }
  if (sql !== undefined && (isLastTurn || link?.isSure === true)) {
    const checks = !isLastTurn && lastRun === undefined && triesFirst(conversation, seed);
    if (!checks) return { kind: 'answer', text: sql };
    return { kind: 'call', calls: [{ tool: 'execute_sql', arguments: { sql } }] };
  }
  const calls = isLastTurn ? [] : explorationCalls(conversation, seed);
  if (calls.length > 0) return { kind: 'call', calls };
  return {
    kind: 'answer',
    text: sql ?? 'I could not find the tables that this question is about.',
  };
}

function triesFirst({ tools, turns, question }: Conversation, seed: number): boolean {
  if (!tools.includes('execute_sql')) return false;
  return turns > OWN_TURNS || uniformOf('check', String(seed), question) < CHECKS;
}

function statementFor(link: Link, { rules, question }: Conversation): string {
  return rules
    .filter((rule) => ruleFits(rule, question))
    .reduce(applyReplacement, writeSql(link.query));
}

/** List the tables first; then look at those nothing is known of, in an order the question decides. */
function explorationCalls(conversation: Conversation, seed: number): readonly MoveCall[] {
  const { listed, tools, question, notes, callsATurn } = conversation;
  if (listed === undefined) {
    const isNew = conversation.turn === 1 && tools.includes('list_tables');
    return isNew ? [{ tool: 'list_tables', arguments: {} }] : [];
  }
  const order = permutation(listed.length, seedOf('order', String(seed), question));
  const unknown = order
    .flatMap((index) => listed[index] ?? [])
    .filter((table) => !notes.some(({ name }) => name === table));
  return describeCalls(unknown, conversation).slice(0, callsATurn);
}

function describeCalls(
  tables: readonly string[],
  { asked, tools }: Conversation,
): readonly MoveCall[] {
  if (!tools.includes('describe_table')) return [];
  return tables
    .filter((table) => !asked.includes(table))
    .map((table) => ({ tool: 'describe_table', arguments: { table } }));
}
