import type { Context } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { createMiddleware } from 'hono/factory';

import type { Actor } from '../domain/feedback.js';
import type { PageContext } from './dashboard-house.js';
import { isToken } from './token.js';

export interface LoginVariables {
  readonly Variables: { readonly secureHeadersNonce?: string; person?: Actor };
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** On the loopback a page of another site must not reach the house by a name of its own. */
export function ownHost({ isOpen }: PageContext) {
  return createMiddleware<LoginVariables>(async (c, next) => {
    const { hostname } = new URL(c.req.url);
    if (isOpen || LOOPBACK.includes(hostname)) return next();
    return c.text(`Host: found ${hostname}, expected one of ${LOOPBACK.join(', ')}`, 421);
  });
}

/**
 * Who may see the pages: on the loopback whoever uses this machine. Anywhere else one shows the token as the
 * password of HTTP basic authentication; the name that goes with it is who acts, in the role that `people` give.
 */
export function login({ isOpen, apiToken, roleOf }: PageContext) {
  if (!isOpen) return createMiddleware<LoginVariables>((_, next) => next());
  return basicAuth({
    realm: 'Ratchet',
    verifyUser: (given, password, c: Context<LoginVariables>) => {
      const name = given.trim();
      const isPerson = name !== '' && name.length <= 128;
      if (!isPerson || apiToken === null || !isToken(password, apiToken)) return false;
      c.set('person', { id: name, role: roleOf(name) });
      return true;
    },
    invalidUserMessage:
      'Found no name with the token as password, expected both: the name is who acts, the token is RATCHET_API_TOKEN of the house.',
  });
}
