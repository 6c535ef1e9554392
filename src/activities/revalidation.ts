import { setImmediate as breathe } from 'node:timers/promises';

import { permissionsOf, type Agent } from '../contracts/agent.js';
import { parameterFault } from '../contracts/parameter-ranges.js';
import type { Scope } from '../domain/ids.js';
import type { LessonRevision } from '../domain/lesson.js';
import { partInTurn, revalidate, type Revalidation } from '../domain/validation/revalidate.js';
import type { ValidationCode } from '../domain/validation/check.js';
import { evaluationItems, textsBesides } from './evaluation-texts.js';
import type { Messenger } from './messenger.js';
import { quarantine } from './quarantine.js';
import { vocabularyOf } from './reflection-activities.js';
import type { Store } from './store.js';
import type { StrategyCache } from './strategy-cache.js';

/** A lesson in service that would not pass validation any more. */
export interface RefusedLesson {
  readonly id: string;
  readonly revision: number;
  readonly code: ValidationCode;
  readonly message: string;
  /** Whether it was taken out of service at once; else its removal is proposed. */
  readonly isQuarantined: boolean;
}

export interface RevalidationDependencies {
  readonly store: Store;
  readonly strategies: StrategyCache;
  readonly messenger: Pick<Messenger, 'wake'>;
}

/** Lessons looked at in one round: one takes 3 ms, and 15 ms beside six hundred tasks kept for evaluation. */
const MOST = 1_000;
const TURN_MS = 3_600_000;

/**
 * Holds lessons in service against validation as it is by now, in turns where there are many. What is dangerous
 * is quarantined, which is audited with the check that refused it; what else is refused is answered.
 */
export async function revalidateServing(
  { store, strategies, messenger }: RevalidationDependencies,
  agent: Agent,
  scope: Scope,
  serving: readonly LessonRevision[],
): Promise<{ readonly checked: number; readonly refused: readonly RefusedLesson[] }> {
  const lessons = partInTurn(serving, MOST, Math.floor(Date.now() / TURN_MS));
  const items = await evaluationItems(store, scope, lessons);
  const context = {
    agent: scope.agent,
    permissions: permissionsOf(agent),
    tools: agent.tools.map(({ name }) => name),
    vocabulary: vocabularyOf(agent),
    parameterFault: (name: string, value: Parameters<typeof parameterFault>[2]) =>
      parameterFault(agent.learning.parameters, name, value),
  };
  const refused: RefusedLesson[] = [];
  for (const lesson of lessons) {
    // Whoever serves tasks beside it must not wait for the whole round.
    await breathe();
    const answer: Revalidation = revalidate(lesson, {
      ...context,
      evaluation: textsBesides(items, lesson),
    });
    if (answer.accepted) continue;
    const { code, message, isDangerous } = answer;
    const { id, revision } = lesson;
    if (isDangerous) {
      const reason = `does not pass validation any more: ${code} ${message}`;
      const given = { lesson: id, revision, reason, detail: { code } };
      const wake = await quarantine(store, strategies, scope, given);
      for (const workflowId of wake) await messenger.wake(workflowId);
    }
    refused.push({ id, revision, code, message, isQuarantined: isDangerous });
  }
  return { checked: lessons.length, refused };
}
