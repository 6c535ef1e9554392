import type { Slices } from './episode.js';
import type { Predicate, Trigger } from './lesson.js';

/**
 * A trigger that leaves a stratum out: it keeps to the values that the other strata have of one slice key,
 * the key that sets the stratum apart from most of them. Undefined where no key does.
 */
export function narrowTrigger(
  trigger: Trigger,
  stratum: Slices,
  others: readonly Slices[],
): Trigger | undefined {
  const apart = Object.entries(stratum)
    .map(([key, value]) => ({
      key,
      kept: [...new Set(others.flatMap((other) => other[key] ?? []))]
        .filter((other) => other !== value)
        .sort(),
      shared: others.filter((other) => other[key] === value).length,
    }))
    .filter(({ kept }) => kept.length > 0)
    .sort((a, b) => a.shared - b.shared || (a.key < b.key ? -1 : 1))[0];
  if (apart === undefined) return undefined;
  const predicate: Predicate = { field: apart.key, op: 'in', value: apart.kept };
  return { ...trigger, predicates: [...trigger.predicates, predicate] };
}

/** Whether a trigger never fires on tasks of a stratum, whatever else they are. */
export function leavesOut({ predicates }: Pick<Trigger, 'predicates'>, stratum: Slices): boolean {
  return predicates.some(({ field, value }) => {
    const actual = Object.hasOwn(stratum, field) ? stratum[field] : undefined;
    if (actual === undefined) return false;
    return typeof value === 'string' ? value !== actual : !value.includes(actual);
  });
}
