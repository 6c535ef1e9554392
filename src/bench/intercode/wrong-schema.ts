import type { House } from '../../cli/house.js';
import { lessonIdOf } from '../../contracts/digest.js';
import { candidateId } from '../../contracts/ids.js';
import { seedOf } from '../../domain/random.js';
import type { Scope } from '../../domain/ids.js';
import { lessonText, type LessonDraft, type LessonRevision } from '../../domain/lesson.js';
import type { EvaluationResult, ShadowEvaluationInput } from '../../workflows/shadow-evaluation.js';
import { BENCH } from './control-arms.js';
import { misplacedLessons } from './control-lessons.js';

/** The slice whose value a schema note is about. */
const DATABASE = 'database';

/**
 * Puts the schemas that were learned to the gate once more, each moved to another database: a candidate
 * of the right form that knows nothing. The tasks there are must do; it waits for no more of them.
 */
export async function evaluateWrongSchema(
  { store, temporal, messenger, taskQueue }: House,
  scope: Scope,
  lessons: readonly LessonRevision[],
  databases: readonly string[],
  seed: number,
): Promise<{ readonly verdict: string; readonly pairs: number }> {
  const pointer = await store.pointer(scope);
  const baseline = pointer?.canary?.version ?? pointer?.active;
  const notes = new Map(
    lessons.flatMap((lesson) => {
      const database = databaseOf(lesson);
      const id: string = lesson.id;
      return database === undefined ? [] : [[id, { lesson, database }] as const];
    }),
  );
  if (baseline === undefined || notes.size === 0) return { verdict: 'inconclusive', pairs: 0 };

  const candidate = candidateId(`${scope.tenant}.${scope.agent}.misplaced`);
  const moved = misplacedLessons(
    [...notes].map(([id, { lesson, database }]) => ({
      id,
      text: lessonText(lesson.body),
      database,
    })),
    databases,
  );
  const revisions = moved.flatMap(({ id, database }) => {
    const note = notes.get(id);
    if (note === undefined) return [];
    const draft = movedDraft(note.lesson, database);
    return [{ lesson: lessonIdOf(scope.agent, draft.key), draft, candidate }];
  });
  const title = 'schemas moved to other databases';
  const opened = { id: candidate, title, opener: null, workflowId: `reflect/${candidate}` };
  await store.applyMerge(scope, { results: [], revisions, support: [], opened });
  const put = revisions.map(({ lesson }) => ({ lesson, revision: 1 }));
  const version = await store.deriveVersion(scope, baseline, { put, remove: [], parameters: {} });
  await store.closeBundle(scope, candidate, { baseline, version, permission: 'auto', title });
  await store.transition(scope, {
    candidate,
    from: ['open'],
    to: 'evaluating',
    actor: BENCH,
    reason: 'the bench puts misplaced schemas to the gate',
    detail: { baseline, version },
  });
  const { alpha } = await messenger.reserve(scope, candidate, 1);
  const result = await temporal.workflow.execute<
    (input: ShadowEvaluationInput) => Promise<EvaluationResult>
  >('shadowEvaluation', {
    workflowId: `shadow/${candidate}`,
    taskQueue,
    args: [
      {
        ...scope,
        candidate,
        purpose: 'gate',
        attempt: 1,
        baseline,
        version,
        shadowQueue: `${taskQueue}-shadow`,
        alpha,
        seed: seedOf('misplaced', String(seed)),
        maxWaitMs: 1,
      },
    ],
    staticSummary: title,
  });
  const { verdict, reason } = result.summary;
  await store.transition(scope, {
    candidate,
    from: ['evaluating'],
    to: 'rejected',
    actor: BENCH,
    reason: `${verdict}: ${reason}; made to be refused`,
    detail: { verdict },
  });
  return { verdict, pairs: result.pairs };
}

function databaseOf({ trigger }: LessonRevision): string | undefined {
  const value = trigger.predicates.find(({ field }) => field === DATABASE)?.value;
  return typeof value === 'string' ? value : undefined;
}

function movedDraft(lesson: LessonRevision, database: string): LessonDraft {
  const { kind, title, trigger, body, trust, toolVersions, sources } = lesson;
  const predicates = trigger.predicates.map((predicate) =>
    predicate.field === DATABASE ? { ...predicate, value: database } : predicate,
  );
  return {
    key: `misplaced/${lesson.key}`,
    kind,
    title,
    trigger: { ...trigger, predicates },
    body,
    rationale: 'moved to another database by the bench',
    evidence: [],
    sources,
    trust,
    toolVersions,
  };
}
