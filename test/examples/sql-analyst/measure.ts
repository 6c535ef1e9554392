import { areas, questions } from '../../../examples/sql-analyst/questions/questions.js';
import { play } from './play.js';
import type OpenAI from 'openai';
import type pg from 'pg';
import type { LessonIndex } from '../../../src/domain/retrieval/recall.js';
import type { Played } from './play.js';

/** Success as shares: over all questions and by area. */
export interface Measured {
  readonly all: number;
  readonly areas: Readonly<Record<string, number>>;
  readonly categories: Readonly<Record<string, number>>;
  readonly played: readonly Played[];
}

const AT_ONCE = 6;

/** Plays every `step`th question and counts. */
export async function measure(
  db: pg.Pool,
  client: OpenAI,
  notes: LessonIndex,
  rules: readonly string[] = [],
  step = 1,
): Promise<Measured> {
  const asked = questions.filter((_, at) => at % step === 0);
  const played: Played[] = [];
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const batch = asked.slice(at, at + AT_ONCE);
    played.push(
      ...(await Promise.all(batch.map((question) => play(db, client, question, notes, rules)))),
    );
  }
  const share = (some: readonly Played[]): number =>
    some.reduce((sum, { grade }) => sum + grade.score, 0) / Math.max(1, some.length);
  const categories: Record<string, number> = {};
  for (const { grade } of played) {
    categories[grade.category] = (categories[grade.category] ?? 0) + 1;
  }
  return {
    all: share(played),
    areas: Object.fromEntries(
      areas.map((area) => [area, share(played.filter(({ question }) => question.area === area))]),
    ),
    categories,
    played,
  };
}
