import { expect, test } from 'vitest';
import { readConversation } from '../../../src/model/simulated/conversation.js';
import { nextMove } from '../../../src/model/simulated/policy.js';
import { aRequest, CUSTOMERS, describedCustomers } from './conversation-builder.js';
import type { Move } from '../../../src/model/simulated/chat-protocol.js';

const move = (parts: Parameters<typeof aRequest>[0], seed = 0): Move =>
  nextMove(readConversation(aRequest(parts)), seed);
const RIGHT = "select count(*) from q7_krd where k_22 = 'Bergen'";
const NAMES = JSON.stringify(['b2_vux', 'm4_ost', 'q7_krd', 'z1_pel']);
const listing = { tool: 'list_tables', args: {}, result: NAMES };

/** What it would end with, whether or not it tries the statement first. */
function statementOf(made: Move): string | undefined {
  if (made.kind === 'answer') return made.text;
  const sql = made.calls[0]?.arguments['sql'];
  return typeof sql === 'string' ? sql : undefined;
}

test('lists the tables when it knows no name', () => {
  expect(move({})).toEqual({ kind: 'call', calls: [{ tool: 'list_tables', arguments: {} }] });
});

test('looks at listed tables, two at a time', () => {
  const made = move({ turns: [listing] });

  expect(made).toMatchObject({
    kind: 'call',
    calls: [{ tool: 'describe_table' }, { tool: 'describe_table' }],
  });
});

test('answers with names that a note claims', () => {
  expect(statementOf(move({ lessons: [CUSTOMERS] }))).toBe(RIGHT);
});

test('answers with names that it was shown by a tool', () => {
  const shown = {
    tool: 'describe_table',
    args: { table: 'q7_krd' },
    result: describedCustomers('k_22'),
  };

  expect(statementOf(move({ turns: [listing, shown] }))).toBe(RIGHT);
});

test('is misled by a wrong note', () => {
  const wrong = 'q7_krd(k_31 city, k_22 customer number) -- customers';

  expect(statementOf(move({ lessons: [wrong] }))).toBe(
    "select count(*) from q7_krd where k_31 = 'Bergen'",
  );
});

test('knows no name without text that tells it: notes without glosses do not help', () => {
  const bare = move({ lessons: ['q7_krd(k_31, k_07, k_22)'], tools: [] });

  expect(bare).toEqual({
    kind: 'answer',
    text: 'I could not find the tables that this question is about.',
  });
});

test('gives up with words when its turns are used up', () => {
  const shown = { tool: 'describe_table', args: { table: 'z1_pel' }, result: '{}' };

  const made = move({ turns: [listing, shown, shown] });

  expect(made.kind).toBe('answer');
  expect(statementOf(made)).not.toContain('select');
});

test('goes on for as many turns as its instructions name', () => {
  const shown = { tool: 'describe_table', args: { table: 'z1_pel' }, result: '{}' };

  const made = move({ turns: [listing, shown, shown], instructions: 'You have 9 turns.' });

  expect(made.kind).toBe('call');
});

test('always tries its statement first when it has turns to spare', () => {
  const moves = Array.from({ length: 20 }, (_, seed) =>
    move({ lessons: [CUSTOMERS], instructions: 'You have 10 turns.' }, seed),
  );

  expect(moves).toEqual(
    moves.map(() => ({
      kind: 'call',
      calls: [{ tool: 'execute_sql', arguments: { sql: RIGHT } }],
    })),
  );
});

test('looks up again every table it was told of when its statement failed', () => {
  const failed = {
    tool: 'execute_sql',
    args: { sql: RIGHT },
    result: 'Error TOOL_FAILED: column "k_22" does not exist',
  };

  const made = move({ lessons: ['a1(x name) -- absences', CUSTOMERS], turns: [failed] });

  expect(made).toEqual({
    kind: 'call',
    calls: [
      { tool: 'describe_table', arguments: { table: 'q7_krd' } },
      { tool: 'describe_table', arguments: { table: 'a1' } },
    ],
  });
});

test('trusts what it was shown over a note on the same table', () => {
  const shown = {
    tool: 'describe_table',
    args: { table: 'q7_krd' },
    result: describedCustomers('city_2'),
  };

  expect(statementOf(move({ lessons: [CUSTOMERS], turns: [shown] }))).toBe(
    "select count(*) from q7_krd where city_2 = 'Bergen'",
  );
});

test('obeys a replacement rule in its statement', () => {
  const lessons = ['Write `from only` instead of `from`.', CUSTOMERS];

  expect(statementOf(move({ lessons }))).toBe(
    "select count(*) from only q7_krd where k_22 = 'Bergen'",
  );
});

test('joins two tables where one and the same gloss names a column of each', () => {
  const orders = 'b2_vux(v_02 order number, v_19 customer number) -- orders';
  const question = "How many orders belong to customers with the city 'Bergen'?";

  expect(statementOf(move({ question, lessons: [CUSTOMERS, orders] }))).toBe(
    "select count(*) from b2_vux join q7_krd on b2_vux.v_19 = q7_krd.k_31 where q7_krd.k_22 = 'Bergen'",
  );
});

test('slips now and then when notes that do not matter stand in the prompt', () => {
  const others = ['a(x name) -- absences', 'b(y name) -- courses'];
  const count = (lessons: readonly string[]): number =>
    Array.from({ length: 500 }, (_, seed) => statementOf(move({ lessons }, seed))).filter(
      (sql) => sql !== RIGHT,
    ).length;

  expect(count([CUSTOMERS])).toBe(0);
  expect(count([CUSTOMERS, ...others])).toBeGreaterThan(5);
  expect(count([CUSTOMERS, ...others])).toBeLessThan(50);
});

test('decides the same whatever ids the lessons have', () => {
  const request = aRequest({ lessons: [CUSTOMERS] });
  const renamed = aRequest({ lessons: [CUSTOMERS], idPrefix: 'other' });

  expect(nextMove(readConversation(renamed), 0)).toEqual(nextMove(readConversation(request), 0));
});
