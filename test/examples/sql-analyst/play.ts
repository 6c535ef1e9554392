import type OpenAI from 'openai';
import type pg from 'pg';
import { gradeAnswer } from '../../../examples/sql-analyst/same-rows-as-gold.js';
import {
  describeTable,
  DescribeTableInput,
  executeSql,
  ExecuteSqlInput,
  listTables,
} from '../../../examples/sql-analyst/tools.js';
import { claimTexts } from '../../../src/domain/mining/schema-claim.js';
import { indexLessons, recallLessons } from '../../../src/domain/retrieval/recall.js';
import type { Question } from '../../../examples/sql-analyst/questions/questions.js';
import type { Grade } from '../../../examples/sql-analyst/same-rows-as-gold.js';
import type { LessonIndex } from '../../../src/domain/retrieval/recall.js';

/** What one play of a question came to. */
export interface Played {
  readonly question: Question;
  readonly grade: Grade;
  readonly answer: string;
  readonly modelCalls: number;
  readonly described: readonly string[];
}

const OWN_TURNS = 4;
const TOOLS = ['list_tables', 'describe_table', 'execute_sql'].map((name) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object' } },
}));

/**
 * The agent loop without Temporal: recall, model and tools as the product words them, then the checker.
 * An exploration has more `turns`.
 */
export async function play(
  db: pg.Pool,
  client: OpenAI,
  question: Question,
  notes: LessonIndex,
  rules: readonly string[] = [],
  turns = OWN_TURNS,
): Promise<Played> {
  const instructions = `Answer the question with one SELECT statement. You have ${String(turns)} turns.`;
  const recalled = recallLessons(notes, {
    task: {
      input: { question: question.text, area: question.area },
      slices: { area: question.area },
    },
    limit: 3,
  }).map(({ lesson }) => lesson.text);
  const lessons = [...rules, ...recalled].map((text, at) => `- [lesson-${String(at)}@1] ${text}`);
  const system =
    lessons.length === 0 ? instructions : [instructions, '', '# Lessons', ...lessons].join('\n');
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: system },
    { role: 'user', content: `question: ${question.text}` },
  ];
  const described: string[] = [];
  for (let call = 1; call <= turns; call += 1) {
    const reply = await client.chat.completions.create({ model: 'any', messages, tools: TOOLS });
    const message = reply.choices[0]?.message;
    if (message === undefined) throw new Error('The model sent no message');
    messages.push(message);
    const calls = (message.tool_calls ?? []).filter((each) => each.type === 'function');
    if (calls.length === 0) {
      const answer = message.content ?? '';
      const grade = await gradeAnswer(db, question.text, answer);
      return { question, grade, answer, modelCalls: call, described };
    }
    for (const { id, function: tool } of calls) {
      const args: unknown = JSON.parse(tool.arguments);
      if (tool.name === 'describe_table') described.push(DescribeTableInput.parse(args).table);
      messages.push({ role: 'tool', tool_call_id: id, content: await run(db, tool.name, args) });
    }
  }
  throw new Error(`No answer within ${String(turns)} model calls: ${question.text}`);
}

async function run(db: pg.Pool, tool: string, args: unknown): Promise<string> {
  try {
    if (tool === 'list_tables') return JSON.stringify(await listTables(db));
    if (tool === 'describe_table') {
      return JSON.stringify(await describeTable(db, DescribeTableInput.parse(args)));
    }
    return JSON.stringify(await executeSql(db, ExecuteSqlInput.parse(args)));
  } catch (error) {
    return `Error TOOL_FAILED: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The notes that discovery would write of these tables as they are at present. */
export async function notesOn(db: pg.Pool, tables: readonly string[]): Promise<LessonIndex> {
  const described = await Promise.all(tables.map((table) => describeTable(db, { table })));
  return indexLessons(
    described.flatMap(({ table, comment, columns }) =>
      claimTexts({
        about: table,
        ...(comment !== null && { gloss: comment }),
        columns: columns.map((column) => ({
          name: column.name,
          ...(column.comment !== null && { gloss: column.comment }),
        })),
      }).map((text, part) => ({
        id: `${table}/${String(part)}`,
        revision: 1,
        kind: 'tool-note',
        title: table,
        text,
        when: '',
        predicates: [],
        guardrail: false,
        trust: 'high',
        storedAt: '',
      })),
    ),
  );
}
