import { quarantine } from '../../activities/quarantine.js';
import { StrategyCache } from '../../activities/strategy-cache.js';
import { DeniedError, NotFoundError } from '../../domain/errors.js';
import { eraseFeedback } from '../../store/erasure.js';
import type { CommandContext } from '../command.js';
import { deciding } from '../deciding.js';
import { scopesOf } from '../looking.js';

export interface EraseOptions {
  readonly subject: string;
  readonly only: 'feedback';
  readonly reason: string;
}

/**
 * Erases what a person said of outcomes and takes out of service what rested on it alone. What an
 * erasure that died had left in service is found by running it again.
 */
export function erase({ subject, reason }: EraseOptions, context: CommandContext): Promise<number> {
  return deciding(context, async ({ house, look, person }) => {
    if (person.role !== 'owner') {
      throw new DeniedError(`erase: found role ${person.role}, expected owner; ask one of them`);
    }
    const { store, pool, messenger } = house;
    const { tenant } = look;
    const scopes = await scopesOf(look, undefined);
    if (scopes.length === 0) {
      throw new NotFoundError(
        'tenant',
        tenant,
        'nothing was ever run or judged in it; --tenant names another',
      );
    }
    const actor = { id: person.actor, role: person.role };
    const erased = await eraseFeedback(pool, tenant, subject, { actor, reason });
    const withdrawn: string[] = [];
    for (const scope of scopes) {
      const pointer = await store.pointer(scope);
      const serving = pointer === null ? [] : await store.lessonsServing(scope, pointer.active);
      for (const { id: lesson, revision } of serving.filter(
        ({ status }) => status === 'quarantined',
      )) {
        const detail = { erasedSubject: erased.subject };
        const why = 'too few people are left who say so';
        const taken = { lesson, revision, reason: why, detail };
        const wake = await quarantine(store, new StrategyCache(store), scope, taken);
        for (const workflowId of wake) await messenger.wake(workflowId);
        withdrawn.push(`${lesson}@${String(revision)}`);
      }
    }
    context.io.result(
      { tenant, ...erased, withdrawn },
      [
        `${String(erased.feedback)} feedback and ${String(erased.proposals)} proposals erased, ${String(erased.relabelled)} outcomes combined anew (audit ${String(erased.auditSequence)})`,
        ...erased.lessons.map(
          ({ lesson, groups, experts, isWithdrawn }) =>
            `${lesson}: ${String(groups)} groups, ${String(experts)} experts left${isWithdrawn ? ', quarantined' : ''}`,
        ),
        ...withdrawn.map((lesson) => `${lesson} serves no more`),
      ].join('\n'),
    );
  });
}
