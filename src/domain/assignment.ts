import type { Arm, Slices } from './episode.js';
import { sliceNames, stratumOf } from './gate/live-outcome.js';
import type { VersionId } from './ids.js';
import { uniformOf } from './random.js';

/** The part of the pointer row that decides which version a task gets. */
export interface Routing {
  readonly active: VersionId;
  readonly canary: {
    readonly version: VersionId;
    readonly share: number;
    readonly seed: number;
  } | null;
  readonly exceptions: Readonly<Record<string, VersionId>>;
  readonly pinned: VersionId | null;
}

/**
 * Which version serves a task: a pure function of the pointer row, the key (the subject, else the
 * task id) and the slices. The draw depends on seed and key alone, so that whoever was in the canary
 * at 5 % is in it at 25 %.
 */
export function assign(
  routing: Routing,
  key: string,
  slices: Slices,
): { readonly version: VersionId; readonly arm: Arm } {
  if (routing.pinned !== null) return { version: routing.pinned, arm: 'pinned' };
  for (const name of [...sliceNames(slices), stratumOf(slices)]) {
    const version = Object.hasOwn(routing.exceptions, name) ? routing.exceptions[name] : undefined;
    if (version !== undefined) return { version, arm: 'exception' };
  }
  const { canary } = routing;
  if (canary !== null && uniformOf(String(canary.seed), key) < canary.share) {
    return { version: canary.version, arm: 'canary' };
  }
  return { version: routing.active, arm: 'active' };
}
