/** Requests to the simulated model, as the agent runtime words them. */

interface Turn {
  readonly tool: string;
  readonly args: object;
  readonly result: string;
}

interface RequestParts {
  readonly question?: string;
  readonly lessons?: readonly string[];
  readonly turns?: readonly Turn[];
  readonly tools?: readonly string[];
  readonly instructions?: string;
  readonly idPrefix?: string;
}

/** A request in the middle of a conversation; each turn is one call and its result. */
export function aRequest({
  question = "How many customers have the city 'Bergen'?",
  lessons = [],
  turns = [],
  tools = ['list_tables', 'describe_table', 'execute_sql'],
  instructions = 'Answer with SQL.',
  idPrefix = 'l',
}: RequestParts = {}) {
  const system = [
    instructions,
    ...(lessons.length === 0 ? [] : ['', '# Lessons']),
    ...lessons.map((text, at) => `- [${idPrefix}${String(at)}@1] ${text}`),
  ].join('\n');
  return {
    model: 'any',
    tools: tools.map((name) => ({ type: 'function' as const, function: { name } })),
    messages: [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content: `question: ${question}` },
      ...turns.flatMap(({ tool, args, result }, at) => [
        {
          role: 'assistant' as const,
          content: null,
          tool_calls: [
            {
              id: `c${String(at)}`,
              type: 'function' as const,
              function: { name: tool, arguments: JSON.stringify(args) },
            },
          ],
        },
        { role: 'tool' as const, tool_call_id: `c${String(at)}`, content: result },
      ]),
    ],
  };
}

export const CUSTOMERS = 'q7_krd(k_31 customer number, k_07 name, k_22 city) -- customers';

/** What `describe_table` says of a table of that name with one `city` column of another name. */
export function describedCustomers(cityColumn: string): string {
  return JSON.stringify({
    table: 'q7_krd',
    comment: 'customers',
    columns: [
      { name: 'k_31', type: 'integer', comment: 'customer number' },
      { name: cityColumn, type: 'text', comment: 'city' },
    ],
  });
}
