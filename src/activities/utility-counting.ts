import type { Scope } from '../domain/ids.js';
import { probabilityBelow, standingOf, upliftOf } from '../domain/utility/uplift.js';
import type { Messenger } from './messenger.js';
import { quarantine } from './quarantine.js';
import type { Store } from './store.js';
import type { StrategyCache } from './strategy-cache.js';

export interface UtilityDependencies {
  readonly store: Store;
  readonly strategies: StrategyCache;
  readonly messenger: Pick<Messenger, 'wake'>;
}

export interface UtilityCount {
  /** Live outcomes counted by this call. */
  readonly outcomes: number;
  /** Lessons taken out of service by this call, `lesson@revision`. */
  readonly quarantined: readonly string[];
}

const PAGE = 500;

/**
 * Counts live outcomes since the last time for the lessons they had or went without, and quarantines what
 * is shown to harm. Whoever calls at the same time counts nothing twice.
 */
export async function countUtility(
  { store, strategies, messenger }: UtilityDependencies,
  { tenant, agent }: Scope,
): Promise<UtilityCount> {
  const scope = { tenant, agent };
  let outcomes = 0;
  for (;;) {
    const from = await store.utilityCursor(scope);
    const { cursor, passedOver } = from;
    const page = await store.readOutcomes(scope, 'utility', cursor, passedOver, PAGE);
    if (page.cursor === cursor && page.outcomes.length === 0) break;
    const counted = page.outcomes.map(({ episode, success }) => ({ episode, score: success ?? 0 }));
    const to = { cursor: page.cursor, passedOver: page.passedOver };
    if (!(await store.countUtility(scope, from, to, counted))) break;
    outcomes += counted.length;
  }
  const quarantined =
    outcomes === 0 ? [] : await quarantineHarmful(store, strategies, messenger, scope);
  return { outcomes, quarantined };
}

async function quarantineHarmful(
  store: Store,
  strategies: StrategyCache,
  messenger: Pick<Messenger, 'wake'>,
  scope: Scope,
): Promise<readonly string[]> {
  const harmful = (await store.utilities(scope)).filter(
    ({ slice, status, utility }) =>
      slice === '' && status !== 'quarantined' && standingOf(utility) === 'harmful',
  );
  const quarantined: string[] = [];
  for (const { lesson, revision, utility } of harmful) {
    const { mean, deviation } = upliftOf(utility);
    const probability = probabilityBelow(utility, -0.02);
    const wake = await quarantine(store, strategies, scope, {
      lesson,
      revision,
      reason: `tasks with it succeed less often than tasks held out of it: uplift ${mean.toFixed(2)}, P(uplift < -0.02) ${probability.toFixed(3)}`,
      detail: {
        treated: { ...utility.treated },
        heldOut: { ...utility.heldOut },
        uplift: mean,
        deviation,
        probability,
      },
    });
    await Promise.all(wake.map((workflowId) => messenger.wake(workflowId)));
    quarantined.push(`${lesson}@${String(revision)}`);
  }
  return quarantined;
}
