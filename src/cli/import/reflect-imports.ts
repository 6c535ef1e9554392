import type { LearningActivities } from '../../activities/learning-activities.js';
import type { Scope } from '../../domain/ids.js';
import type { ImportQueries } from '../../store/import-queries.js';
import type { Progress } from '../io.js';

/** What mining imported episodes came to. */
export interface MinedImports {
  /** Episodes looked at; each is looked at once. */
  readonly read: number;
  /** Proposals that validation let through, which the learner merges. */
  readonly proposed: number;
  /** How many were refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface MiningHouse {
  readonly queries: Pick<ImportQueries, 'unreflectedImports'>;
  readonly reflection: Pick<LearningActivities, 'propose' | 'validate' | 'markReflected'>;
}

const BATCH = 200;

/**
 * Mines imported episodes as live ones are mined, by the same activities, in the order in which they were
 * imported. It may be killed and run again: what was looked at is remembered episode by episode.
 */
export async function reflectOnImports(
  scope: Scope,
  { queries, reflection }: MiningHouse,
  progress: Pick<Progress, 'update'>,
  signal: AbortSignal,
): Promise<MinedImports> {
  const refused: Record<string, number> = {};
  let [read, proposed, after] = [0, 0, 0];
  for (;;) {
    const batch = await queries.unreflectedImports(scope, after, BATCH);
    for (const { episode, number } of batch) {
      signal.throwIfAborted();
      const of = { ...scope, episode };
      const { drafts } = await reflection.propose({ ...of, exploration: null });
      const { answers } =
        drafts.length === 0 ? { answers: [] } : await reflection.validate({ ...of, drafts });
      const accepted = answers.filter(({ code }) => code === null).length;
      for (const { code } of answers) {
        if (code !== null) refused[code] = (refused[code] ?? 0) + 1;
      }
      const result = `imported: ${String(accepted)} of ${String(drafts.length)} proposals accepted`;
      await reflection.markReflected({ ...of, result });
      read += 1;
      proposed += accepted;
      after = number;
    }
    progress.update(read, `${String(read)} mined, ${String(proposed)} proposed`);
    if (batch.length < BATCH) return { read, proposed, refused };
  }
}
