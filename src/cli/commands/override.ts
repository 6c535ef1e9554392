import type { RollbackDone } from '../../client/governance.js';
import { InvalidInputError } from '../../domain/errors.js';
import type { CommandContext } from '../command.js';
import { answered, deciding } from '../deciding.js';
import { expectedVersion, findCandidate, findVersion } from '../finding.js';
import { oneScope } from '../looking.js';

export interface OverrideOptions {
  readonly agent: string;
  readonly reason: string;
  readonly version?: string;
  readonly expectVersion?: string;
}

type OverrideKind = 'freeze' | 'unfreeze' | 'pin' | 'unpin' | 'rearm';

const CONSEQUENCES: Readonly<Record<OverrideKind, (version: string) => string>> = {
  freeze: () => 'frozen; no canary starts or advances, evaluation and rollback go on',
  unfreeze: () => 'canaries start and advance again',
  pin: (version) => `${version} serves every task, until \`ratchet unpin\``,
  unpin: () => 'tasks get the active version and the canary again',
  rearm: () => 'candidates are promoted without a person again',
};

/** Freeze, unfreeze, pin, unpin and rearm: what is said to the learner of an agent. */
export function override(
  kind: OverrideKind,
  options: OverrideOptions,
  context: CommandContext,
): Promise<number> {
  return deciding(context, async ({ house, look, person }) => {
    const scope = await oneScope(look, options.agent);
    const { reason } = options;
    const version =
      options.version === undefined
        ? undefined
        : (await findVersion(look, options.version, options.agent)).id;
    const expected = await expectedVersion(look, options.expectVersion, options.agent);
    const given = { ...person, reason, ...expected, ...(version === undefined ? {} : { version }) };
    await answered(house.client.override(scope, kind, given));
    const document = { ...scope, action: kind, ...given };
    context.io.result(document, `${scope.agent}: ${CONSEQUENCES[kind](version ?? '')}`);
  });
}

export interface RollbackOptions {
  readonly agent?: string;
  readonly reason: string;
  readonly to?: string;
  readonly expectVersion?: string;
}

/** Back to the last known-good version, to the one named, or to what served before a candidate. */
export function rollback(
  candidate: string | undefined,
  options: RollbackOptions,
  context: CommandContext,
): Promise<number> {
  if (candidate === undefined && options.agent === undefined) {
    throw new InvalidInputError('--agent', 'nothing', 'whose version, or a candidate to take back');
  }
  if (candidate !== undefined && options.to !== undefined) {
    throw new InvalidInputError('--to', 'a version beside a candidate', 'one of the two');
  }
  return deciding(context, async ({ house, look, person }) => {
    const { reason } = options;
    const found =
      candidate === undefined ? undefined : await findCandidate(look, candidate, options.agent);
    const scope = found?.scope ?? (await oneScope(look, options.agent));
    const to =
      options.to === undefined
        ? {}
        : { to: (await findVersion(look, options.to, options.agent)).id };
    const taken = found === undefined ? {} : { candidate: found.id };
    const expected = await expectedVersion(look, options.expectVersion, options.agent);
    const done = await answered(
      house.client.rollback(scope, { ...person, reason, ...to, ...taken, ...expected }),
    );
    const document = { ...scope, action: 'rollback', ...person, reason, ...done };
    context.io.result(document, rollbackText(scope.agent, done));
  });
}

/** What a rollback did, and what still serves beside the version it returned to. */
function rollbackText(agent: string, done: RollbackDone): string {
  const { to, isChanged, ended, again = [], exceptions = {}, pinned = null } = done;
  return [
    isChanged
      ? `rolled back ${agent} to ${to}`
      : `nothing to roll back: ${to} serves ${agent} already, and no canary stands beside it`,
    ...ended.map((id) => `taken back: ${id}`),
    ...again.map((id) => `evaluated again: ${id}`),
    ...Object.entries(exceptions).map(([slice, version]) => `slice ${slice} stays with ${version}`),
    ...(pinned === null || pinned === to
      ? []
      : [`${pinned} is pinned and serves every task: \`ratchet unpin --agent ${agent}\``]),
  ].join('\n');
}
