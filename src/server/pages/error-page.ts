import { html } from 'hono/html';

import type { Page } from './layout.js';

const TITLES: Readonly<Record<number, string>> = {
  403: 'Not allowed',
  404: 'Not found',
  409: 'Changed meanwhile',
  422: 'Cannot be read',
  503: 'Not reachable',
};

export function errorPage(status: number, message: string): Page {
  const title = TITLES[status] ?? 'Something broke';
  return {
    title,
    body: html`<section class="card problem">
      <h1>${title}</h1>
      <p>${message}</p>
      <p><a href="/">Back to the candidates</a></p>
    </section>`,
  };
}
