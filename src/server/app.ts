import { readFileSync } from 'node:fs';

import { Hono, type Context } from 'hono';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import { NONCE, secureHeaders } from 'hono/secure-headers';

import { agentId, candidateId } from '../contracts/ids.js';
import {
  ConflictError,
  DeniedError,
  InvalidInputError,
  NotFoundError,
  UnavailableError,
} from '../domain/errors.js';
import { feedbackApi } from './api/feedback.js';
import { decideFromPage, keepFromPage } from './decisions.js';
import type { PageContext } from './dashboard-house.js';
import { candidatePage } from './pages/candidate-page.js';
import { candidatesPage } from './pages/candidates-page.js';
import { demoPage } from './pages/demo-page.js';
import { errorPage } from './pages/error-page.js';
import { layout, type Html, type Page } from './pages/layout.js';
import { faultLine, plainFailure } from './failure.js';
import { login, ownHost, type LoginVariables } from './login.js';
import { tenantFor } from './tenant-choice.js';

const STYLE = readFileSync(new URL('./assets/style.css', import.meta.url), 'utf8');

/** The dashboard: pages rendered here, readable without JavaScript, seen by whoever `login` lets in. */
export function createApp(context: PageContext): Hono<LoginVariables> {
  const app = new Hono<LoginVariables>();
  app.use(ownHost(context));
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: [NONCE],
        imgSrc: ["'self'", 'data:'],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      referrerPolicy: 'same-origin',
    }),
  );
  // Asked by whoever watches over the process, who has no token.
  app.get('/healthz', async (c) => {
    const health = await context.house.health();
    const isWell = Object.values(health).every((state) => state === 'ok');
    return c.json({ status: isWell ? 'ok' : 'unavailable', ...health }, isWell ? 200 : 503);
  });
  // It takes JSON alone, which no page of another site can send here, and has tokens of its own.
  app.route('/api', feedbackApi(context));
  app.use(login(context));
  const { dashboard } = context.house.config;
  app.use(
    csrf({
      origin: (origin, c) => [new URL(c.req.url).origin, originOf(dashboard)].includes(origin),
    }),
  );
  /** The house as the person sees it who has shown who they are. */
  const seenBy = (c: Context<LoginVariables>): PageContext => ({
    ...context,
    actor: c.get('person') ?? context.actor,
  });

  const show = (
    c: Context<LoginVariables>,
    page: Page,
    status: 200 | 404 | 409 | 403 | 422 | 503 | 500,
  ) => c.html(render(c, page), status);
  const render = (c: Context<LoginVariables>, page: Page): Html =>
    layout(page, {
      nonce: c.get('secureHeadersNonce') ?? '',
      style: STYLE,
      temporalUi: context.house.temporalUi,
      model: context.demo()?.model ?? context.model,
      hasDemo: context.demo() !== null,
    });

  app.get('/', async (c) => {
    const { tenant, tenants } = await tenantFor(context, c.req.query('tenant'));
    return show(c, await candidatesPage(context, tenant, tenants), 200);
  });
  app.get('/demo', (c) => show(c, demoPage(context.demo(), context.house), 200));
  app.get('/candidates/:id', async (c) => {
    const { tenant } = await tenantFor(context, c.req.query('tenant'));
    return show(c, await candidatePage(seenBy(c), tenant, candidateId(c.req.param('id'))), 200);
  });
  app.post('/candidates/:id/:word', async (c) => {
    const form = await c.req.parseBody();
    const { tenant } = await tenantFor(context, textOf(form['tenant']));
    const id = candidateId(c.req.param('id'));
    await decideFromPage(seenBy(c), tenant, id, c.req.param('word'), {
      reason: textOf(form['reason']) ?? '',
      expectedState: textOf(form['state']) ?? '',
      expectedVersion: textOf(form['version']) ?? '',
    });
    return c.redirect(
      `/candidates/${encodeURIComponent(id)}?tenant=${encodeURIComponent(tenant)}`,
      303,
    );
  });
  app.post('/agents/:agent/keep', async (c) => {
    const form = await c.req.parseBody();
    const { tenant } = await tenantFor(context, textOf(form['tenant']));
    await keepFromPage(
      seenBy(c),
      { tenant, agent: agentId(c.req.param('agent')) },
      {
        lesson: textOf(form['lesson']) ?? '',
        reason: textOf(form['reason']) ?? '',
        expectedVersion: textOf(form['version']) ?? '',
      },
    );
    return c.redirect(`/?tenant=${encodeURIComponent(tenant)}`, 303);
  });
  app.notFound((c) =>
    show(c, errorPage(404, `No page ${c.req.path}; the candidates are at /`), 404),
  );
  app.onError((thrown, c) => {
    // What a middleware answers by itself is its answer.
    if (thrown instanceof HTTPException && thrown.status === 401) return thrown.getResponse();
    const error = plainFailure(thrown);
    const status = statusOf(error);
    if (status === 500) context.onFault(faultLine(c.req.method, c.req.path, thrown));
    const message =
      status === 500
        ? 'Something broke on our side; look at what the house says.'
        : messageOf(error);
    return show(c, errorPage(status, message), status);
  });
  return app;
}

/** What hono refuses by itself is a form of another site. */
function messageOf(error: unknown): string {
  if (!(error instanceof HTTPException)) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'Found a form that another site sent, expected one of these pages; open the page here.';
}

function statusOf(error: unknown): 403 | 404 | 409 | 422 | 500 | 503 {
  if (error instanceof HTTPException) return error.status === 403 ? 403 : 500;
  if (error instanceof NotFoundError) return 404;
  if (error instanceof ConflictError) return 409;
  if (error instanceof DeniedError) return 403;
  if (error instanceof InvalidInputError) return 422;
  if (error instanceof UnavailableError) return 503;
  return 500;
}

function originOf(url: string | null): string | null {
  return url === null ? null : new URL(url).origin;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
