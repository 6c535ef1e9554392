import type { CandidateRow, StoredEpisode } from '../activities/store.js';
import { candidateId, episodeId, lessonId, versionId } from '../contracts/ids.js';
import { ConflictError, NotFoundError } from '../domain/errors.js';
import type { CandidateId, LessonId, Scope, TenantId, VersionId } from '../domain/ids.js';
import { oneScope, scopesOf, type Look } from './looking.js';

/**
 * Things by the ids people type: whole ones in every tenant that may be looked at (ids are unique over
 * tenants), beginnings of them and `c3` in the tenant at hand.
 */

export interface FoundCandidate {
  readonly scope: Scope;
  readonly id: CandidateId;
  readonly row: CandidateRow;
}

export async function findCandidate(
  look: Look,
  text: string,
  agent: string | undefined,
): Promise<FoundCandidate> {
  const number = /^c(\d+)$/.exec(text)?.[1];
  if (number !== undefined) {
    const scope = await oneScope(look, agent);
    const rows = await look.store.candidates(scope);
    const row = rows.find((each) => each.number === Number(number));
    if (row === undefined) throw noCandidate(text, rows.length);
    return { scope, id: row.id, row };
  }
  const id = candidateId(text);
  for (const tenant of look.tenants) {
    const row = await look.store.candidate(tenant, id);
    if (row !== null) return { scope: await look.queries.scopeOfCandidate(tenant, id), id, row };
  }
  const begun: FoundCandidate[] = [];
  for (const scope of await scopesOf(look, agent)) {
    const rows = await look.store.candidates(scope);
    begun.push(
      ...rows.filter((row) => row.id.startsWith(id)).map((row) => ({ scope, id: row.id, row })),
    );
  }
  return onlyOne('candidate', text, begun, 'list them with `ratchet candidates`');
}

function noCandidate(text: string, count: number): NotFoundError {
  const some = count === 1 ? 'there is c1 alone' : `there are c1 to c${String(count)}`;
  const advice = count === 0 ? 'there is none yet' : some;
  return new NotFoundError('candidate', text, advice);
}

const EPISODES = 20_000;

export async function findEpisode(
  look: Look,
  text: string,
): Promise<{ readonly tenant: TenantId; readonly episode: StoredEpisode }> {
  for (const tenant of look.tenants) {
    const imported = await look.queries.episodeOfRun(tenant, text);
    const found = imported === null ? null : await look.store.episode(tenant, imported);
    if (found !== null) return { tenant, episode: found };
  }
  // Names of runs hold what no id of ours does.
  if (text.includes('/') || text.includes(' ')) {
    throw new NotFoundError('episode', text, 'list them with `ratchet episodes`');
  }
  const id = episodeId(text);
  for (const tenant of look.tenants) {
    const episode = await look.store.episode(tenant, id);
    if (episode !== null) return { tenant, episode };
  }
  const { tenant } = look;
  const listed = await look.queries.episodes(tenant, { limit: EPISODES });
  const begun = listed.filter((each) => each.id.startsWith(id) || each.task === text);
  const found = onlyOne('episode', text, begun, 'list them with `ratchet episodes`');
  const episode = await look.store.episode(tenant, found.id);
  if (episode === null) {
    throw new NotFoundError('episode', text, 'list them with `ratchet episodes`');
  }
  return { tenant, episode };
}

export async function findVersion(
  look: Look,
  text: string,
  agent: string | undefined,
): Promise<{ readonly scope: Scope; readonly id: VersionId }> {
  const wanted = versionId(text);
  const begun: { readonly scope: Scope; readonly id: VersionId }[] = [];
  for (const scope of await scopesOf(look, agent)) {
    const versions = await look.queries.versions(scope);
    begun.push(
      ...versions.filter(({ id }) => id.startsWith(wanted)).map(({ id }) => ({ scope, id })),
    );
  }
  return onlyOne('version', text, begun, 'list them with `ratchet versions`');
}

/**
 * The version a person believes to be active, by its id or the beginning of it. One that is not there is handed
 * on as it is: whoever compares it refuses it, like any other that is not active.
 */
export async function expectedVersion(
  look: Look,
  text: string | undefined,
  agent: string | undefined,
): Promise<{ readonly expectedVersion?: string }> {
  if (text === undefined) return {};
  try {
    return { expectedVersion: (await findVersion(look, text, agent)).id };
  } catch (error) {
    if (error instanceof NotFoundError) return { expectedVersion: text };
    throw error;
  }
}

export async function findLesson(
  look: Look,
  text: string,
  agent: string | undefined,
): Promise<{ readonly scope: Scope; readonly id: LessonId }> {
  const wanted = lessonId(text.replace(/@\d+$/, ''));
  const begun: { readonly scope: Scope; readonly id: LessonId }[] = [];
  for (const scope of await scopesOf(look, agent)) {
    const lessons = await look.queries.lessons(scope);
    begun.push(
      ...lessons.filter(({ id }) => id.startsWith(wanted)).map(({ id }) => ({ scope, id })),
    );
  }
  return onlyOne('lesson', text, begun, 'list them with `ratchet lessons`');
}

function onlyOne<T extends { readonly id: string }>(
  kind: string,
  text: string,
  begun: readonly T[],
  advice: string,
): T {
  const [first, ...more] = begun.some(({ id }) => id === text)
    ? begun.filter(({ id }) => id === text)
    : begun;
  if (first === undefined) throw new NotFoundError(kind, text, advice);
  if (more.length === 0) return first;
  throw new ConflictError(
    `${kind} ${text}: found ${String(more.length + 1)} that begin so, expected one; write more of its id`,
  );
}
