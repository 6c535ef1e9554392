import { StrategyCache } from '../../activities/strategy-cache.js';
import { withdrawQuarantined } from '../../activities/withdrawal.js';
import { DeniedError, NotFoundError } from '../../domain/errors.js';
import type { CandidateId } from '../../domain/ids.js';
import { eraseFeedback } from '../../store/erasure.js';
import { receiptOf } from '../../security/receipts.js';
import type { CommandContext } from '../command.js';
import { homeSecret } from '../home-secret.js';
import { RECEIPT_KEY } from './receipt.js';
import { deciding } from '../deciding.js';
import { scopesOf } from '../looking.js';

export interface EraseOptions {
  readonly subject: string;
  readonly only: 'feedback';
  readonly reason: string;
}

/**
 * Erases what a person said of outcomes and takes what rested on it alone out of service and of every candidate. What an
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
    const ended: string[] = [];
    for (const scope of scopes) {
      const abort = (candidate: CandidateId) =>
        house.client.decide(tenant, candidate, 'abort', { ...person, reason });
      const strategies = new StrategyCache(store);
      const took = await withdrawQuarantined({ store, strategies, messenger, abort }, scope, {
        erasedSubject: erased.subject,
      });
      withdrawn.push(...took.withdrawn);
      ended.push(...took.ended);
    }
    const { lessons, ...counts } = erased;
    const said = {
      ...{ tenant, ...counts, withdrawn, ended, at: new Date().toISOString() },
      lessons: lessons.map(({ agent, lesson, isWithdrawn }) => ({ agent, lesson, isWithdrawn })),
    };
    const receipt = receiptOf(said, await homeSecret(context.config.home, RECEIPT_KEY));
    context.io.result(
      { tenant, ...erased, withdrawn, ended, receipt },
      [
        `${String(erased.feedback)} feedback and ${String(erased.proposals)} proposals erased, ${String(erased.relabelled)} outcomes combined anew (audit ${String(erased.auditSequence)})`,
        ...erased.lessons.map(
          ({ lesson, groups, experts, isWithdrawn }) =>
            `${lesson}: ${String(groups)} groups, ${String(experts)} experts left${isWithdrawn ? ', quarantined' : ''}`,
        ),
        ...withdrawn.map((lesson) => `${lesson} serves no more, and is on its way nowhere`),
        ...ended.map((candidate) => `${candidate} has ended: it held one of them`),
        'a signed receipt is in what --json prints; `ratchet audit receipt FILE` checks it',
      ].join('\n'),
    );
  });
}
