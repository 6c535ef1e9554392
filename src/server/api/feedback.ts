import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';

import { digestOf } from '../../contracts/digest.js';
import { parseOr } from '../../contracts/parse.js';
import { episodeId, tenantId } from '../../contracts/ids.js';
import { InvalidInputError, NotFoundError } from '../../domain/errors.js';
import type { TenantId } from '../../domain/ids.js';
import type { PageContext } from '../dashboard-house.js';
import { faultLine, plainFailure } from '../failure.js';
import { isToken } from '../token.js';
import { problem, problemOf } from './problem.js';

const MAX_BYTES = 256 * 1024;

/**
 * What a program says of an outcome, in the name of a person. The role is the house's to know, and a name is
 * no proof of it: without the token everybody is a user.
 */
const FeedbackBody = z.strictObject({
  actor: z.string().min(1).max(128),
  score: z.number().min(0).max(1).nullish(),
  correction: z.string().nullish(),
  comment: z.string().nullish(),
  group: z.string().nullish(),
  act: z.string().nullish(),
});

const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 visible ASCII characters');

/**
 * `POST /tenants/:tenant/episodes/:episode/feedback`: 200 with what all sources make of the outcome by
 * now, 202 where the task still runs and holds the feedback. The `Idempotency-Key` is the feedback's id;
 * without one it is the hash of who said what of which, so that what is sent twice is stored once.
 */
export function feedbackApi(context: PageContext): Hono {
  const { house, roleOf, actor: owner, apiToken, isOpen } = context;
  const api = new Hono();
  api.use(async (c, next) => {
    const given = c.req.header('authorization');
    if (given === undefined && !isOpen) return next();
    if (apiToken !== null && isToken(given ?? '', `Bearer ${apiToken}`)) return next();
    const found = given === undefined ? 'none' : 'another token';
    const expected = apiToken === null ? 'none, as the house has no token' : 'its token';
    c.header('www-authenticate', 'Bearer');
    return c.json(
      problem(401, `authorization: found ${found}, expected ${expected}; see RATCHET_API_TOKEN`),
      401,
    );
  });
  api.use(
    bodyLimit({
      maxSize: MAX_BYTES,
      onError: (c) =>
        c.json(problem(413, `body: found more, expected at most ${String(MAX_BYTES)} bytes`), 413),
    }),
  );
  api.post('/tenants/:tenant/episodes/:episode/feedback', async (c) => {
    const tenant = tenantId(c.req.param('tenant'));
    const body = parseOr(FeedbackBody, await jsonOf(c.req.raw), 'feedback');
    const { actor, score = null, correction = null, comment = null, group, act } = body;
    const said = {
      episode: c.req.param('episode'),
      actor,
      score,
      correction,
      comment,
      ...(group === undefined || group === null ? {} : { group }),
      ...(act === undefined || act === null ? {} : { act }),
    };
    const key = c.req.header('idempotency-key');
    const id =
      key === undefined
        ? `f-${digestOf(said).slice(0, 24)}`
        : parseOr(IdempotencyKey, key, 'Idempotency-Key');
    await assertKnown(context, tenant, said.episode);
    const isTrusted = c.req.header('authorization') !== undefined;
    const named = actor === owner.id && owner.role !== 'system' ? owner.role : roleOf(actor);
    const role = isTrusted ? named : 'user';
    const { existing, label } = await house.client.giveFeedback(tenant, { id, ...said, role });
    return c.json(
      { tenant, id, episode: said.episode, role, existing, label },
      label === null ? 202 : 200,
    );
  });
  api.all('*', (c) => c.json(problem(404, `No ${c.req.method} ${c.req.path} in this API`), 404));
  api.onError((error, c) => {
    const found = problemOf(plainFailure(error));
    if (found.status === 500) context.onFault(faultLine(c.req.method, c.req.path, error));
    return c.json(found, found.status, { 'content-type': 'application/problem+json' });
  });
  return api;
}

/** What nobody here would reflect upon is not stored here either. */
async function assertKnown(
  { house, agents }: PageContext,
  tenant: TenantId,
  id: string,
): Promise<void> {
  const episode = await house.store.episode(tenant, episodeId(id));
  if (episode === null || agents.includes(episode.scope.agent)) return;
  throw new NotFoundError(
    'agent',
    episode.scope.agent,
    `the workers of this house know ${agents.join(', ')}: say it to the house whose agent it is`,
  );
}

async function jsonOf(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? 'none';
  if (!/^application\/json\b/i.test(type)) {
    throw new HTTPException(415, {
      message: `content-type: found ${type}, expected application/json`,
    });
  }
  const text = await request.text();
  try {
    return JSON.parse(text);
  } catch (error) {
    const found = text === '' ? 'nothing' : 'text that is no JSON';
    throw new InvalidInputError('body', found, 'one JSON object', { cause: error });
  }
}
