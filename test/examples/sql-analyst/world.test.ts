import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateCompany } from '../../../examples/sql-analyst/company/migrate.js';
import { tableNames } from '../../../examples/sql-analyst/company/names.js';
import { forcedRule, wrongRule } from '../../../examples/sql-analyst/story.js';
import { NO_LESSONS } from '../../../src/domain/retrieval/recall.js';
import { startSimulatedModel } from '../../../src/model/simulated/server.js';
import { startCompanyDatabase } from './company-database.js';
import { measure } from './measure.js';
import { notesOn, play } from './play.js';
import type pg from 'pg';
import type { CompanyDatabase } from './company-database.js';
import type { Measured } from './measure.js';
import type { SimulatedModel } from '../../../src/model/simulated/server.js';
import type { LessonIndex } from '../../../src/domain/retrieval/recall.js';

/** Every sixth question: enough to tell the conditions apart, and quick. */
const STEP = 6;

let database: CompanyDatabase;
let model: SimulatedModel;
let client: OpenAI;
let db: pg.Pool;
let notes: LessonIndex;
let withNotes: Measured;

beforeAll(async () => {
  database = await startCompanyDatabase();
  model = await startSimulatedModel();
  client = new OpenAI({ apiKey: 'none', baseURL: model.url, maxRetries: 0 });
  db = await database.copy('garden');
  notes = await notesOn(db, tableNames);
  withNotes = await measured(notes);
});
afterAll(async () => {
  await model.close();
  await database.stop();
});

function measured(lessons: LessonIndex, rules: readonly string[] = []): Promise<Measured> {
  return measure(db, client, lessons, rules, STEP);
}

test('without lessons it succeeds on 15 to 35 in a hundred', async () => {
  const { all } = await measured(NO_LESSONS);

  expect(all).toBeGreaterThan(0.15);
  expect(all).toBeLessThan(0.35);
});

test('with the notes of all tables, three of them recalled, it succeeds on 85 and more', () => {
  expect(withNotes.all).toBeGreaterThanOrEqual(0.85);
});

test('the wrong rule costs 10 to 25 points', async () => {
  const lost = withNotes.all - (await measured(notes, [wrongRule])).all;

  expect(lost).toBeGreaterThan(0.1);
  expect(lost).toBeLessThan(0.27);
});

test('the forced rule ruins stock and leaves sales and people alone', async () => {
  const before = withNotes.areas;
  const { areas } = await measured(notes, [forcedRule.text]);

  expect((before['stock'] ?? 0) - (areas['stock'] ?? 0)).toBeGreaterThan(0.6);
  expect(Math.abs((before['sales'] ?? 0) - (areas['sales'] ?? 0))).toBeLessThan(0.06);
  expect(Math.abs((before['people'] ?? 0) - (areas['people'] ?? 0))).toBeLessThan(0.06);
});

test('stale notes cost 25 to 45 points after the migration, and fresh ones bring them back', async () => {
  const before = withNotes.all;
  await migrateCompany(db);

  const stale = await measured(notes);
  const fresh = (await measured(await notesOn(db, tableNames))).all;
  const none = (await measured(NO_LESSONS)).all;

  expect(before - stale.all).toBeGreaterThan(0.25);
  expect(before - stale.all).toBeLessThan(0.45);
  expect(stale.all).toBeGreaterThan(none);
  expect(fresh).toBeGreaterThanOrEqual(0.85);
});

test('an exploration with ten turns looks up what went stale', async () => {
  const moved = await database.copy('moved');
  await migrateCompany(moved);
  const failed = (await measure(moved, client, notes, [], 2 * STEP)).played.filter(
    ({ grade }) => grade.category === 'sql-error',
  );

  const explored = await Promise.all(
    failed.map(({ question }) => play(moved, client, question, notes, [], 10)),
  );

  expect(failed.length).toBeGreaterThan(3);
  expect(explored.filter(({ described }) => described.length === 0)).toEqual([]);
});
