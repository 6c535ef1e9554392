import { createHash } from 'node:crypto';

import { escapeLiteral, type Pool } from 'pg';

import type { Store } from '../activities/store.js';
import type { NearRevision, UnembeddedContent } from '../activities/vector-store.js';
import { isInsufficientPrivilege } from './failures.js';
import { lessonsFrom } from './lesson-rows.js';
import { asOwner, withTenant } from './transaction.js';

/** Its scans go on until a filter has left enough rows; older ones give up after the first few. */
const OLDEST: readonly [number, number] = [0, 8];
/** A search that takes longer is not worth waiting for. */
const SEARCH_MS = 1_000;
/** Most rows that an index scan of pgvector can be asked for at once. */
const MOST_NEAREST = 1_000;

export interface VectorExtension {
  /** Null where the server has none to install. */
  readonly available: string | null;
  readonly installed: string | null;
  readonly isNewEnough: boolean;
}

/** What the database has of pgvector. */
export async function vectorExtension(pool: Pool): Promise<VectorExtension> {
  const { rows } = await pool.query<{
    readonly default_version: string;
    readonly installed_version: string | null;
  }>(
    `select default_version, installed_version from pg_available_extensions where name = 'vector'`,
  );
  const [row] = rows;
  const installed = row?.installed_version ?? null;
  const [major = 0, minor = 0] = (installed ?? row?.default_version ?? '0').split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST;
  return {
    available: row?.default_version ?? null,
    installed,
    isNewEnough: major > oldestMajor || (major === oldestMajor && minor >= oldestMinor),
  };
}

/** Installs pgvector where the server has it and the login role may; answers whether it is there. */
export async function installVectorExtension(pool: Pool): Promise<boolean> {
  const { available, installed, isNewEnough } = await vectorExtension(pool);
  if (installed !== null || available === null || !isNewEnough) {
    return installed !== null && isNewEnough;
  }
  try {
    await asOwner(pool, async (client) => {
      // Two at once would both find none and the second fail on the first one's types.
      await client.query('select pg_advisory_xact_lock(7238101927)');
      await client.query('create extension if not exists vector');
    });
    return true;
  } catch (error) {
    if (isInsufficientPrivilege(error)) return false;
    throw error;
  }
}

/** Schema-qualified, since people install extensions wherever they like; none where it is not there. */
interface VectorNames {
  readonly halfvec: string;
  readonly cosine: string;
  readonly cosineClass: string;
}

export function vectorStore(
  pool: Pool,
): Pick<Store, 'canSearchVectors' | 'unembedded' | 'putEmbeddings' | 'nearestRevisions'> {
  const indexed = new Set<string>();
  let names: Promise<VectorNames | null> | undefined;
  const vectorNames = async (): Promise<VectorNames | null> => {
    names ??= readNames(pool);
    const found = await names.catch(() => null);
    // Whoever installs it later need not start the worker again.
    if (found === null) names = undefined;
    return found;
  };

  return {
    canSearchVectors: async () => (await vectorNames()) !== null,

    unembedded: (scope, version, model, limit) =>
      withTenant(pool, scope.tenant, async (client) => {
        const { rows } = await client.query<{
          readonly content_hash: string;
          readonly content: UnembeddedContent['content'];
        }>(
          `select r.content_hash, r.content
           from ${lessonsFrom('served_lessons($1, $2, $3)')}
           where l.kind not in ('rule', 'parameter') and not exists (
             select from lesson_embeddings e
             where e.tenant = $1 and e.agent = $2 and e.content_hash = r.content_hash
               and e.model = $4
           )
           order by l.ordinal limit $5`,
          [scope.tenant, scope.agent, version, model, limit],
        );
        return rows.map((row) => ({ contentHash: row.content_hash, content: row.content }));
      }),

    putEmbeddings: async (scope, model, embedded) => {
      const [first] = embedded;
      if (first === undefined) return;
      const found = await vectorNames();
      const dimensions = first.embedding.length;
      if (found !== null) await indexNearest(pool, found, model, dimensions, indexed);
      await withTenant(pool, scope.tenant, (client) =>
        Promise.all(
          embedded.map(({ contentHash, embedding }) =>
            client.query({
              name: 'put-embedding',
              text: `insert into lesson_embeddings (
                       tenant, agent, content_hash, model, dimensions, embedding
                     ) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
              values: [
                scope.tenant,
                scope.agent,
                contentHash,
                model,
                embedding.length,
                `{${embedding.join(',')}}`,
              ],
            }),
          ),
        ),
      );
    },

    nearestRevisions: async (scope, model, embedding, limit) => {
      const found = await vectorNames();
      if (found === null) return [];
      const { halfvec, cosine } = found;
      const size = `${halfvec}(${String(embedding.length)})`;
      const most = Math.min(limit, MOST_NEAREST);
      const distance = `e.embedding::${size} ${cosine} $3::${size}`;
      const { rows } = await withTenant(pool, scope.tenant, async (client) => {
        const [, nearest] = await Promise.all([
          client.query(
            `set local statement_timeout = ${String(SEARCH_MS)};
             set local hnsw.iterative_scan = strict_order;
             set local hnsw.ef_search = ${String(Math.max(40, most))}`,
          ),
          // The model is written out: the index is of one model alone, which a parameter cannot prove.
          client.query<NearRevision>(
            `select r.lesson, r.revision, n.similarity
             from (
               select e.content_hash, 1 - (${distance}) as similarity
               from lesson_embeddings e
               where e.tenant = $1 and e.agent = $2 and e.model = ${escapeLiteral(model)}
                 and e.dimensions = ${String(embedding.length)}
               order by ${distance} limit $4
             ) n
             cross join lateral (
               select said.lesson, said.revision from lesson_revisions said
               where said.tenant = $1 and said.content_hash = n.content_hash and said.agent = $2
               offset 0
             ) r
             order by n.similarity desc, r.lesson, r.revision`,
            [scope.tenant, scope.agent, `[${embedding.join(',')}]`, most],
          ),
        ]);
        return nearest;
      });
      return rows;
    },
  };
}

async function readNames(pool: Pool): Promise<VectorNames | null> {
  const { installed, isNewEnough } = await vectorExtension(pool);
  if (installed === null || !isNewEnough) return null;
  const { rows } = await pool.query<{ readonly schema: string }>(
    `select quote_ident(n.nspname) as schema
     from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'`,
  );
  const schema = rows[0]?.schema;
  if (schema === undefined) return null;
  return {
    halfvec: `${schema}.halfvec`,
    cosine: `operator(${schema}.<=>)`,
    cosineClass: `${schema}.halfvec_cosine_ops`,
  };
}

/**
 * An index for one model and size, made before their first vectors are stored: it grows with them. One
 * of half-precision numbers is half as large, and the order of what is near is the same.
 */
async function indexNearest(
  pool: Pool,
  { halfvec, cosineClass }: VectorNames,
  model: string,
  dimensions: number,
  known: Set<string>,
): Promise<void> {
  const size = String(dimensions);
  const digest = createHash('sha256').update(`${model}/${size}`).digest('hex').slice(0, 16);
  const name = `lesson_embeddings_near_${digest}`;
  if (known.has(name)) return;
  await asOwner(pool, async (client) => {
    await client.query('set local statement_timeout = 0');
    await client.query('select pg_advisory_xact_lock(7238101928)');
    await client.query(
      `create index if not exists ${name} on lesson_embeddings
       using hnsw ((embedding::${halfvec}(${size})) ${cosineClass})
       where model = ${escapeLiteral(model)} and dimensions = ${size}`,
    );
  });
  known.add(name);
}
